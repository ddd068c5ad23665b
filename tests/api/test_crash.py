"""kill -9 of the api: an acknowledged message survives, is answered once, and stays in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.database import upgrade
from settings import ROOT, Settings
from tests.api.harness import FakeEngine, make_settings
from tests.waiting import LIMIT_S, eventually

THINKS_S = 3.5
"""So long the engine thinks, and this long there is to kill the api in; the api gives it a little longer."""


class Process:
    """The api as a process of its own, that can be killed and started again on the same database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        assert settings.webhook_secret
        assert settings.encryption_keys
        self.environment = {
            **os.environ,
            "TIENVIITTA_VAR_DIR": str(settings.var_dir),
            "TIENVIITTA_DATABASE_URL": str(settings.database_url),
            "TIENVIITTA_PORT": str(settings.port),
            "TIENVIITTA_ENGINE_PORT": str(settings.engine_port),
            "TIENVIITTA_ENGINE_TIMEOUT_S": str(settings.engine_timeout_s),
            "TIENVIITTA_WEBHOOK_SECRET": settings.webhook_secret.get_secret_value(),
            "TIENVIITTA_ENCRYPTION_KEYS": settings.encryption_keys.get_secret_value(),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable, "-m", "uvicorn", "--factory", "api.main:create_app",
            "--port", str(self.settings.port), "--log-level", "critical",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        eventually(self._serves, lambda: "the api did not start")

    def _serves(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the api stopped"
        try:
            return httpx.get(f"{self.settings.url}/healthz", trust_env=False, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(LIMIT_S)
            self.process = None


@pytest.fixture(scope="module")
def process(_engine: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    settings = make_settings(tmp_path_factory.mktemp("crash"), _engine.port, engine_timeout_s=THINKS_S + 0.5)
    upgrade(settings)
    made = Process(settings)
    made.start()
    yield made
    made.kill()


def begin(process: Process) -> tuple[httpx.Client, str]:
    client = httpx.Client(base_url=process.settings.url, trust_env=False, timeout=LIMIT_S)
    created = client.post("/api/v1/conversations", json={}).json()
    client.headers["Authorization"] = f"Bearer {created['token']}"
    return client, f"/api/v1/conversations/{created['id']}"


def send(client: httpx.Client, path: str, client_id: str, words: str) -> httpx.Response | None:
    try:
        return client.post(f"{path}/messages", json={"client_id": client_id, "text": words})
    except httpx.HTTPError:
        return None


def pairs(client: httpx.Client, path: str) -> list[tuple[str, str]]:
    talk: Any = client.get(path).json()
    messages = talk["messages"]
    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    rest = messages[1:]
    return [(asked["text"], said["text"]) for asked, said in zip(rest[::2], rest[1::2], strict=True)]


def test_killed_between_storing_and_answering(process: Process, engine: FakeEngine) -> None:
    client, path = begin(process)
    engine.mode, engine.delay_s = "slow", THINKS_S
    first_id = str(uuid.uuid4())
    thread = threading.Thread(target=send, args=(client, path, first_id, "tärkeä"))
    thread.start()
    eventually(lambda: "tärkeä" in engine.messages)
    process.kill()
    thread.join()
    engine.mode = "normal"
    process.start()
    # Something newer comes first: what was cut off is answered before it all the same.
    newer = send(client, path, str(uuid.uuid4()), "uudempi")
    assert newer is not None
    assert newer.json()["messages"][0]["text"] == "Sanoit: uudempi"
    again = send(client, path, first_id, "tärkeä")
    assert again is not None
    assert [message["text"] for message in again.json()["messages"]] == ["Sanoit: tärkeä"]
    assert pairs(client, path) == [("tärkeä", "Sanoit: tärkeä"), ("uudempi", "Sanoit: uudempi")]


def test_a_message_that_kills_is_apologised_for_in_the_end(process: Process, engine: FakeEngine) -> None:
    client, path = begin(process)
    client_id = str(uuid.uuid4())
    for attempt in (1, 2):
        engine.mode, engine.delay_s = "slow", THINKS_S
        thread = threading.Thread(target=send, args=(client, path, client_id, "myrkky"))
        thread.start()
        eventually(lambda count=attempt: engine.messages.count("myrkky") >= count)
        process.kill()
        thread.join()
        engine.mode = "normal"
        process.start()
    answer = send(client, path, client_id, "myrkky")
    assert answer is not None
    assert answer.json()["messages"][0]["buttons"]
    assert engine.messages.count("myrkky") == 2
    assert send(client, path, str(uuid.uuid4()), "muuta") is not None
