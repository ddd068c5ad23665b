"""The fixtures of the api, for examples that run beside one."""

from tests.api.conftest import _engine, engine, new_database, own_api  # noqa: F401
