"""A receiver of Tienviitta's webhooks: verifies, tells repetitions, stores and shows them. A start for a city's system.

    RECEIVER_SECRETS=whsec_… uvicorn examples.receiver.receiver:create_app --factory --port 8090

It needs fastapi, uvicorn and standardwebhooks, and nothing of Tienviitta. What a receiver has to do is in
``take_webhook``; everything after ``handle`` is yours to write anew.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

log = logging.getLogger("receiver")
basic = HTTPBasic()

MOST_BYTES = 1_000_000
SHOWN = 200
SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    webhook_id TEXT PRIMARY KEY,       -- the same on every try: this is what tells a repetition
    received_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    type TEXT NOT NULL,
    handoff_id TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS handoffs (
    handoff_id TEXT PRIMARY KEY,
    status TEXT NOT NULL,              -- of the newest event, by the time that the event tells
    told_at TEXT NOT NULL,
    kind TEXT,
    url TEXT
);
"""


class Store:
    """Events and handoffs in an SQLite file. The table of events is the proof of what was taken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._connected() as database:
            database.executescript("PRAGMA journal_mode=WAL;" + SCHEMA)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=10)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA synchronous=FULL")
        try:
            with database:
                yield database
        finally:
            database.close()

    def take(self, webhook_id: str, event: dict[str, Any]) -> bool:
        """Keep an event; False when it was kept before. The event and what follows from it are one transaction."""
        data = event["data"]
        with self._connected() as database:
            fresh = database.execute(
                "INSERT INTO events (webhook_id, type, handoff_id, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (webhook_id, event["type"], data["handoff_id"], json.dumps(event, ensure_ascii=False)),
            ).rowcount
            if fresh:
                handle(database, event)
        return bool(fresh)

    def handoffs(self) -> Sequence[sqlite3.Row]:
        """The newest requests first."""
        with self._connected() as database:
            return database.execute("SELECT * FROM handoffs ORDER BY told_at DESC LIMIT ?", (SHOWN,)).fetchall()

    def count(self) -> int:
        """How many events were kept."""
        with self._connected() as database:
            return int(database.execute("SELECT COUNT(*) FROM events").fetchone()[0])


def handle(database: sqlite3.Connection, event: dict[str, Any]) -> None:
    """What your system does with an event; here it keeps where each request stands. Called once for each event.

    It is called before the answer goes out: be quick (15 seconds are the limit), and put longer work into a queue.
    An exception undoes the event too, and Tienviitta sends it again.
    """
    data = event["data"]
    # Events may arrive out of order after a failure: an older one does not overwrite a newer.
    database.execute(
        "INSERT INTO handoffs (handoff_id, status, told_at, kind, url) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (handoff_id) DO UPDATE SET status = excluded.status, told_at = excluded.told_at "
        "WHERE excluded.told_at >= handoffs.told_at",
        (data["handoff_id"], data["status"], event["timestamp"], data.get("kind"), data.get("url")),
    )


def verified(keys: Sequence[Webhook], headers: dict[str, str], body: bytes) -> None:
    """Check that one of the secrets has signed this, within five minutes of now.

    Raises:
        HTTPException: 401 when none has.
    """
    readable = [one for one in headers.get("webhook-signature", "").split(" ") if _is_readable(one)]
    headers = {**headers, "webhook-signature": " ".join(readable)}
    for key in keys:
        try:
            key.verify(body, headers, json_parse=False)
        except (WebhookVerificationError, ValueError):
            continue
        return
    raise HTTPException(401, "signature")


def _is_readable(signature: str) -> bool:
    """The library stops at the first signature that it cannot read, even if a good one follows."""
    version, _, value = signature.partition(",")
    try:
        return version == "v1" and bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


async def read_body(request: Request) -> bytes:
    """The body, up to a limit.

    Raises:
        HTTPException: 413 when it is longer.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "too long")
    return bytes(body)


def create_app() -> FastAPI:
    """The application, from the environment: ``RECEIVER_SECRETS``, ``RECEIVER_PASSWORD``, ``RECEIVER_DATABASE``.

    Raises:
        SystemExit: when there is no secret or no password.
    """
    names = [name.strip() for name in os.environ.get("RECEIVER_SECRETS", "").split(",") if name.strip()]
    password = os.environ.get("RECEIVER_PASSWORD", "")
    if not names or not password:
        raise SystemExit("Set RECEIVER_SECRETS (whsec_…, comma-separated) and RECEIVER_PASSWORD.")
    keys = [Webhook(name) for name in names]
    store = Store(Path(os.environ.get("RECEIVER_DATABASE", "receiver.db")))
    app = FastAPI(title="Receiver", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/hooks/tienviitta", status_code=204)
    async def take_webhook(request: Request) -> Response:
        body = await read_body(request)
        # First who sent it, then what it says.
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            raise HTTPException(400, "not UTF-8") from None
        verified(keys, dict(request.headers), body)
        try:
            event = json.loads(body)
            known = isinstance(event["type"], str) and isinstance(event["timestamp"], str)
            known = known and all(isinstance(event["data"][name], str) for name in ("handoff_id", "status"))
        except (ValueError, TypeError, KeyError, RecursionError):
            known = False
        if not known:
            raise HTTPException(422, "not an event")
        fresh = store.take(request.headers["webhook-id"], event)
        # Log what happened and never what it says: a full payload is health information.
        log.info("%s %s", event["type"], "taken" if fresh else "repeated")
        return Response(status_code=204)

    @app.get("/", response_class=HTMLResponse)
    def show(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
        if not secrets.compare_digest(credentials.password.encode(), password.encode()):
            raise HTTPException(401, "password", headers={"WWW-Authenticate": "Basic"})
        return page(store)

    return app


def page(store: Store) -> str:
    """Where the requests stand, as a page."""
    rows = "".join(
        f"<tr><td>{escape(row['told_at'])}</td><td>{escape(row['kind'] or '')}</td><td>{escape(row['status'])}</td>"
        f"<td>{link(row['url'])}</td></tr>"
        for row in store.handoffs()
    )
    return (
        '<!doctype html><html lang="fi"><meta charset="utf-8"><title>Yhteydenottopyynnöt</title>'
        f"<h1>Yhteydenottopyynnöt</h1><p>Tapahtumia vastaanotettu: {store.count()}</p>"
        "<table><tr><th>Aika</th><th>Tapa</th><th>Tila</th><th>Avaa</th></tr>" + rows + "</table>"
    )


def link(url: str | None) -> str:
    """A link to the talk; nothing that is not an address of the web."""
    if not url or not url.startswith(("https://", "http://")):
        return ""
    return f'<a href="{escape(url)}">Tienviitta</a>'
