"""Catalogue and recommendation over HTTP."""
