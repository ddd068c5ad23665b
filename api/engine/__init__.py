"""The client of the engine."""
