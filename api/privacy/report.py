"""What is kept, how much of it, since when, and until when at the latest. Counts and dates alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.advisers.models import AdviserSession, AuditEntry
from api.conversations.models import Conversation, Feedback, Message
from api.deliveries.models import Delivery
from api.handoff.models import Handoff, Note, Receipt
from api.handoff.states import OPEN
from settings import Settings

Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
WITH_TALK = "with its talk"


@dataclass(frozen=True)
class Kept:
    """One kind of data."""

    kind: str
    rule: str
    """How long it is kept, as the settings say."""
    count: int
    oldest: datetime | None
    until: datetime | None
    """When the oldest is erased; None when another thing decides it."""


def _row(
    session: Session, kind: str, rule: str, at: Moment, *where: ColumnElement[bool],
    days: float | None = None,
) -> Kept:  # fmt: skip
    count, oldest = session.execute(select(func.count(), func.min(at)).where(*where)).one()
    until = oldest + timedelta(days=days) if oldest is not None and days is not None else None
    return Kept(kind, rule, count, oldest, until)


def report(session: Session, settings: Settings) -> list[Kept]:
    """Every kind of data that the service keeps."""
    asked = exists().where(Handoff.conversation_id == Conversation.id)
    still_open = exists().where(Handoff.conversation_id == Conversation.id, Handoff.status.in_(OPEN))
    ended = Handoff.status.not_in(OPEN)
    personal = Handoff.name.is_not(None) | Handoff.contact.is_not(None) | Handoff.wished_time.is_not(None)
    talk, person, contact = settings.retention_days, settings.handoff_retention_days, settings.contact_retention_days
    changed = Conversation.changed_at
    rows = [
        _row(session, "talks", f"{talk} days after the last change", changed, ~asked, days=talk),
        _row(session, "talks with a person", f"{person} days after the last change", changed, asked & ~still_open,
             days=person),
        _row(session, "talks with an open request", "until it is closed, then as above", changed, still_open),
        _row(session, "messages", WITH_TALK, Message.at),
        _row(session, "requests for a person", WITH_TALK, Handoff.requested_at),
        _row(session, "names and contact details", f"{contact} days after the request ended", Handoff.ended_at,
             personal, ended, days=contact),
        _row(session, "names and contact details, open", "until the request ends, then as above",
             Handoff.requested_at, personal, ~ended),
        _row(session, "advisers' notes", WITH_TALK, Note.at),
        _row(session, "feedback", WITH_TALK, Feedback.at),
        _row(session, "outgoing events", WITH_TALK, Delivery.created_at),
        _row(session, "incoming events", WITH_TALK, Receipt.at),
        _row(session, "advisers' sessions", f"{settings.adviser_session_hours:g} hours", AdviserSession.created_at,
             days=settings.adviser_session_hours / 24),
        _row(session, "audit log", f"{settings.audit_days} days", AuditEntry.at, days=settings.audit_days),
    ]  # fmt: skip
    return [*rows, _logs(settings)]


def _logs(settings: Settings) -> Kept:
    """The files of ``make run``; under systemd the journal keeps the logs instead."""
    folder: Path = settings.var_dir / "log"
    times = (
        [datetime.fromtimestamp(path.stat().st_mtime, UTC) for path in folder.glob("*.log")] if folder.exists() else []
    )
    return Kept("log files", "not erased by the service; no texts in them", len(times), min(times, default=None), None)
