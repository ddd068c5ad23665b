"""What advisers see of handoffs: lists, one handoff, and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.advisers.models import Adviser
from api.advisers.schemas import (
    AdviserPolled,
    ConsentOut,
    HandoffDetail,
    HandoffItem,
    NewMessage,
    NoteOut,
    QueueOut,
    SaidOut,
)
from api.conversations import service as conversations
from api.conversations.models import Conversation, Message
from api.conversations.service import TYPING_LASTS
from api.database import now
from api.handoff import service as handoffs
from api.handoff.models import Handoff, Note
from api.handoff.states import HUMAN, Status
from catalogue.models import Service

View = Literal["open", "callbacks", "closed"]
_CLOSED_SHOWN = 200
CURSOR_OVERLAP = timedelta(seconds=10)
"""Transactions may commit out of the order of their clocks; what is shown twice is told apart by ``seq``."""


async def items(session: AsyncSession, *, view: View, me: Adviser) -> list[HandoffItem]:
    """Handoffs of a view: open and callbacks with the urgent and the longest waiting first, closed the newest first."""
    query = select(Handoff)
    if view == "open":
        query = query.where(Handoff.status.in_(HUMAN))
    elif view == "callbacks":
        query = query.where(Handoff.status == Status.CALLBACK_REQUESTED)
    else:
        done = (Status.CLOSED, Status.CANCELLED, Status.TIMED_OUT, Status.FAILED)
        query = query.where(Handoff.status.in_(done)).order_by(Handoff.ended_at.desc()).limit(_CLOSED_SHOWN)
    rows = list(await session.scalars(query))
    if view != "closed":
        rows.sort(key=lambda row: handoffs.rank(row.urgent, row.returned, row.requested_at, row.id))
    return [await _item(session, row, me=me) for row in rows]


async def _item(session: AsyncSession, handoff: Handoff, *, me: Adviser) -> HandoffItem:
    seen_by = None
    if handoff.accepted_by is not None:
        holder = await session.get(Adviser, handoff.accepted_by)
        seen_by = holder.display_name if holder else None
    later = select(func.max(Message.at)).where(*_theirs(handoff, handoff.from_seq))
    unread = (
        select(func.count())
        .select_from(Message)
        .where(*_theirs(handoff, max(handoff.read_seq, handoff.from_seq)), Message.sender == "resident")
    )
    is_open = handoff.status in HUMAN or handoff.status == Status.CALLBACK_REQUESTED
    until = handoff.accepted_at or handoff.ended_at or now()
    return HandoffItem.model_validate(
        {
            "id": handoff.id,
            "status": handoff.status,
            "kind": handoff.kind,
            "urgent": handoff.urgent,
            "name": handoff.name,
            "wished_time": handoff.wished_time,
            "requested_at": handoff.requested_at,
            "waiting_s": max(0, round((until - handoff.queued_at).total_seconds())),
            "returned": handoff.returned,
            "place": await handoffs.place(session, handoff),
            "accepted_by": seen_by,
            "accepted_by_me": handoff.accepted_by == me.id and handoff.accepted_by is not None,
            "last_message_at": await session.scalar(later),
            "unread": (await session.scalar(unread) or 0) if is_open else 0,
            "missed_calls": handoff.missed_calls,
        }
    )


async def detail(session: AsyncSession, handoff: Handoff, *, me: Adviser) -> HandoffDetail:
    """One handoff with what the resident agreed to pass on, and no more."""
    item = await _item(session, handoff, me=me)
    from_seq = 0 if handoff.consent_scope == "transcript" else handoff.from_seq
    talk = await session.get(Conversation, handoff.conversation_id)
    notes = await session.execute(
        select(Note, Adviser.display_name)
        .outerjoin(Adviser, Adviser.id == Note.adviser_id)
        .where(Note.handoff_id == handoff.id)
        .order_by(Note.id)
    )
    return HandoffDetail(
        **item.model_dump(),
        summary=handoff.summary or [],
        answers=handoff.answers or {},
        recommendations=handoff.recommendations or [],
        rejections=handoff.rejections or [],
        consent=ConsentOut.model_validate({"scope": handoff.consent_scope, "text_version": handoff.consent_version}),
        contact=handoff.contact,
        reason=handoff.reason,
        outcome=handoff.outcome,
        outcome_text=handoff.outcome_text,
        outcome_services=handoff.outcome_services or [],
        messages=await _messages(session, handoff, from_seq),
        notes=[NoteOut(at=note.at, adviser=name, text=note.text) for note, name in notes],
        resident_typing=talk is not None and _resident_types(talk, now()),
    )


def service_card(service: Service) -> dict[str, Any]:
    """A service of the catalogue as residents see it in a talk."""
    return service.model_dump(mode="json", include={"id", "name", "group", "summary"}) | {
        "url": service.url,
        "phone": service.phone,
        "reasons": [],
    }


def said_out(message: Message) -> SaidOut:
    """A stored message as advisers see it."""
    return SaidOut(**conversations.message_out(message).model_dump(), client_id=message.client_id)


async def _messages(session: AsyncSession, handoff: Handoff, from_seq: int) -> list[SaidOut]:
    query = select(Message).where(*_theirs(handoff, from_seq)).order_by(Message.seq)
    return [said_out(message) for message in await session.scalars(query)]


def _theirs(handoff: Handoff, after_seq: int) -> tuple[ColumnElement[bool], ...]:
    """Which messages after ``after_seq`` are the adviser's to see: none that was told to the bot afterwards."""
    found = (Message.conversation_id == handoff.conversation_id, Message.seq > after_seq)
    return found if handoff.until_seq is None else (*found, Message.seq <= handoff.until_seq)


