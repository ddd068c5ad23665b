"""The outbox: an event is written in the transaction of the change it tells of. ``courier.py`` brings it away."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from api.database import now
from api.deliveries.models import Delivery, ReceiverState
from api.handoff.models import Handoff
from settings import Settings
from settings.receivers import EventType as EventType

State = Literal["waiting", "delivered", "dead"]


def add(session: AsyncSession, *, settings: Settings, handoff: Handoff, event: EventType) -> None:
    """Put an event into the outbox, for every receiver that wants it."""
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
        if not receiver.wants(event):
            continue
        session.add(
            Delivery(
                webhook_id=webhook_id,
                receiver=receiver.key,
                conversation_id=handoff.conversation_id,
                type=event,
                payload=payload,
                details=details_of(handoff) if receiver.carries_texts else None,
                created_at=at,
                next_at=at,
            )
        )


def details_of(handoff: Handoff) -> dict[str, Any]:
    """What a full payload adds: what the resident agreed to pass on, and what was agreed with them."""
    return {
        "urgent": handoff.urgent,
        "consent": {"scope": handoff.consent_scope, "text_version": handoff.consent_version},
        "name": handoff.name,
        "contact": handoff.contact,
        "wished_time": handoff.wished_time,
        "reason": handoff.reason,
        "answers": handoff.answers,
        "summary": handoff.summary,
        "recommendations": handoff.recommendations,
        "outcome": handoff.outcome,
        "outcome_text": handoff.outcome_text,
    }


def rfc3339(at: datetime) -> str:
    """A moment as it stands in a payload."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Listed:
    """A delivery as an administrator sees it: nothing about the resident."""

    id: int
    webhook_id: str
    receiver: str
    type: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    last_outcome: str | None


def _narrowed(query: Select[Any], *, states: Collection[str], receiver: str | None) -> Select[Any]:
    query = query.where(Delivery.state.in_(states))
    return query.where(Delivery.receiver == receiver) if receiver else query


def listed(session: Session, *, states: Collection[str], receiver: str | None = None, limit: int = 100) -> list[Listed]:
    """Deliveries in these states, the oldest first."""
    columns = [getattr(Delivery, name) for name in Listed.__dataclass_fields__]
    query = _narrowed(select(*columns), states=states, receiver=receiver).order_by(Delivery.id).limit(limit)
    return [Listed(*row) for row in session.execute(query)]


def counted(session: Session) -> dict[tuple[str, str], int]:
    """How many deliveries there are, by receiver and state."""
    rows = session.execute(
        select(Delivery.receiver, Delivery.state, func.count()).group_by(Delivery.receiver, Delivery.state)
    )
    return {(receiver, state): count for receiver, state, count in rows}


def retry(session: Session, *, ids: Sequence[int] = (), receiver: str | None = None) -> int:
    """Make what waits for its next try due at once; how many there were. What is under way is left alone."""
    return _set_due(session, state="waiting", ids=ids, receiver=receiver, values={})


def replay(session: Session, *, ids: Sequence[int] = (), receiver: str | None = None) -> int:
    """Give up for dead no longer: the same webhooks, with the same ids, from the first try on; how many there were."""
    return _set_due(
        session, state="dead", ids=ids, receiver=receiver,
        values={"state": "waiting", "attempts": 0, "ended_at": None, "claimed_until": None},
    )  # fmt: skip


def _set_due(
    session: Session, *, state: State, ids: Sequence[int], receiver: str | None, values: dict[str, Any]
) -> int:
    query = _narrowed(select(Delivery.id), states={state}, receiver=receiver)
    if ids:
        query = query.where(Delivery.id.in_(ids))
    found = list(session.scalars(query))
    if found:
        session.execute(update(Delivery).where(Delivery.id.in_(found)).values(next_at=now(), **values))
    return len(found)


def disabled(session: Session) -> dict[str, datetime]:
    """Receivers that are switched off, and since when."""
    return {row.key: row.disabled_at for row in session.scalars(select(ReceiverState))}


def enable(session: Session, *, key: str) -> bool:
    """Switch a receiver on again; False when it was not off."""
    state = session.get(ReceiverState, key)
    if state is not None:
        session.delete(state)
        session.flush()
    return state is not None
