"""What the tests of the whole service share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from settings import ROOT
from tests.conftest import Stack, start_stack
from tests.system.people import Adviser, Resident


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service of its own: these tests look at the whole queue and kill processes."""
    running = start_stack(tmp_path_factory.mktemp("system"))
    yield running
    running.supervisor.stop()


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    """contract/self_check.yml, in which yes and no are words."""
    return dict(YAML(typ="safe", pure=True).load((ROOT / "contract" / "self_check.yml").read_text("utf-8")))


@pytest.fixture
def resident(stack: Stack) -> Iterator[Resident]:
    """A resident who has just been greeted."""
    talk = Resident(stack.url)
    yield talk
    # So that nobody is left in the queue, which other tests and a second try look at.
    with contextlib.suppress(httpx.TransportError):
        talk.http.delete(talk.path, headers=talk.headers)
    talk.http.close()


@pytest.fixture
def adviser(stack: Stack) -> Iterator[Adviser]:
    """An adviser who has signed in."""
    person = Adviser(stack.url, stack.adviser_password)
    yield person
    person.http.close()