def _resident_types(talk: Conversation, at: datetime) -> bool:
    return talk.resident_typing_at is not None and talk.resident_typing_at > at - TYPING_LASTS


async def queue(session: AsyncSession) -> QueueOut:
    """How much there is to do."""
    rows = await session.execute(
        select(Handoff.status, Handoff.urgent).where(
            Handoff.status.in_((Status.QUEUED, Status.ACCEPTED, Status.CALLBACK_REQUESTED))
        )
    )
    found: Sequence[tuple[str, str | None]] = [(status, urgent) for status, urgent in rows]
    return QueueOut(
        open=sum(status in HUMAN for status, _ in found),
        queued=sum(status == Status.QUEUED for status, _ in found),
        urgent=sum(urgent is not None for _, urgent in found),
        callbacks=sum(status == Status.CALLBACK_REQUESTED for status, _ in found),
    )


def cursor_of(at: datetime) -> int:
    """A moment as a cursor: milliseconds since 1970."""
    return int(at.timestamp() * 1000)


async def news(session: AsyncSession, *, after: int | None) -> AdviserPolled:
    """The queue, and which messages there are in open chats since the cursor ``after``; without one, no messages.

    Every console gets this for every talk, so it says nothing of what was said.
    """
    at = now()
    rows = await session.execute(
        select(Handoff, Conversation)
        .join(Conversation, Conversation.id == Handoff.conversation_id)
        .where(Handoff.status.in_(HUMAN))
    )
    pairs = [(handoff, talk) for handoff, talk in rows]
    messages: list[NewMessage] = []
    if after is not None and pairs:
        try:
            since = datetime.fromtimestamp(after / 1000, tz=at.tzinfo) - CURSOR_OVERLAP
        except (OverflowError, ValueError, OSError):
            since = at
        by_talk = {talk.id: handoff for handoff, talk in pairs}
        new = await session.execute(
            select(Message.conversation_id, Message.seq, Message.sender, Message.at)
            .where(Message.conversation_id.in_(by_talk), Message.at > since)
            .order_by(Message.conversation_id, Message.seq)
        )
        for talk_id, seq, sender, said_at in new:
            handoff = by_talk[talk_id]
            if seq > handoff.from_seq:
                messages.append(NewMessage(handoff_id=handoff.id, seq=seq, sender=sender, at=said_at))
    return AdviserPolled(
        cursor=cursor_of(at),
        queue=await queue(session),
        messages=messages,
        typing=[handoff.id for handoff, talk in pairs if _resident_types(talk, at)],
    )
