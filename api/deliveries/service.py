"""The outbox: an event is written in the transaction of the change it tells of, and tried until it is taken."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

import httpx
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks.webhooks import Webhook

from api.context import Context
from api.database import now
from api.deliveries.models import Delivery
from api.handoff.models import Handoff
from api.health import metrics
from settings import Settings

EventType = Literal[
    "handoff.requested", "handoff.accepted", "handoff.closed", "handoff.cancelled", "callback.requested"
]
WAITS_S = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each try; after the last one the delivery is dead, and is listed as such."""
JITTER = 0.1
TIMEOUT_S = 15.0
LONGEST_RETRY_AFTER_S = 86400
CLAIM = timedelta(seconds=60)
BATCH = 20


def add(session: AsyncSession, *, settings: Settings, handoff: Handoff, event: EventType) -> None:
    """Put an event into the outbox, for every receiver. The payload is thin: what it is about is behind the link."""
    at = now()
    webhook_id = f"msg_{uuid.uuid4().hex}"
    payload = {
        "type": event,
        "timestamp": rfc3339(at),
        "data": {
            "handoff_id": handoff.id,
            "conversation_id": handoff.conversation_id,
            "kind": handoff.kind,
            "status": handoff.status,
            "requested_at": rfc3339(handoff.requested_at),
            "url": f"{settings.url}/adviser#{handoff.id}",
        },
    }
    for receiver in settings.webhook_receivers:
        session.add(
            Delivery(
                webhook_id=webhook_id,
                receiver=receiver,
                conversation_id=handoff.conversation_id,
                type=event,
                payload=payload,
                created_at=at,
                next_at=at,
            )
        )


def rfc3339(at: datetime) -> str:
    """A moment as it stands in a payload."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def wait_before(attempt: int, *, spread: float) -> float | None:
    """Seconds before try number ``attempt`` (0 is the first); None when there is none left.

    Args:
        attempt: how many tries there were.
        spread: from -1 to 1, which end of the jitter.
    """
    if attempt >= len(WAITS_S):
        return None
    return WAITS_S[attempt] * (1 + JITTER * spread)


def retry_after_s(header: str | None, at: datetime) -> float:
    """The seconds that a ``Retry-After`` header asks for, from 0 to a day; 0 when it cannot be read."""
    if not header:
        return 0.0
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - at).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)


async def claim(session: AsyncSession, *, at: datetime) -> list[Delivery]:
    """Deliveries that are due, taken for this process for a while; another one leaves them alone until then."""
    free = or_(Delivery.claimed_until.is_(None), Delivery.claimed_until < at)
    due = await session.scalars(
        select(Delivery)
        .where(Delivery.state == "waiting", Delivery.next_at <= at, free)
        .order_by(Delivery.next_at, Delivery.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    deliveries = list(due)
    for delivery in deliveries:
        delivery.claimed_until = at + CLAIM
    return deliveries


async def attempt(http: httpx.AsyncClient, signer: Webhook, delivery: Delivery) -> tuple[int | None, str | None]:
    """One try: the status and the ``Retry-After`` of the answer; the status is None when there was none."""
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":"))
    at = now()
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery.webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signer.sign(delivery.webhook_id, at, body),
    }
    try:
        answer = await http.post(delivery.receiver, content=body.encode(), headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None, None
    return answer.status_code, answer.headers.get("retry-after")


def outcome_values(
    delivery: Delivery, *, status: int | None, retry_after: str | None, at: datetime
) -> dict[str, object]:
    """What becomes of a delivery after a try: the columns to set."""
    attempts = delivery.attempts + 1
    values: dict[str, object] = {
        "attempts": attempts,
        "claimed_until": None,
        "last_outcome": str(status) if status is not None else "no answer",
    }
    if status is not None and httpx.codes.is_success(status):
        return values | {"state": "delivered", "ended_at": at}
    wait = wait_before(attempts, spread=random.uniform(-1, 1))  # noqa: S311 - spreads load, guards nothing
    if status == httpx.codes.GONE or wait is None:
        return values | {"state": "dead", "ended_at": at}
    return values | {"next_at": at + timedelta(seconds=max(wait, retry_after_s(retry_after, at)))}


async def deliver_due(context: Context, http: httpx.AsyncClient) -> int:
    """Try every delivery that is due; how many were tried. No transaction is open while a receiver is asked."""
    async with context.database.write() as session:
        deliveries = await claim(session, at=now())
    for delivery in deliveries:
        status, retry_after = await attempt(http, context.signer, delivery)
        values = outcome_values(delivery, status=status, retry_after=retry_after, at=now())
        async with context.database.write() as session:
            await session.execute(update(Delivery).where(Delivery.id == delivery.id).values(**values))
        metrics.DELIVERIES.labels(str(values.get("state", "retry"))).inc()
    return len(deliveries)


def client() -> httpx.AsyncClient:
    """The client for receivers: a redirect is a failure, and nobody may keep us waiting."""
    return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
