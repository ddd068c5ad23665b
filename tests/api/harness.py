"""An api on a real port, an engine that does what a test says, and browsers of residents and advisers."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import uvicorn
from cryptography.fernet import Fernet
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from api.advisers import service as advisers
from api.database import sync_session
from api.main import create_app
from settings import Settings
from tests.api.bot import echo, text
from tests.api.bot import state as state
from tests.ports import free_port as free_port
from tests.waiting import LIMIT_S, eventually

POSTGRES = os.environ.get("TIENVIITTA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
ENCRYPTION_KEY = Fernet.generate_key().decode()
"""One for all tests: the keys belong to the process."""
ADVISER_PASSWORD = "tosi pitkä salasana"
TLS = ssl.create_default_context()
"""Never used, but httpx would make one for every client, which takes longer than most requests."""
Json = dict[str, Any]


class Server:
    """An ASGI application on a port, in a thread."""

    def __init__(self, app: Any, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_level="critical", timeout_graceful_shutdown=1, ws="none"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        eventually(lambda: self._server.started or not self._thread.is_alive(), lambda: "the server did not start")
        assert self._server.started, "the server stopped"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(LIMIT_S)


@dataclass
class FakeEngine:
    """Speaks the engine's wire. ``mode`` says how it fails, ``script`` what it answers when it does not."""

    port: int
    mode: str = "normal"
    delay_s: float = 0.0
    script: Callable[[Json], list[Json]] = echo
    received: list[Json] = field(default_factory=list)
    parsed: list[str] = field(default_factory=list)
    parse_mode: str = "normal"
    while_parsing: Callable[[], object] = lambda: None
    """What happens elsewhere while a message is being understood."""
    release: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        self.mode, self.delay_s, self.script, self.parse_mode = "normal", 0.0, echo, "normal"
        self.while_parsing = lambda: None
        self.received.clear()
        self.parsed.clear()
        self.release.set()

    @property
    def messages(self) -> list[str]:
        return [message["message"] for message in self.received]

    def _turn(self, request: Request, body: Json) -> Response:
        slow = self.mode == "slow"
        if slow:
            # Before anybody can see the message: who sees it may release it.
            self.release.clear()
        self.received.append(body)
        if slow:
            self.release.wait(self.delay_s)
        if self.mode == "empty":
            return JSONResponse([])
        if self.mode == "no_state":
            return JSONResponse([text("Puolikas vastaus")])
        if self.mode == "error":
            return PlainTextResponse("Traceback: secret of the engine", 500)
        if self.mode == "not_json":
            return PlainTextResponse("<html>")
        if self.mode == "wrong_shape":
            return JSONResponse({"text": 5})
        return JSONResponse(self.script(body))

    def app(self) -> Starlette:
        async def webhook(request: Request) -> Response:
            body = json.loads(await request.body())
            return await asyncio.to_thread(self._turn, request, body)

        async def parse(request: Request) -> Response:
            words = json.loads(await request.body())["text"]
            self.parsed.append(words)
            await asyncio.to_thread(self.while_parsing)
            if self.parse_mode == "error":
                return PlainTextResponse("", 500)
            ranking = [{"name": "thank", "confidence": 0.9}]
            if "kuolla" in words:
                ranking = [{"name": "crisis", "confidence": 0.8}, {"name": "thank", "confidence": 0.1}]
            elif "lyö" in words:
                ranking = [{"name": "danger", "confidence": 0.8}]
            elif "en jaksa elää" in words:
                ranking = [{"name": "nlu_fallback", "confidence": 0.6}, {"name": "crisis", "confidence": 0.3}]
            elif "oletko kone" in words:
                ranking = [{"name": "bot_challenge", "confidence": 0.9}]
            return JSONResponse({"text": words, "intent": ranking[0], "intent_ranking": ranking, "entities": []})

        async def ok(_request: Request) -> Response:
            return JSONResponse({"ok": True})

        return Starlette(
            routes=[
                Route("/webhooks/rest/webhook", webhook, methods=["POST"]),
                Route("/model/parse", parse, methods=["POST"]),
                Route("/status", ok),
                Route("/health", ok),
            ]
        )


def postgres_database() -> Iterator[str]:
    """A database of our own on the server, dropped afterwards."""
    try:
        admin = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL server answers at TIENVIITTA_TEST_POSTGRES")
    name = f"tienviitta_{uuid.uuid4().hex[:12]}"
    admin.execute(f'CREATE DATABASE "{name}"')
    admin.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # tests need no power cut survived here
    try:
        yield POSTGRES.rsplit("/", 1)[0] + "/" + name
    finally:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.close()


