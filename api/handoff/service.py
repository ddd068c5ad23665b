"""Handing over: every change of a handoff, each within the caller's transaction and with the talk's row locked."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.advisers.models import Adviser
from api.conversations import service as conversations
from api.conversations.models import Conversation
from api.conversations.schemas import CallbackOut, HandoffOut, Standing
from api.conversations.service import Draft
from api.database import now
from api.deliveries import service as deliveries
from api.handoff import summaries
from api.handoff.models import Handoff
from api.handoff.schemas import Consent, HandoffData
from api.handoff.states import HUMAN, Event, IllegalTransition, Status, after
from api.health import metrics
from api.privacy.redaction import redact
from api.texts import say
from settings import Settings

CANCEL_PAYLOAD = "/cancel_handoff"
CALLBACK_PAYLOAD = "/request_callback"
RECENT_WAITS = 20
RECENT = timedelta(days=30)

Urgent = Literal["crisis", "danger"]


def cancel_button() -> dict[str, str]:
    """The button that takes a request back."""
    return {"title": say("buttons.cancel"), "payload": CANCEL_PAYLOAD}


async def place(session: AsyncSession, handoff: Handoff) -> int | None:
    """Place in the queue: urgent ones first, then by time; None when it does not wait."""
    if handoff.status != Status.QUEUED:
        return None
    earlier = or_(
        Handoff.requested_at < handoff.requested_at,
        and_(Handoff.requested_at == handoff.requested_at, Handoff.id < handoff.id),
    )
    urgent = Handoff.urgent.is_not(None)
    before = and_(urgent, earlier) if handoff.urgent else or_(urgent, earlier)
    ahead: int | None = await session.scalar(
        select(func.count()).select_from(Handoff).where(Handoff.status == Status.QUEUED, before)
    )
    return 1 + int(ahead or 0)


async def estimate_s(session: AsyncSession) -> int | None:
    """Median of recent waits in seconds; None when nobody has waited lately."""
    rows = await session.execute(
        select(Handoff.requested_at, Handoff.accepted_at)
        .where(Handoff.accepted_at.is_not(None), Handoff.requested_at >= now() - RECENT)
        .order_by(Handoff.accepted_at.desc())
        .limit(RECENT_WAITS)
    )
    waits = [(accepted - requested).total_seconds() for requested, accepted in rows if accepted]
    return round(statistics.median(waits)) if waits else None


async def open_chat(session: AsyncSession, conversation_id: str) -> Handoff | None:
    """The handoff in which this talk waits for, or is held by, a person."""
    found: Handoff | None = await session.scalar(
        select(Handoff).where(Handoff.conversation_id == conversation_id, Handoff.status.in_(HUMAN))
    )
    return found


async def open_callback(session: AsyncSession, conversation_id: str) -> Handoff | None:
    """The newest request to be called that nobody has dealt with."""
    found: Handoff | None = await session.scalar(
        select(Handoff)
        .where(Handoff.conversation_id == conversation_id, Handoff.status == Status.CALLBACK_REQUESTED)
        .order_by(Handoff.requested_at.desc())
        .limit(1)
    )
    return found


async def current(session: AsyncSession, conversation: Conversation) -> Handoff | None:
    """The handoff that this talk's status tells of; None while the bot is alone with the resident."""
    if conversation.status == Status.BOT:
        return await open_callback(session, conversation.id)
    if conversation.status in HUMAN:
        return await open_chat(session, conversation.id)
    found: Handoff | None = await session.scalar(
        select(Handoff).where(Handoff.conversation_id == conversation.id).order_by(Handoff.requested_at.desc()).limit(1)
    )
    return found


async def view(session: AsyncSession, conversation: Conversation) -> HandoffOut | None:
    """The current handoff as the resident sees it."""
    handoff = await current(session, conversation)
    if handoff is None:
        return None
    callback = None
    if handoff.kind == "callback":
        contact = handoff.contact or {}
        callback = CallbackOut(phone=contact.get("phone"), email=contact.get("email"), wished_time=handoff.wished_time)
    where = await place(session, handoff)
    return HandoffOut.model_validate(
        {
            "id": handoff.id,
            "status": handoff.status,
            "place": where,
            "estimate_s": await estimate_s(session) if where is not None else None,
            "urgent": handoff.urgent,
            "callback": callback,
            "adviser": await _adviser_name(session, handoff),
        }
    )


async def _adviser_name(session: AsyncSession, handoff: Handoff) -> str | None:
    """Who has the talk now; None while nobody does."""
    if handoff.accepted_by is None or handoff.status != Status.ACCEPTED:
        return None
    name: str | None = await session.scalar(select(Adviser.display_name).where(Adviser.id == handoff.accepted_by))
    return name


async def standing(session: AsyncSession, conversation: Conversation) -> Standing:
    """Where a talk stands, as every answer of the chat tells it."""
    return Standing.model_validate(
        {
            "status": conversation.status,
            "awaiting": conversations.awaiting(conversation),
            "progress": conversations.progress(conversation),
            "handoff": await view(session, conversation),
        }
    )


