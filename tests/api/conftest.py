"""The api on a real port, before an engine that does what a test says, on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from api.advisers import service
from api.database import upgrade
from tests.api.harness import (
    Api,
    FakeEngine,
    Resident,
    Server,
    add_advisers,
    free_port,
    make_settings,
    postgres_database,
    serve,
)

__all__ = [
    "_api", "_engine", "_quick_passwords", "api", "database_url", "engine", "new_database", "own_api", "resident",
]  # fmt: skip
"""The fixtures, for the folders that take all of them."""


@pytest.fixture(scope="session")
def _engine() -> Iterator[FakeEngine]:
    fake = FakeEngine(free_port())
    server = Server(fake.app(), fake.port)
    server.start()
    yield fake
    fake.release.set()
    server.stop()


@pytest.fixture
def engine(_engine: FakeEngine) -> Iterator[FakeEngine]:
    """The engine as a test finds it: well, and with an empty memory."""
    _engine.reset()
    yield _engine
    _engine.reset()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('db') / 'test.db'}"
    else:
        yield from postgres_database()


@pytest.fixture(scope="session")
def _api(database_url: str, _engine: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    settings = make_settings(tmp_path_factory.mktemp("var"), _engine.port, database_url=database_url)
    upgrade(settings)
    add_advisers(settings)
    running = serve(settings, _engine)
    running.server.start()
    yield running
    running.server.stop()


@pytest.fixture
def api(_api: Api, engine: FakeEngine) -> Api:
    """The api on SQLite, and once more on PostgreSQL."""
    del engine
    return _api


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hashing that takes its time is argon2's own affair; here many sign in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file as it is after the migrations, to be copied."""
    settings = make_settings(tmp_path_factory.mktemp("template"), 1)
    upgrade(settings)
    return settings.var_dir / "tienviitta.db"


@pytest.fixture
def own_api(engine: FakeEngine, tmp_path: Path, new_database: Path) -> Iterator[Callable[..., Api]]:
    """Makes an api with settings and a database of its own."""
    running: list[Api] = []

    def make(**values: Any) -> Api:
        settings = make_settings(tmp_path, values.pop("engine_port", engine.port), **values)
        shutil.copy(new_database, settings.var_dir / "tienviitta.db")
        made = serve(settings, engine)
        made.server.start()
        running.append(made)
        return made

    yield make
    for one in running:
        one.server.stop()


@pytest.fixture
def resident(api: Api) -> Resident:
    return api.resident()
