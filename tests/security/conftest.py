"""The api on a real port before an engine of our own, as in ``tests/api``."""

from tests.api.conftest import *  # noqa: F403 - fixtures