def _clean(text: str | None) -> str | None:
    return redact(text).text if text else None


def _clean_tree(value: Any) -> Any:
    """A document with every text in it redacted."""
    if isinstance(value, str):
        return redact(value).text
    if isinstance(value, list):
        return [_clean_tree(item) for item in value]
    if isinstance(value, dict):
        return {key: _clean_tree(item) for key, item in value.items()}
    return value


def _fill(handoff: Handoff, data: HandoffData, conversation: Conversation) -> None:
    """Take over what a request says; what it leaves out stays as it was."""
    consent = data.consent
    if consent is not None:
        handoff.consent_scope, handoff.consent_version = consent.scope, consent.text_version
    if data.name is not None:
        handoff.name = _clean(data.name)
    if data.contact is not None:
        handoff.contact = data.contact.model_dump(exclude_none=True)
    if data.wished_time is not None:
        handoff.wished_time = _clean(data.wished_time)
    if data.reason is not None:
        handoff.reason = _clean(data.reason)
    if data.urgent is not None:
        handoff.urgent = data.urgent
    answers = data.answers if data.answers is not None else conversations.answers(conversation)
    handoff.answers = _clean_tree(answers)
    if data.summary is not None:
        handoff.summary = _clean_tree([area.model_dump() for area in data.summary])
    else:
        handoff.summary = summaries.of_answers(handoff.answers)
    # Recommendations are texts of the catalogue; the numbers of services in them stay.
    handoff.recommendations = (
        data.recommendations if data.recommendations is not None else conversations.recommendations(conversation)
    )


async def request(
    session: AsyncSession,
    *,
    settings: Settings,
    conversation: Conversation,
    kind: Literal["chat", "callback"],
    data: HandoffData,
) -> Handoff:
    """Ask for a person. One that is asked for already is not asked for twice, but brought up to date."""
    chat = await open_chat(session, conversation.id)
    waiting = chat if kind == "chat" else await open_callback(session, conversation.id)
    if waiting is not None:
        _fill(waiting, data, conversation)
        conversations.touch(conversation)
        return waiting
    if kind == "callback" and chat is not None and chat.status == Status.QUEUED:
        # Tired of waiting: the same request goes on as a callback.
        chat.kind, chat.status = kind, after(chat.status, Event.REQUEST_CALLBACK)
        conversation.status = chat.status
        _fill(chat, data, conversation)
        handoff = chat
    else:
        happened = Event.REQUEST_CHAT if kind == "chat" else Event.REQUEST_CALLBACK
        # A call that is wished for while an adviser holds the talk does not take the talk from them.
        held = chat is not None
        handoff = Handoff(
            id=str(uuid.uuid4()),
            conversation_id=conversation.id,
            kind=kind,
            status=after(Status.BOT if held else conversation.status, happened),
            requested_at=now(),
            from_seq=conversation.last_seq,
            read_seq=conversation.last_seq,
            consent_scope="summary",
        )
        _fill(handoff, data, conversation)
        session.add(handoff)
        if not held:
            conversation.status = handoff.status
    conversations.touch(conversation)
    await session.flush()
    event: deliveries.EventType = "handoff.requested" if kind == "chat" else "callback.requested"
    deliveries.add(session, settings=settings, handoff=handoff, event=event)
    metrics.HANDOFF_EVENTS.labels(event).inc()
    return handoff


async def request_by_api(session: AsyncSession, *, settings: Settings, conversation: Conversation) -> Handoff:
    """Put a resident into the queue while the dialogue is down. The button that was pressed names the consent."""
    data = HandoffData.model_validate(
        {
            "conversation_id": conversation.id,
            "consent": Consent(scope="summary", text_version=say("consent_version")),
            "urgent": conversations.state_of(conversation).get("urgent"),
        }
    )
    return await request(session, settings=settings, conversation=conversation, kind="chat", data=data)


async def queued_message(session: AsyncSession, handoff: Handoff, *, by_api: bool = False) -> Draft:
    """What tells a resident that they are in the queue, and how to leave it."""
    text = say("handoff.queued", place=await place(session, handoff))
    if by_api:
        text += "\n" + say("handoff.queued_by_api")
    return Draft("system", text, [cancel_button()])


def callback_message() -> Draft:
    """What tells a resident that they will be called, and how to take that back."""
    return Draft("system", say("handoff.callback_noted"), [cancel_button()])


async def cancel(
    session: AsyncSession, *, settings: Settings, conversation: Conversation, turn_id: int | None = None
) -> bool:
    """Take back what the resident has asked for; False when there is nothing to take back."""
    handoff = await open_chat(session, conversation.id) or await open_callback(session, conversation.id)
    if handoff is None:
        return False
    before = handoff.status
    handoff.status = after(before, Event.CANCEL)
    handoff.ended_at = now()
    if conversation.status == before:
        conversation.status = handoff.status
    key = {Status.QUEUED: "cancelled", Status.ACCEPTED: "ended_by_resident"}.get(Status(before), "callback_cancelled")
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", say(f"handoff.{key}"))], turn_id=turn_id
    )
    deliveries.add(session, settings=settings, handoff=handoff, event="handoff.cancelled")
    metrics.HANDOFF_EVENTS.labels("handoff.cancelled").inc()
    return True


