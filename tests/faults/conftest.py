"""One service for most tests of faults, with two apis and a disk and a clock that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import _engine, engine, new_database, own_api  # noqa: F401 - fixtures of the api
from tests.api.harness import postgres_database
from tests.faults.service import Service, build
from tests.faults.shim import Shim


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Shim:
    """What can go wrong with disk and clock."""
    return Shim(tmp_path_factory.mktemp("shim"))


@pytest.fixture(scope="module")
def _service(shim: Shim, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = build(tmp_path_factory.mktemp("service"), apis=2, environment=shim.environment)
    yield made
    made.stop()


@pytest.fixture
def service(_service: Service) -> Service:
    """The service on SQLite, all of it running, whatever the test before has killed."""
    _service.start()
    return _service


@pytest.fixture
def postgres() -> Iterator[str]:
    """A database of our own on the server."""
    yield from postgres_database()
