"""The engine hung, slow or silent under load, and a clock that jumps: an apology in time, and no talk stuck."""

from __future__ import annotations

import time
import uuid

import httpx

from api.texts import node
from tests.faults.checker import check
from tests.faults.load import Load
from tests.faults.service import Service
from tests.faults.shim import Shim

APOLOGIES = {words.strip() for words in node("apology")}
APOLOGY_S = 5.0
AN_HOUR = 3600


class Talk:
    """One resident, beside the load."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)
        created = self.http.post("/api/v1/conversations", json={}).json()
        self.http.headers["Authorization"] = f"Bearer {created['token']}"
        self.path = f"/api/v1/conversations/{created['id']}"

    def say(self, words: str, *, client_id: str | None = None, timeout: float = 20) -> str:
        body = {"client_id": client_id or str(uuid.uuid4()), "text": words}
        answer = self.http.post(f"{self.path}/messages", json=body, timeout=timeout)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["messages"][0]["text"])


def test_an_engine_that_hangs_under_load(service: Service) -> None:
    talk = Talk(service.settings.url)
    with Load(service.settings.url, service.secret, residents=2) as load:
        with service.frozen("engine"):
            started = time.monotonic()
            assert talk.say("hei") in APOLOGIES
            assert time.monotonic() - started < APOLOGY_S
        time.sleep(0.5)
    assert talk.say("taas") == "Sanoit: taas"
    check(load.ledger, service.settings).raise_if_broken()


def test_a_worker_that_hangs_keeps_no_talk_waiting(service: Service) -> None:
    talk = Talk(service.settings.url)
    with service.frozen("worker"):
        started = time.monotonic()
        assert talk.say("hei") == "Sanoit: hei"
        assert time.monotonic() - started < APOLOGY_S


def test_a_clock_that_jumps(service: Service, shim: Shim) -> None:
    """Forward and back, also while a turn is open whose process is then killed: its lease must not last for hours."""
    talk = Talk(service.settings.url)
    with Load(service.settings.url, residents=2) as load:
        for seconds in (AN_HOUR, -2 * AN_HOUR, 26 * AN_HOUR):
            time.sleep(0.3)
            shim.set_clock(seconds)
        # A turn is cut off while the clock is a day ahead.
        client_id = str(uuid.uuid4())
        with service.frozen("engine"):
            try:
                talk.say("katkennut", client_id=client_id, timeout=0.5)
                raise AssertionError("it was answered by an engine that hangs")
            except httpx.TimeoutException:
                service.kill("api")
        shim.set_clock(0)
        service.start("api")
        started = time.monotonic()
        assert talk.say("katkennut", client_id=client_id) == "Sanoit: katkennut"
        assert time.monotonic() - started < APOLOGY_S
    check(load.ledger, service.settings).raise_if_broken()