async def flag_urgent(session: AsyncSession, *, conversation: Conversation, kind: Urgent) -> None:
    """Move everything that this talk has asked for to the front. A crisis is not made less by later danger."""
    for handoff in (await open_chat(session, conversation.id), await open_callback(session, conversation.id)):
        if handoff is not None and handoff.urgent != "crisis":
            handoff.urgent = kind
    conversations.touch(conversation)


async def accept(
    session: AsyncSession,
    *,
    settings: Settings,
    conversation: Conversation,
    handoff: Handoff,
    adviser_id: int,
    name: str,
) -> None:
    """An adviser takes the talk.

    Raises:
        IllegalTransition: when it does not wait (any more).
    """
    handoff.status = conversation.status = after(handoff.status, Event.ACCEPT)
    handoff.accepted_by, handoff.accepted_at = adviser_id, now()
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", say("handoff.accepted", name=name))]
    )
    deliveries.add(session, settings=settings, handoff=handoff, event="handoff.accepted")
    metrics.HANDOFF_EVENTS.labels("handoff.accepted").inc()


async def release(session: AsyncSession, *, conversation: Conversation, handoff: Handoff) -> None:
    """An adviser gives the talk back to the queue, where it keeps its place.

    Raises:
        IllegalTransition: when nobody holds it.
    """
    handoff.status = conversation.status = after(handoff.status, Event.RELEASE)
    handoff.accepted_by = handoff.accepted_at = None
    await conversations.append(
        session,
        conversation=conversation,
        drafts=[Draft("system", say("handoff.released"), [cancel_button()])],
    )
    metrics.HANDOFF_EVENTS.labels("handoff.released").inc()


async def close(
    session: AsyncSession,
    *,
    settings: Settings,
    conversation: Conversation,
    handoff: Handoff,
    outcome: str,
    text: str | None,
) -> None:
    """An adviser ends the talk; the resident sees what was agreed.

    Raises:
        IllegalTransition: when nobody holds it.
    """
    handoff.status = after(handoff.status, Event.CLOSE)
    conversation.status = handoff.status
    handoff.ended_at, handoff.outcome, handoff.outcome_text = now(), outcome, text
    said = say("handoff.closed", outcome=text) if text else say("handoff.closed_plain")
    await conversations.append(session, conversation=conversation, drafts=[Draft("system", said)])
    deliveries.add(session, settings=settings, handoff=handoff, event="handoff.closed")
    metrics.HANDOFF_EVENTS.labels("handoff.closed").inc()


async def record_call(
    session: AsyncSession,
    *,
    settings: Settings,
    conversation: Conversation,
    handoff: Handoff,
    adviser_id: int,
    result: Literal["done", "missed"],
) -> None:
    """What came of a call: done closes the request, missed leaves it in the list.

    Raises:
        IllegalTransition: when it is not a request to be called.
    """
    if handoff.status != Status.CALLBACK_REQUESTED:
        raise IllegalTransition(Status(handoff.status), Event.CLOSE)
    handoff.accepted_by = adviser_id
    if result == "done":
        handoff.status = after(handoff.status, Event.CLOSE)
        handoff.ended_at, handoff.outcome = now(), result
        if conversation.status == Status.CALLBACK_REQUESTED:
            conversation.status = handoff.status
        deliveries.add(session, settings=settings, handoff=handoff, event="handoff.closed")
    else:
        handoff.missed_calls += 1
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", say(f"handoff.callback_{result}"))]
    )
    metrics.HANDOFF_EVENTS.labels(f"callback.{result}").inc()


async def time_out(session: AsyncSession, *, conversation: Conversation, handoff: Handoff) -> None:
    """Nobody came in time: an apology, and the offer of a call.

    Raises:
        IllegalTransition: when it does not wait (any more).
    """
    handoff.status = conversation.status = after(handoff.status, Event.TIME_OUT)
    handoff.ended_at = now()
    await conversations.append(
        session,
        conversation=conversation,
        drafts=[
            Draft(
                "system",
                say("handoff.timed_out"),
                [{"title": say("buttons.callback"), "payload": CALLBACK_PAYLOAD}],
            )
        ],
    )
    metrics.HANDOFF_EVENTS.labels("handoff.timed_out").inc()


async def overdue(session: AsyncSession, *, settings: Settings) -> Sequence[tuple[str, str]]:
    """Handoffs that have waited longer than ``queue_timeout_min``: (talk, handoff)."""
    limit = now() - timedelta(minutes=settings.queue_timeout_min)
    rows = await session.execute(
        select(Handoff.conversation_id, Handoff.id).where(Handoff.status == Status.QUEUED, Handoff.requested_at < limit)
    )
    return [(conversation_id, handoff_id) for conversation_id, handoff_id in rows]
