"""Fixtures of all tests: the real service on free ports, a browser, and the order in which tests run.

`make test` uses two processes, and a folder stays in one of them. The dialogues begin at once in the first, because
the training that they wait for takes longest; the other folders follow one another in the second, fast ones first, and
in the first as soon as it is free.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Imported here, since compiling a module after Playwright's greenlets have run can fail on Python 3.11
# ("AST constructor recursion depth mismatch"), and pytest's plugin imports it at the very end.
import hypothesis
import pytest

from settings import ROOT, Settings
from tests.ports import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# No deadline: how long an example takes says how busy the machine is. And the same examples in every run, so that what
# a run says is about the code and not about luck; at random, and as many as one likes, with the variable.
hypothesis.settings.register_profile(
    "here",
    deadline=None,
    derandomize="TIENVIITTA_TEST_EXAMPLES" not in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("here")

ORDER = [
    "actions", "language", "docs", "catalogue", "bot", "nlu", "launcher", "api", "privacy", "security", "widget",
    "faults", "examples", "system", "dialogues",
]  # fmt: skip
"""Folders in the order in which they run, those that need the engine at the end."""
TRAINS = "dialogues"
"""The folder that begins beside the fast ones, and trains."""
PROCESSES = ["system", "faults"]
"""Folders whose tests drive real processes."""
EXPECT_WITHIN_MS = 30_000
"""So long a browser test waits for what it expects: only what never comes takes this long."""


def folder_of(path: str) -> str:
    """The folder of `tests/` that a test is in, by its path from the root."""
    return Path(path).parts[1]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Fast tests first: a mistake in a rule shows at once. Beside them, where there are two processes, the training."""
    parallel = hasattr(config, "workerinput")

    def folder(item: pytest.Item) -> str:
        return folder_of(str(Path(item.path).relative_to(ROOT)))

    for item in items:
        if drives_browser := "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        # A second try for those that a machine under load can disturb from outside: Chromium that crashes, a process
        # that starves. The summary names each that needed it, and there is none for any other test: a test that looks
        # at nothing but its own process gives the same answer twice, or has a mistake.
        if (drives_browser or folder(item) in PROCESSES) and config.pluginmanager.hasplugin("rerunfailures"):
            item.add_marker(pytest.mark.flaky(reruns=1))

    def place(item: pytest.Item) -> int:
        name = folder(item)
        return -1 if parallel and name == TRAINS else ORDER.index(name)

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """A folder to a process, in the order of the collection."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFolder(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return folder_of(nodeid.partition("::")[0])

    return ByFolder(config, log)


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


# Of module scope: a running sync Playwright would stand in the way of asynchronous tests elsewhere.
@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Real Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=EXPECT_WITHIN_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
