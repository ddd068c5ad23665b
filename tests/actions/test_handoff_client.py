"""The signed request for a person: over real HTTP to a small receiver that verifies it."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from actions.handoff_client import AdvisersClosed, HandoffClient, HandoffFailed
from settings import Settings

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


class Receiver:
    """Answers every POST with what it is told to, and keeps what verified."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (202, b'{"handoff_id": "h", "status": "queued", "place": 2}')
        self.verified: list[tuple[str, dict[str, Any]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                Webhook(SECRET).verify(body, {key.lower(): value for key, value in self.headers.items()})
                receiver.verified.append((self.headers["webhook-id"], json.loads(body)))
                status, content = receiver.answer
                self.send_response(status)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, kind: str = "chat", turn: int | None = None) -> Any:
        settings = Settings(
            webhook_secret=SECRET,
            TIENVIITTA_HOST="127.0.0.1",
            TIENVIITTA_PORT=self.server.server_address[1],
            _env_file=None,
        )

        async def once() -> Any:
            return await HandoffClient(settings).request(kind, {"conversation_id": "c1"}, turn=turn)

        return asyncio.run(once())


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.server.shutdown()
    running.server.server_close()


def test_the_request_is_signed_and_says_what_is_asked(receiver):
    accepted = receiver.ask("callback")
    assert (accepted.status, accepted.place) == ("queued", 2)
    _, body = receiver.verified[0]
    assert body["type"] == "callback.requested"
    assert body["data"] == {"conversation_id": "c1", "kind": "callback"}


def test_the_same_turn_played_again_is_the_same_request(receiver):
    receiver.ask(turn=7)
    receiver.ask(turn=7)
    receiver.ask(turn=8)
    first, second, third = (webhook_id for webhook_id, _ in receiver.verified)
    assert first == second != third


def test_closed_advisers_and_failures_are_told_apart(receiver):
    receiver.answer = (409, b'{"next_open_text": "Huomenna kello 9."}')
    with pytest.raises(AdvisersClosed) as closed:
        receiver.ask()
    assert closed.value.next_open == "Huomenna kello 9."
    for answer in [(500, b""), (202, b"not json"), (401, b"{}")]:
        receiver.answer = answer
        with pytest.raises(HandoffFailed):
            receiver.ask()


def test_nobody_listening_is_a_failure(receiver):
    receiver.server.shutdown()
    receiver.server.server_close()
    with pytest.raises(HandoffFailed):
        receiver.ask()


def test_a_secret_is_needed():
    with pytest.raises(ValueError, match="TIENVIITTA_WEBHOOK_SECRET"):
        HandoffClient(Settings(webhook_secret=None, _env_file=None))