def make_settings(var: Path, engine_port: int, **values: Any) -> Settings:
    """Settings of an api of its own; nothing comes from this machine's files."""
    defaults: Json = {
        "var_dir": var,
        "port": free_port(),
        "engine_port": engine_port,
        "actions_port": engine_port,
        "engine_timeout_s": 4.0,
        "webhook_private_networks": ["127.0.0.0/8"],
        "webhook_secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "encryption_keys": ENCRYPTION_KEY,
    }
    return Settings(_env_file=None, **(defaults | values))


@dataclass
class Api:
    """A running api and its ways in."""

    settings: Settings
    engine: FakeEngine
    server: Server
    browsers: dict[str, AdviserBrowser] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.server.url

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=LIMIT_S, trust_env=False, verify=TLS)

    def resident(self) -> Resident:
        return Resident(self)

    def adviser(self, username: str) -> AdviserBrowser:
        """A browser in which this adviser is signed in; the same one again, for signing in is slow by design."""
        if username not in self.browsers:
            self.browsers[username] = AdviserBrowser(self, username)
        return self.browsers[username]

    def sign(self, body: bytes, *, webhook_id: str, at: datetime | None = None) -> dict[str, str]:
        """Headers of a webhook to the api."""
        assert self.settings.webhook_secret
        at = at or datetime.now(UTC)
        signature = Webhook(self.settings.webhook_secret.get_secret_value()).sign(webhook_id, at, body.decode())
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }

    def hand_over(self, conversation_id: str, *, webhook_id: str | None = None, **data: Any) -> httpx.Response:
        """What the actions send when a resident asks for a person."""
        kind = data.get("kind", "chat")
        body = json.dumps(
            {
                "type": "callback.requested" if kind == "callback" else "handoff.requested",
                "timestamp": "2026-11-22T10:00:00Z",
                "data": {"conversation_id": conversation_id, **data},
            }
        ).encode()
        headers = self.sign(body, webhook_id=webhook_id or f"msg_{uuid.uuid4().hex}")
        with self.client() as client:
            return client.post("/webhooks/handoff", content=body, headers=headers)


class Resident:
    """A resident's widget."""

    def __init__(self, api: Api) -> None:
        self.http = api.client()
        answer = self.http.post("/api/v1/conversations", json={})
        assert answer.status_code == 201, answer.text
        self.created: Json = answer.json()
        self.id: str = self.created["id"]
        self.token: str = self.created["token"]
        self.path = f"/api/v1/conversations/{self.id}"
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def post(self, client_id: str | None = None, **body: Any) -> httpx.Response:
        return self.http.post(f"{self.path}/messages", json={"client_id": client_id or str(uuid.uuid4()), **body})

    def say(self, words: str, client_id: str | None = None) -> Json:
        answer = self.post(client_id, text=words)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def press(self, payload: str, client_id: str | None = None) -> Json:
        answer = self.post(client_id, payload=payload)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def talk(self) -> Json:
        answer = self.http.get(self.path)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def said_by(self, sender: str) -> list[str]:
        return [message["text"] for message in self.talk()["messages"] if message["sender"] == sender]


class AdviserBrowser:
    """An adviser who is signed in."""

    def __init__(self, api: Api, username: str) -> None:
        self.http = api.client()
        answer = self.http.post("/adviser/api/session", json={"username": username, "password": ADVISER_PASSWORD})
        assert answer.status_code == 200, answer.text
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def get(self, path: str, **params: Any) -> Json:
        answer = self.http.get(f"/adviser/api/{path}", params=params)
        assert answer.status_code == 200, answer.text
        result: Json = answer.json()
        return result

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(f"/adviser/api/{path}", json=body)

    def handoff_ids(self, view: str = "open") -> list[str]:
        return [item["id"] for item in self.get("handoffs", view=view)["items"]]

    def reply(self, handoff_id: str, words: str, client_id: str | None = None) -> httpx.Response:
        return self.post(f"handoffs/{handoff_id}/messages", client_id=client_id or str(uuid.uuid4()), text=words)


def serve(settings: Settings, engine: FakeEngine) -> Api:
    return Api(settings, engine, Server(create_app(settings), settings.port))


def add_advisers(settings: Settings) -> None:
    with sync_session(settings) as session:
        for username, name in (("aino", "Aino"), ("ville", "Ville")):
            advisers.create(session, username=username, display_name=name, role="adviser", password=ADVISER_PASSWORD)
