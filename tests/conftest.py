"""Fixtures of all tests: the real service on free ports, and the order in which tests run (fast ones first)."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from settings import ROOT, Settings

# Folders in the order in which they run; what is not named runs after the pure ones.
ORDER = ["actions", "language", "catalogue", "bot", "launcher", "api", "nlu", "dialogues", "widget", "system"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first: a mistake in a rule shows before a model is trained."""

    def place(item: pytest.Item) -> int:
        folder = Path(item.path).relative_to(ROOT / "tests").parts[0]
        return ORDER.index(folder) if folder in ORDER else 3

    items.sort(key=place)


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Stack:
    """The service under test: engine, actions and api as real processes."""

    settings: Settings
    environment: dict[str, str]
    supervisor: object

    @property
    def url(self) -> str:
        return self.settings.url

    @property
    def adviser_password(self) -> str:
        return (self.settings.var_dir / "adviser-password").read_text().strip()


def stack_environment(var: Path) -> dict[str, str]:
    """Settings of a service of its own: free ports, its own database and secrets."""
    from base64 import b64encode, urlsafe_b64encode

    api, engine, actions = free_port(), free_port(), free_port()
    return {
        "TIENVIITTA_VAR_DIR": str(var),
        "TIENVIITTA_DATABASE_URL": f"sqlite:///{var / 'tienviitta.db'}",
        "TIENVIITTA_HOST": "127.0.0.1",
        "TIENVIITTA_PORT": str(api),
        "TIENVIITTA_ENGINE_PORT": str(engine),
        "TIENVIITTA_ACTIONS_PORT": str(actions),
        "TIENVIITTA_WEBHOOK_SECRET": "whsec_" + b64encode(os.urandom(32)).decode(),
        "TIENVIITTA_ENCRYPTION_KEYS": urlsafe_b64encode(os.urandom(32)).decode(),
    }


def start_stack(var: Path) -> Stack:
    """Train if needed, prepare a database of its own, start everything and wait until it serves."""
    from launcher.database import prepare_database
    from launcher.stack import build
    from launcher.training import ensure_model

    environment = stack_environment(var)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        settings = Settings()
    prepare_database(settings)
    model = ensure_model(var / "log" / "training.log")
    supervisor = build(settings, model, environment)
    supervisor.start()
    return Stack(settings, environment, supervisor)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The real service, once for all tests that need it."""
    running = start_stack(tmp_path_factory.mktemp("stack"))
    yield running
    running.supervisor.stop()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that ``make test`` found or fetched."""
    import shutil

    found = os.environ.get("TIENVIITTA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert found, "no Chromium; run the tests with `make test`"
    return found
