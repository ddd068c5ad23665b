"""kill -9 of the api: an acknowledged message survives, is answered once, and stays in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.database import upgrade
from settings import ROOT, Settings
from tests.api.harness import FakeEngine, make_settings


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
        deadline = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"{self.settings.url}/healthz", trust_env=False, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.process.poll() is None, "the api stopped"
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def restart(self) -> None:
        self.kill()
        self.start()


@pytest.fixture(scope="module")
def process(_engine: FakeEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    settings = make_settings(tmp_path_factory.mktemp("crash"), _engine.port, engine_timeout_s=2)
    upgrade(settings)
    made = Process(settings)
    made.start()
    yield made
    made.kill()


def begin(process: Process) -> tuple[httpx.Client, str]:
    client = httpx.Client(base_url=process.settings.url, trust_env=False, timeout=20)
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
    engine.mode, engine.delay_s = "slow", 1.5
    first_id = str(uuid.uuid4())
    thread = threading.Thread(target=send, args=(client, path, first_id, "tärkeä"))
    thread.start()
    while "tärkeä" not in engine.messages:
        time.sleep(0.01)
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


def test_killed_again_and_again_nothing_is_lost_or_doubled(process: Process, engine: FakeEngine) -> None:
    client, path = begin(process)
    engine.mode, engine.delay_s = "slow", 0.02
    words = [f"viesti {number}" for number in range(24)]
    done = threading.Event()

    def killer() -> None:
        for pause in (0.15, 0.4):
            if done.wait(pause):
                return
            process.restart()

    thread = threading.Thread(target=killer)
    thread.start()
    for one in words:
        client_id = str(uuid.uuid4())
        deadline = time.monotonic() + 60
        while True:
            answer = send(client, path, client_id, one)
            if answer is not None and answer.status_code == 200:
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
    done.set()
    thread.join()
    assert pairs(client, path) == [(one, f"Sanoit: {one}") for one in words]


def test_a_message_that_kills_is_apologised_for_in_the_end(process: Process, engine: FakeEngine) -> None:
    client, path = begin(process)
    client_id = str(uuid.uuid4())
    for attempt in (1, 2):
        engine.mode, engine.delay_s = "slow", 1.5
        thread = threading.Thread(target=send, args=(client, path, client_id, "myrkky"))
        thread.start()
        while engine.messages.count("myrkky") < attempt:
            time.sleep(0.01)
        process.kill()
        thread.join()
        engine.mode = "normal"
        process.start()
    answer = send(client, path, client_id, "myrkky")
    assert answer is not None
    assert answer.json()["messages"][0]["buttons"]
    assert engine.messages.count("myrkky") == 2
    assert send(client, path, str(uuid.uuid4()), "muuta") is not None
