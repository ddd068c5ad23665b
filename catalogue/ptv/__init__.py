"""Services of the Finnish national service catalogue (Palvelutietovaranto, open API v11)."""
