"""A chat turn through the api against the same turn sent straight to Rasa's REST channel: ``make benchmark``.

Both ways take turns within one run, so that whatever else the machine does slows both alike. Prints a table and
writes it as JSON to ``var/benchmarks/chat_turn.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Any

import httpx

from launcher.database import prepare_database
from launcher.failure import LaunchError
from launcher.processes import Supervisor
from launcher.stack import build
from launcher.training import ensure_model
from settings import ROOT, Settings

TURNS = 200
TURNS_PER_TALK = 10
"""A talk's tracker grows in the engine; a new talk keeps it as short as those of residents are."""
WARM_UP = 10
TIMEOUT_S = 30.0

# Turns that leave the talk where it is, so that every repetition is the same turn.
KINDS: Mapping[str, dict[str, str]] = {
    "words": {"text": "mitä tuo kysymys tarkoittaa"},
    "button": {"payload": "/start_self_check"},
}


class ThroughApi:
    """A resident's browser."""

    def __init__(self, settings: Settings) -> None:
        self.http = httpx.Client(base_url=settings.url, timeout=TIMEOUT_S)
        self.path = ""
        self.headers: dict[str, str] = {}

    def begin(self) -> None:
        """Begin a talk and its self-check."""
        begun = self.http.post("/api/v1/conversations", json={}).raise_for_status().json()
        self.path = f"/api/v1/conversations/{begun['id']}/messages"
        self.headers = {"Authorization": f"Bearer {begun['token']}"}
        self.say({"payload": "/start_self_check"})

    def say(self, turn: dict[str, str]) -> None:
        """One turn."""
        body = {"client_id": str(uuid.uuid4()), **turn}
        answer = self.http.post(self.path, json=body, headers=self.headers).raise_for_status().json()
        if answer["awaiting"] != "wants_work":
            raise RuntimeError(f"the api did not take the turn: {answer}")


class StraightToRasa:
    """The engine's REST channel, asked as the api asks it."""

    def __init__(self, settings: Settings) -> None:
        self.http = httpx.Client(base_url=settings.engine_url, timeout=TIMEOUT_S)
        self.sender = ""
        self.turn = 0
        self.state: Any = None

    def begin(self) -> None:
        """Begin a talk and its self-check."""
        self.sender, self.turn, self.state = str(uuid.uuid4()), 0, None
        self._send("/start_conversation")
        self.say({"payload": "/start_self_check"})

    def say(self, turn: dict[str, str]) -> None:
        """One turn."""
        self._send(turn.get("text") or turn["payload"])
        if self.state["awaiting"] != "wants_work":
            raise RuntimeError(f"the engine did not take the turn: {self.state}")

    def _send(self, message: str) -> None:
        metadata = {"turn": self.turn, "state": self.state}
        body = {"sender": self.sender, "message": message, "metadata": metadata}
        answer = self.http.post("/webhooks/rest/webhook", json=body).raise_for_status().json()
        if not answer:
            raise RuntimeError("the engine said nothing")
        self.state = answer[-1]["custom"]["state"]
        self.turn += 1


@dataclass(frozen=True)
class Figures:
    """Times of one way to take a turn, in milliseconds."""

    median: float
    p95: float

    @classmethod
    def of(cls, seconds: list[float]) -> Figures:
        """Median and 95th percentile."""
        cut = statistics.quantiles(seconds, n=20, method="inclusive")
        return cls(statistics.median(seconds) * 1000, cut[18] * 1000)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(api: ThroughApi, rasa: StraightToRasa, turn: dict[str, str], turns: int) -> tuple[Figures, Figures]:
    """Times through the api and straight to Rasa, ``turns`` each, taken alternately; who is first alternates too."""
    through: list[float] = []
    straight: list[float] = []
    for number in range(-WARM_UP, turns):
        if number % TURNS_PER_TALK == 0 or number == -WARM_UP:
            api.begin()
            rasa.begin()
        ways = [(api.say, through), (rasa.say, straight)]
        for say, times in ways if number % 2 else reversed(ways):
            took = _timed(lambda say=say: say(turn))  # type: ignore[misc]
            if number >= 0:
                times.append(took)
    return Figures.of(through), Figures.of(straight)


