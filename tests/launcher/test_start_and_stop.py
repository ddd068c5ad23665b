"""The launcher starts everything or nothing, and leaves nothing running however it ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from launcher.failure import LaunchError
from launcher.processes import Process, Supervisor
from tests.launcher.conftest import Project, until
from tests.ports import free_port

ON_LINUX = sys.platform == "linux"


def lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.strip()]


def iter_until(lines: Iterable[str], words: str) -> Iterator[str]:
    """The lines up to the first that has ``words``."""
    for line in lines:
        yield line
        if words in line:
            return


def test_it_serves_says_where_and_stops_all_on_interrupt(project: Project) -> None:
    launcher = project.start("run")
    assert launcher.stdout is not None
    # The last line that it says: by then it has waited for all parts and made their first calls.
    said = "".join(iter_until(launcher.stdout, "Ctrl-C"))
    assert until(project.serves)
    assert len(project.living()) == 4, "the launcher, engine, actions and api"

    os.kill(launcher.pid, signal.SIGINT)
    rest, _ = launcher.communicate(timeout=300)
    output = said + rest

    assert launcher.returncode == 0
    assert until(lambda: not project.living())
    password = (project.root / "var" / "adviser-password").read_text().strip()
    assert password
    assert f"Chat:    {project.url}" in output
    assert f"Adviser: {project.url}/adviser" in output
    assert f"user neuvoja, password {password}" in output
    assert "Traceback" not in output


def test_it_leaves_nothing_when_it_is_killed_outright(project: Project) -> None:
    assert ON_LINUX, "only Linux ends the children of a killed process; see launcher/processes.py"
    launcher = project.start("run")
    assert launcher.stdout is not None
    assert "Ctrl-C" in "".join(iter_until(launcher.stdout, "Ctrl-C"))
    assert len(project.living()) == 4

    launcher.kill()
    launcher.wait()

    assert until(lambda: not project.living())


def test_a_part_that_dies_is_started_again_and_all_stop_when_terminated(project: Project) -> None:
    launcher = project.start("run")
    assert launcher.stdout is not None
    assert "Ctrl-C" in "".join(iter_until(launcher.stdout, "Ctrl-C"))
    [actions] = [
        pid for pid in project.living() if b"actions" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    ]

    os.kill(actions, signal.SIGKILL)

    assert until(lambda: actions not in project.living() and len(project.living()) == 4 and project.serves())
    os.kill(launcher.pid, signal.SIGTERM)
    output, _ = launcher.communicate(timeout=300)
    assert launcher.returncode == 0
    assert "actions stopped, starting it again" in output
    assert until(lambda: not project.living())


@pytest.mark.parametrize(
    ("variable", "name", "setting"),
    [
        ("TIENVIITTA_PORT", "api", "PORT"),
        ("TIENVIITTA_ENGINE_PORT", "engine", "TIENVIITTA_ENGINE_PORT"),
        ("TIENVIITTA_ACTIONS_PORT", "actions", "TIENVIITTA_ACTIONS_PORT"),
    ],
)
def test_a_port_in_use_is_one_line_and_nothing_starts(project: Project, variable: str, name: str, setting: str) -> None:
    with closing(socket.create_server(("127.0.0.1", int(project.environment[variable])))) as taken:
        ended = project.run("run")
        port = taken.getsockname()[1]

    assert ended.returncode == 1
    assert len(lines(ended.stdout)) == 1
    assert f"port {port} " in ended.stdout
    assert f"for {name} " in ended.stdout
    assert f"with {setting}" in ended.stdout
    assert not project.living()
    assert not list((project.root / "bot").glob("models/*")), "it trained before it looked"


def test_one_port_for_two_parts_is_one_line(project: Project) -> None:
    ended = project.run("run", TIENVIITTA_ENGINE_PORT=project.environment["TIENVIITTA_ACTIONS_PORT"])

    assert ended.returncode == 1
    assert len(lines(ended.stdout)) == 1
    assert "must differ" in ended.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIENVIITTA_PORT", "eight"),
        ("TIENVIITTA_PORT", "65536"),
        ("TIENVIITTA_ENVIRONMENT", "staging"),
        ("TIENVIITTA_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
        ("TIENVIITTA_ENCRYPTION_KEYS", "not-a-key"),
        ("TIENVIITTA_ADVISER_HOURS", "always"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(project: Project, name: str, value: str) -> None:
    ended = project.run("run", **{name: value})

    assert ended.returncode == 1
    assert len(lines(ended.stdout)) == 1
    assert name in ended.stdout
    assert not project.living()


def test_a_part_that_cannot_start_takes_the_others_with_it(project: Project) -> None:
    project.edit(
        "api/main.py", lambda text: text.replace("def create_app(", "raise ImportError('broken')\n\ndef create_app(")
    )

    ended = project.run("run")

    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout
    last = lines(ended.stdout)[-1]
    assert last.startswith("tienviitta: api did not start: ")
    assert "broken" in last
    assert not project.living()


def test_an_unknown_command_says_which_there_are(project: Project) -> None:
    ended = project.run("fly")

    assert ended.returncode == 2
    assert "run" in ended.stdout


DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""


def child(folder: Path, name: str, code: str) -> Process:
    argv = [sys.executable, "-c", code]
    return Process(name, argv, dict(os.environ), "http://127.0.0.1:9/", folder / f"{name}.log")


def test_a_part_that_does_not_listen_is_stopped_by_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launcher.processes.STOP_LIMIT_S", 0.5)
    deaf = child(tmp_path, "deaf", DEAF)
    deaf.start()
    assert until(lambda: deaf.log.read_text() == "deaf\n")

    Supervisor([deaf]).stop()

    assert not deaf.running()
    assert deaf.popen is not None
    assert deaf.popen.returncode == -signal.SIGKILL


def test_a_part_that_keeps_dying_ends_the_run(tmp_path: Path) -> None:
    failing = child(tmp_path, "failing", "raise SystemExit('ValueError: no')")
    supervisor = Supervisor([failing])
    failing.start()

    def watch_until_it_gives_up() -> None:
        for _ in range(50):
            assert until(lambda: not failing.running())
            supervisor.watch_once()

    with pytest.raises(LaunchError, match="failing keeps stopping: ValueError: no"):
        watch_until_it_gives_up()
    # The first start and the five that it was given again.
    assert failing.log.read_text().count("ValueError") == 6


HEARD = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        print(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.do_GET()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""


def test_the_first_calls_are_made_before_anybody_else_calls_and_again_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    slow = child(tmp_path, "slow", HEARD.replace("PORT", str(port)))
    slow.ready_url = f"http://127.0.0.1:{port}/"
    slow.first_calls = [(f"http://127.0.0.1:{port}/parse", {"text": "hei"})]
    supervisor = Supervisor([slow])
    try:
        supervisor.start()
        assert slow.log.read_text() == '/parse {"text": "hei"}\n'
        supervisor.watch_once()
        assert slow.log.read_text().count("/parse") == 1

        assert slow.popen is not None
        slow.popen.kill()
        slow.popen.wait()
        supervisor.watch_once()
        assert until(slow.ready)
        supervisor.watch_once()
        assert slow.log.read_text().count("/parse") == 2
    finally:
        supervisor.stop()
