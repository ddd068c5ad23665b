"""Whether the process is up and can serve, and its figures."""
