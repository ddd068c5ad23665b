"""The api: the only process that the outside can reach."""

VERSION = "0.1.0"
