"""An outbox without an api around it, with a clock to move, and receivers that behave as a test says."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.context import Context
from api.conversations.models import Conversation
from api.database import now
from api.deliveries import service
from api.deliveries.courier import Courier
from api.deliveries.models import Delivery
from api.handoff.models import Handoff
from settings.receivers import EventType
from tests.api.harness import Server, free_port


@dataclass
class Receiver:
    """Another system: keeps what it was sent, and answers as told."""

    port: int = field(default_factory=free_port)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    elsewhere: int = 0
    """Calls of the address that redirects lead to."""
    _server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    def start(self) -> Receiver:
        async def hook(request: Request) -> Response:
            self.got.append((dict(request.headers), await request.body()))
            status = self.statuses.pop(0) if self.statuses else 204
            return Response(status_code=status, headers=self.headers)

        async def elsewhere(_request: Request) -> Response:
            self.elsewhere += 1
            return Response(status_code=204)

        routes = [Route("/hook", hook, methods=["POST"]), Route("/elsewhere", elsewhere, methods=["GET", "POST"])]
        self._server = Server(Starlette(routes=routes), self.port)
        self._server.start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()


class Dripper:
    """Takes a webhook and answers one byte at a time, for ever; or says nothing at all."""

    def __init__(self, *, drip: bytes) -> None:
        self._drip = drip
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._gone = threading.Event()
        self.connected = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._gone.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connected.set()
            threading.Thread(target=self._drip_on, args=(connection,), daemon=True).start()

    def _drip_on(self, connection: socket.socket) -> None:
        with connection:
            while not self._gone.wait(0.05):
                try:
                    connection.sendall(self._drip)
                except OSError:
                    return

    def stop(self) -> None:
        self._gone.set()
        self._listener.close()


@dataclass
class Outbox:
    """Deliveries, a courier and a clock."""

    context: Context
    at: datetime = field(default_factory=now)
    courier: Courier = field(init=False)

    def __post_init__(self) -> None:
        self.courier = Courier(self.context, clock=lambda: self.at)

    def later(self, **by: float) -> None:
        self.at += timedelta(**by)

    async def talk(self) -> str:
        """A talk that something can be told of; its id."""
        conversation_id = str(uuid.uuid4())
        async with self.context.database.write() as session:
            session.add(
                Conversation(
                    id=conversation_id, token_hash=uuid.uuid4().hex, created_at=self.at, changed_at=self.at,
                    status="queued",
                )
            )  # fmt: skip
        return conversation_id

    async def tell(self, event: EventType = "handoff.requested", *, talk: str | None = None, **values: Any) -> str:
        """Put an event into the outbox, with a handoff of its own; the talk's id."""
        conversation_id = talk or await self.talk()
        needed: dict[str, Any] = {"requested_at": self.at, "queued_at": self.at, "from_seq": 0}
        columns = set(Handoff.__table__.columns.keys())
        handoff = Handoff(
            id=str(uuid.uuid4()), conversation_id=conversation_id, kind="chat", status="closed",
            consent_scope="summary", **{name: value for name, value in needed.items() if name in columns}, **values,
        )  # fmt: skip
        async with self.context.database.write() as session:
            session.add(handoff)
            await session.flush()
            service.add(session, settings=self.context.settings, handoff=handoff, event=event)
        # An event is due from the moment on that it was written.
        self.at = max(self.at, now())
        return conversation_id

    async def rows(self) -> list[Delivery]:
        async with self.context.database.read() as session:
            return list(await session.scalars(select(Delivery).order_by(Delivery.id)))

    async def only(self) -> Delivery:
        [row] = await self.rows()
        return row

    async def deliver(self) -> int:
        async with asyncio.timeout(60):
            return await self.courier.deliver_due()

    async def close(self) -> None:
        await self.courier.__aexit__(None, None, None)
        await self.context.close()
