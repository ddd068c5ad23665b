"""The processes of the service: start, wait until they can serve, watch, stop."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from launcher.failure import LaunchError
from settings import ROOT

START_LIMIT_S = 180.0
"""Longest wait for a process to serve; loading the model takes most of it."""
STOP_LIMIT_S = 10.0
WARM_UP_LIMIT_S = 60.0
RESTARTS = 5
"""A process that dies is started again, this often within RESTART_WINDOW_S."""
RESTART_WINDOW_S = 300.0


def die_with_parent() -> None:
    """Run in a child as it starts: a launcher that is killed outright leaves nothing running (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def check_port_free(host: str, port: int, name: str) -> None:
    """Raise when something listens on the port already.

    Raises:
        LaunchError: naming the setting to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            setting = "PORT" if name == "api" else f"TIENVIITTA_{name.upper()}_PORT"
            raise LaunchError(
                f"port {port} of {host} is not free for {name} ({error.strerror}); "
                f"stop what uses it or choose another with {setting}"
            ) from error


@dataclass
class Process:
    """One child process."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    ready_url: str
    log: Path
    first_calls: Sequence[tuple[str, Mapping[str, object]]] = ()
    """Address and JSON of calls that are made once all can serve, so that no resident waits for what is slow once."""
    popen: subprocess.Popen[bytes] | None = None
    cold: bool = True
    """Whether the first calls are still to be made."""
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it, its output going to the log file."""
        self.cold = True
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.popen = subprocess.Popen(  # noqa: S603
                list(self.argv),
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def running(self) -> bool:
        """Whether the process is alive."""
        return self.popen is not None and self.popen.poll() is None

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(self.ready_url, timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def warm_up(self) -> None:
        """Make the first calls; what fails here fails again, and is told, when somebody needs it."""
        self.cold = False
        for url, body in self.first_calls:
            request = urllib.request.Request(  # noqa: S310
                url, json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            with contextlib.suppress(urllib.error.URLError, OSError, ValueError):
                urllib.request.urlopen(request, timeout=WARM_UP_LIMIT_S).close()  # noqa: S310

    def last_words(self) -> str:
        """The last line of its log that looks like a reason."""
        if not self.log.exists():
            return "no log"
        lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        reasons = [line for line in lines[-60:] if "rror" in line or "xception" in line]
        return (reasons or lines or ["no message"])[-1][:300]

    def send(self, sign: signal.Signals) -> None:
        """Send a signal to it and to whatever it started; nothing when it is gone."""
        if self.popen is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, sign)

    def wait(self, limit_s: float) -> bool:
        """Wait until it is gone; False when it is still there after ``limit_s``."""
        if self.popen is None:
            return True
        try:
            self.popen.wait(limit_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """Ask it to stop, then make it."""
        Supervisor([self]).stop()


class Supervisor:
    """Starts processes together and keeps them running.

    Args:
        processes: started in this order, stopped in the reverse.
    """

    def __init__(self, processes: Sequence[Process]) -> None:
        self.processes = list(processes)

    def start(self, *, limit_s: float = START_LIMIT_S) -> None:
        """Start all and wait until all can serve.

        Raises:
            LaunchError: one died or took too long; none is left running.
        """
        try:
            for process in self.processes:
                process.start()
            deadline = time.monotonic() + limit_s
            waiting = list(self.processes)
            while waiting:
                for process in list(waiting):
                    if not process.running():
                        raise LaunchError(f"{process.name} did not start: {process.last_words()} (log: {process.log})")
                    if process.ready():
                        waiting.remove(process)
                if waiting and time.monotonic() > deadline:
                    names = ", ".join(process.name for process in waiting)
                    raise LaunchError(f"{names} did not answer within {limit_s:.0f} s (log: {waiting[0].log})")
                time.sleep(0.2)
            for process in self.processes:
                process.warm_up()
        except BaseException:
            self.stop()
            raise

    def watch_once(self) -> None:
        """Start again what has died.

        Raises:
            LaunchError: a process keeps dying.
        """
        for process in self.processes:
            if process.running():
                if process.cold and process.ready():
                    process.warm_up()
                continue
            now = time.monotonic()
            process.deaths = [death for death in process.deaths if now - death < RESTART_WINDOW_S] + [now]
            if len(process.deaths) > RESTARTS:
                raise LaunchError(f"{process.name} keeps stopping: {process.last_words()} (log: {process.log})")
            print(f"tienviitta: {process.name} stopped, starting it again", flush=True)
            process.start()

    def stop(self) -> None:
        """Ask all to stop, then make those that do not; whatever interrupts the wait, nothing is left running."""
        for process in reversed(self.processes):
            process.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_S
        try:
            for process in reversed(self.processes):
                process.wait(max(0.0, deadline - time.monotonic()))
        finally:
            # Also for those that have ended: what they started may not have.
            for process in self.processes:
                process.send(signal.SIGKILL)
                process.wait(STOP_LIMIT_S)
