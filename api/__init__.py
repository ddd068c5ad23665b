"""The api: the only process that the outside can reach."""
