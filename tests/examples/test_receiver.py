"""examples/receiver, run as its README says: with an api that delivers to it, and with what nobody should send."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.database import sync_session
from api.deliveries import service as deliveries
from settings import ROOT
from settings.signing import SigningKeys
from tests.api.harness import Api, free_port
from tests.waiting import eventually

NEW, OLD = (f"whsec_{letter * 40}" for letter in "AB")
PASSWORD = "salasana"


@dataclass
class Running:
    """The receiver as a process."""

    port: int
    database: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {
            **os.environ,
            "RECEIVER_SECRETS": f"{NEW},{OLD}",
            "RECEIVER_PASSWORD": PASSWORD,
            "RECEIVER_DATABASE": str(self.database),
        }
        # In its own folder and without ours on the path: nothing of Tienviitta is needed.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "--factory", "receiver:create_app", "--port", str(self.port)],
            cwd=ROOT / "examples" / "receiver", env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        eventually(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None
        try:
            return httpx.get(self.url, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def page(self) -> str:
        return httpx.get(self.url, auth=("kuka", PASSWORD), trust_env=False).raise_for_status().text

    def count(self) -> int:
        return int(self.page().split("vastaanotettu: ")[1].split("<")[0])


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(free_port(), tmp_path_factory.mktemp("receiver") / "receiver.db")
    made.start()
    yield made
    made.kill()


def event(
    status: str = "queued", *, handoff: str | None = None, at: str = "2026-11-22T10:00:00Z", **data: Any
) -> bytes:
    document = {
        "type": "handoff.requested", "timestamp": at,
        "data": {"handoff_id": handoff or str(uuid.uuid4()), "status": status, "kind": "chat", **data},
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False).encode()


def send(
    receiver: Running, body: bytes, *secrets: str, webhook_id: str | None = None, at: datetime | None = None,
    **headers: str,
) -> int:  # fmt: skip
    signed = SigningKeys(secrets or [NEW]).headers(
        webhook_id or f"msg_{uuid.uuid4().hex}", at or datetime.now(UTC), body.decode("utf-8", "replace")
    )
    url = f"{receiver.url}/hooks/tienviitta"
    return httpx.post(url, content=body, headers={**signed, **headers}, trust_env=False).status_code


@pytest.mark.parametrize("secrets", [[NEW], [OLD], [NEW, OLD]])
def test_what_is_signed_with_either_secret_is_taken(receiver: Running, secrets: list[str]) -> None:
    before = receiver.count()
    assert send(receiver, event(), *secrets) == 204
    assert receiver.count() == before + 1


def test_a_repetition_is_taken_and_changes_nothing_however_many_come_at_once(receiver: Running) -> None:
    before = receiver.count()
    body, webhook_id = event(), f"msg_{uuid.uuid4().hex}"
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: send(receiver, body, webhook_id=webhook_id), range(16)))
    assert set(statuses) == {204}
    assert receiver.count() == before + 1


def test_an_older_event_that_comes_late_does_not_win(receiver: Running) -> None:
    handoff, url = str(uuid.uuid4()), f"https://desk.example.fi/adviser#{uuid.uuid4()}"
    assert send(receiver, event("closed", handoff=handoff, url=url, at="2026-11-22T10:05:00Z")) == 204
    assert send(receiver, event("queued", handoff=handoff, url=url, at="2026-11-22T10:00:00Z")) == 204
    [row] = [row for row in receiver.page().split("<tr>") if url in row]
    assert "closed" in row


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"webhook-signature": "v1,AAAA"}, 401), ({"webhook-signature": ""}, 401), ({"webhook-id": "msg_other"}, 401),
        ({"webhook-timestamp": "1"}, 401), ({"webhook-timestamp": "nan"}, 401),
    ],
)  # fmt: skip
def test_a_forgery_is_refused(receiver: Running, change: dict[str, str], status: int) -> None:
    before = receiver.count()
    assert send(receiver, event(), **change) == status
    assert receiver.count() == before


def test_what_is_stale_huge_unreadable_or_no_event_is_refused(receiver: Running) -> None:
    before = receiver.count()
    assert send(receiver, event(), "whsec_" + "C" * 40) == 401
    assert send(receiver, event(), at=datetime.now(UTC) - timedelta(minutes=6)) == 401
    assert send(receiver, b" " * 1_100_000) == 413
    assert send(receiver, b"\xff\xfe") == 400
    for body in (b"{", b"[]", b"null", b'{"type": "x"}', b"[" * 50_000, b'{"type":"a","timestamp":"b","data":[]}'):
        assert send(receiver, body) == 422, body[:20]
    assert receiver.count() == before


def test_a_page_is_for_those_who_know_the_password_and_shows_text_as_text(receiver: Running) -> None:
    assert httpx.get(receiver.url, auth=("x", "wrong"), trust_env=False).status_code == 401
    assert send(receiver, event("<script>alert(1)</script>", url="javascript:alert(1)")) == 204
    assert "<script>" not in receiver.page()
    assert "javascript:" not in receiver.page()


def test_an_api_delivers_to_it_also_after_it_was_killed(
    own_api: Callable[..., Api],
    tmp_path: Path,
) -> None:
    receiver = Running(free_port(), tmp_path / "own.db")
    one = {"name": "example", "url": f"{receiver.url}/hooks/tienviitta", "secrets": [OLD]}
    api = own_api(webhook_receivers=[one])
    try:
        receiver.start()
        first = api.hand_over(api.resident().id).json()["handoff_id"]
        eventually(lambda: first in receiver.page())
        receiver.kill()
        second = api.hand_over(api.resident().id).json()["handoff_id"]
        eventually(lambda: tries(api) >= 2)
        receiver.start()
        with sync_session(api.settings) as session:
            deliveries.retry(session)
        eventually(lambda: second in receiver.page())
        assert receiver.count() == 2
    finally:
        receiver.kill()


def tries(api: Api) -> int:
    with sync_session(api.settings) as session:
        return sum(one.attempts for one in deliveries.listed(session, states={"waiting", "delivered"}))