def resident_memory_mib(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no process {pid}")


def _environment(var: Path) -> dict[str, str]:
    def port() -> str:
        with socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return str(probe.getsockname()[1])

    return {
        "TIENVIITTA_ENVIRONMENT": "development",
        "TIENVIITTA_VAR_DIR": str(var),
        "TIENVIITTA_DATABASE_URL": f"sqlite:///{var / 'tienviitta.db'}",
        "TIENVIITTA_HOST": "127.0.0.1",
        "TIENVIITTA_PORT": port(),
        "TIENVIITTA_ENGINE_PORT": port(),
        "TIENVIITTA_ACTIONS_PORT": port(),
        # A slow turn is to be measured, not cut off.
        "TIENVIITTA_ENGINE_TIMEOUT_S": str(TIMEOUT_S),
        "TIENVIITTA_WEBHOOK_SECRET": "whsec_" + b64encode(os.urandom(32)).decode(),
        "TIENVIITTA_ENCRYPTION_KEYS": urlsafe_b64encode(os.urandom(32)).decode(),
    }


def start(var: Path) -> tuple[Settings, Supervisor]:
    """A service of its own, on free ports, with an empty database."""
    environment = _environment(var)
    os.environ.update(environment)
    settings = Settings()
    prepare_database(settings)
    supervisor = build(settings, ensure_model(var / "log" / "training.log"), environment)
    supervisor.start()
    return settings, supervisor


def run(turns: int) -> dict[str, Any]:
    """The whole benchmark; its result."""
    with tempfile.TemporaryDirectory(prefix="tienviitta-benchmark-") as folder:
        settings, supervisor = start(Path(folder))
        try:
            pids = {process.name: process.popen.pid for process in supervisor.processes if process.popen}
            fresh = {name: resident_memory_mib(pid) for name, pid in pids.items()}
            api, rasa = ThroughApi(settings), StraightToRasa(settings)
            load = os.getloadavg()[0]
            kinds = {}
            for kind, turn in KINDS.items():
                through, straight = measure(api, rasa, turn, turns)
                kinds[kind] = {
                    "api_ms": {"median": through.median, "p95": through.p95},
                    "rasa_ms": {"median": straight.median, "p95": straight.p95},
                    "ratio": {"median": through.median / straight.median, "p95": through.p95 / straight.p95},
                }
            memory = {name: {"started": fresh[name], "after": resident_memory_mib(pid)} for name, pid in pids.items()}
        finally:
            supervisor.stop()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
            "load_before": round(load, 2),
        },
        "turns_each": turns,
        "kinds": kinds,
        "memory_mib": memory,
    }


def table(result: Mapping[str, Any]) -> str:
    """The result for reading, as it also stands in docs/benchmarks.md."""
    lines = ["| turn | figure | through the api, ms | straight to Rasa, ms | ratio |", "|---|---|---|---|---|"]
    for kind, found in result["kinds"].items():
        for figure, name in (("median", "median"), ("p95", "95th percentile")):
            api, rasa, ratio = found["api_ms"][figure], found["rasa_ms"][figure], found["ratio"][figure]
            lines.append(f"| {kind} | {name} | {api:.1f} | {rasa:.1f} | {ratio:.2f} |")
    lines += ["", "| process | resident memory when started, MiB | after the run, MiB |", "|---|---|---|"]
    for name, memory in result["memory_mib"].items():
        lines.append(f"| {name} | {memory['started']:.0f} | {memory['after']:.0f} |")
    return "\n".join(lines)


def main() -> int:
    """Run it and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help="turns each way, at least 2")
    turns = parser.parse_args().turns
    if turns < 2:
        parser.error("--turns must be 2 or more")
    try:
        result = run(turns)
    except LaunchError as error:
        print(f"tienviitta: {error}")
        return 1
    path = ROOT / "var" / "benchmarks" / "chat_turn.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
    machine = result["machine"]
    print(f"{turns} turns each way, alternating; {machine['cores']} cores, {machine['memory_gib']} GiB\n")
    print(table(result))
    print(f"\nwritten to {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
