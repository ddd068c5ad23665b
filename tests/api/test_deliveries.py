"""Outgoing webhooks: signed, thin, with one id on every try, and never lost from sight."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.database import now, sync_session
from api.deliveries import service
from api.deliveries.models import Delivery
from tests.api.harness import ADVISER_PASSWORD, Api, Server, free_port
from tests.waiting import eventually


@dataclass
class Receiver:
    """Another system: keeps what it was sent, and answers as told."""

    port: int
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    changed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def app(self) -> Starlette:
        async def hook(request: Request) -> Response:
            self.got.append((dict(request.headers), await request.body()))
            status = self.statuses.pop(0) if self.statuses else 204
            return Response(status_code=status, headers=self.headers)

        return Starlette(routes=[Route("/hook", hook, methods=["POST"])])

    def wait_for(self, count: int) -> None:
        eventually(lambda: len(self.got) >= count, lambda: self.got)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(free_port())
    server = Server(made.app(), made.port)
    server.start()
    yield made
    server.stop()


def only_delivery(api: Api) -> Delivery:
    with sync_session(api.settings) as session:
        return session.scalars(select(Delivery)).one()


def state_becomes(api: Api, wanted: Callable[[Delivery], bool]) -> Delivery:
    seen: list[Delivery] = []

    def it_is() -> bool:
        seen[:] = [only_delivery(api)]
        return wanted(seen[0])

    eventually(it_is, lambda: vars(seen[0]))
    return seen[0]


def due_now(api: Api) -> None:
    with sync_session(api.settings) as session:
        session.execute(update(Delivery).values(next_at=now()))


def test_every_change_is_told_signed_and_thin(own_api: Callable[..., Api], receiver: Receiver) -> None:
    api = own_api(webhook_receivers=[receiver.url])
    from api.advisers import service as advisers

    with sync_session(api.settings) as session:
        advisers.create(session, username="aino", display_name="Aino", role="adviser", password=ADVISER_PASSWORD)
    resident = api.resident()
    handoff = api.hand_over(resident.id, name="Matti", reason="selkä", urgent="crisis").json()["handoff_id"]
    adviser = api.adviser("aino")
    adviser.post(f"handoffs/{handoff}/accept")
    adviser.post(f"handoffs/{handoff}/close", outcome="agreed", text="tulos")
    callback = api.hand_over(resident.id, kind="callback", contact={"phone": "+358401234567"}).json()["handoff_id"]
    resident.http.post(f"{resident.path}/handoff/cancel")
    receiver.wait_for(5)
    assert api.settings.webhook_secret
    verifier = Webhook(api.settings.webhook_secret.get_secret_value())
    told = [verifier.verify(body, headers) for headers, body in receiver.got]
    assert sorted((event["type"], event["data"]["handoff_id"]) for event in told) == sorted(
        [
            ("handoff.requested", handoff),
            ("handoff.accepted", handoff),
            ("handoff.closed", handoff),
            ("callback.requested", callback),
            ("handoff.cancelled", callback),
        ]
    )
    for _, body in receiver.got:
        for secret in ("Matti", "selkä", "crisis", "tulos", "358401234567", resident.token):
            assert secret not in body.decode()
    assert told[0]["data"]["url"].startswith(f"{api.settings.url}/adviser")


@pytest.mark.parametrize("first", [500, 429, 302, 404])
def test_what_was_not_taken_is_tried_again_with_the_same_id(
    own_api: Callable[..., Api], receiver: Receiver, first: int
) -> None:
    receiver.statuses = [first]
    receiver.headers = {"Location": receiver.url}
    api = own_api(webhook_receivers=[receiver.url])
    api.hand_over(api.resident().id)
    waiting = state_becomes(api, lambda delivery: delivery.attempts == 1)
    assert (waiting.state, waiting.last_outcome) == ("waiting", str(first))
    assert waiting.next_at > waiting.created_at + timedelta(seconds=4)
    due_now(api)
    state_becomes(api, lambda delivery: delivery.state == "delivered")
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert ids == [waiting.webhook_id] * 2


def test_410_ends_it_and_leaves_it_listed(own_api: Callable[..., Api], receiver: Receiver) -> None:
    receiver.statuses = [410]
    api = own_api(webhook_receivers=[receiver.url])
    api.hand_over(api.resident().id)
    dead = state_becomes(api, lambda delivery: delivery.state == "dead")
    assert dead.last_outcome == "410"


def test_a_receiver_that_is_away_is_waited_for(own_api: Callable[..., Api]) -> None:
    away = Receiver(free_port())
    api = own_api(webhook_receivers=[away.url])
    api.hand_over(api.resident().id)
    assert state_becomes(api, lambda delivery: delivery.attempts >= 1).last_outcome == "no answer"
    server = Server(away.app(), away.port)
    server.start()
    try:
        due_now(api)
        state_becomes(api, lambda delivery: delivery.state == "delivered")
    finally:
        server.stop()


def test_erasure_takes_what_waits_with_it(own_api: Callable[..., Api]) -> None:
    api = own_api(webhook_receivers=[f"http://127.0.0.1:{free_port()}/"])
    resident = api.resident()
    api.hand_over(resident.id)
    state_becomes(api, lambda delivery: delivery.attempts >= 1)
    resident.http.delete(resident.path)
    with sync_session(api.settings) as session:
        assert session.scalars(select(Delivery)).all() == []


def test_a_payload_is_json_with_a_time_in_utc() -> None:
    assert service.rfc3339(datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) == "2026-11-22T12:00:00Z"
