"""The api on a real port before an engine of our own, as in ``tests/api``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.api.conftest import *  # noqa: F403 - fixtures
from tests.api.harness import postgres_database


@pytest.fixture
def postgres() -> Iterator[Callable[[], str]]:
    """Makes databases of our own on the PostgreSQL server."""
    with contextlib.ExitStack() as made:
        yield lambda: made.enter_context(contextlib.contextmanager(postgres_database)())
