"""A copy of the project to break, in which the engine is a stand-in that starts at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from settings import ROOT
from tests.conftest import stack_environment

COPIED = ("actions", "api", "bot", "catalogue", "contract", "data", "launcher", "requirements", "settings")

ENGINE = """#!{python}
import http.server, pathlib, sys

if sys.argv[3] == "train":
    config = pathlib.Path("bot/config.yml").read_text()
    if "NoSuchComponent" in config:
        print("Traceback (most recent call last):")
        print("rasa.exceptions.InvalidConfigException: there is no component NoSuchComponent")
        sys.exit(1)
    if "name: Slow" in config:
        pathlib.Path("training-began").touch()
        import time
        time.sleep(600)
    with open("trainings", "a") as trainings:
        trainings.write("one\\n")
    if "name: Brief" in config:
        import time
        time.sleep(4)
    folder = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / (sys.argv[sys.argv.index("--fixed-model-name") + 1] + ".tar.gz")).touch()
    sys.exit(0)


class Status(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()


host, port = (sys.argv[sys.argv.index(option) + 1] for option in ("-i", "-p"))
http.server.HTTPServer((host, int(port)), Status).serve_forever()
"""


def processes_of(folder: Path) -> set[int]:
    """Ids of the living processes that have ``folder`` as their working folder."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            here = (entry / "cwd").readlink() == folder
            dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        if here and not dead:
            found.add(int(entry.name))
    return found


def until(condition: Callable[[], bool], limit_s: float = 180) -> bool:
    """Wait for something that takes no fixed time; False when it does not come within ``limit_s``."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


@dataclass
class Project:
    """A copy of the project in a folder of its own."""

    root: Path
    environment: dict[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def edit(self, path: str, change: Callable[[str], str]) -> None:
        """Change a file of the copy."""
        file = self.root / path
        file.write_text(change(file.read_text("utf-8")), "utf-8")

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start the launcher's command and do not wait for it."""
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher", *arguments],
            cwd=self.root,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the launcher's command to its end; its output is in ``stdout``."""
        process = self.start(*arguments, **environment)
        output, _ = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['TIENVIITTA_PORT']}"

    def serves(self) -> bool:
        """Whether all parts can serve."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=30).status_code == 200
        except httpx.HTTPError:
            return False

    def living(self) -> set[int]:
        """What still runs of what was started here."""
        return processes_of(self.root)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    root = tmp_path.resolve() / "project"
    ignore = shutil.ignore_patterns("models", "__pycache__")
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=ignore)
    engine = root / ".envs" / "engine" / "bin" / "python"
    engine.parent.mkdir(parents=True)
    engine.write_text(ENGINE.format(python=sys.executable))
    engine.chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TIENVIITTA_", "PYTHON"))}
    copy = Project(root, {**inherited, **stack_environment(root / "var"), "PYTHONUNBUFFERED": "1"})
    yield copy
    for process in copy.started:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
    for pid in copy.living():
        os.kill(pid, signal.SIGKILL)
