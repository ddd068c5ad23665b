"""Handing over: every change of a handoff, each within the caller's transaction and with the talk's row locked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.advisers.models import Adviser
from api.conversations import service as conversations
from api.conversations.models import Conversation
from api.conversations.schemas import CallbackOut, HandoffOut, Standing
from api.conversations.service import Draft
from api.database import now
from api.deliveries import service as deliveries
from api.handoff import estimate, outcomes, presence, summaries
from api.handoff.models import Handoff, Presence
from api.handoff.opening_hours import Hours, OpeningHours, clock_in_words, closes_at
from api.handoff.schemas import Consent, HandoffData
from api.handoff.states import HUMAN, Event, IllegalTransition, Status, after
from api.health import metrics
from api.privacy.redaction import redact
from api.texts import crisis_help, say
from settings import Settings

CANCEL_PAYLOAD = "/cancel_handoff"
GO_ON_PAYLOAD = "/repeat"
CALLBACK_PAYLOAD = "/callback_contact"
RECENT_WAITS = 20
RECENT = timedelta(days=14)
CLOSES_SOON = timedelta(minutes=60)

Urgent = Literal["crisis", "danger"]


def hours_for(opening: OpeningHours, conversation: Conversation, passed_on: Mapping[str, Any] | None) -> Hours | None:
    """When advisers are there for this resident, by the home municipality that they told.

    Args:
        opening: the hours of all municipalities.
        conversation: the talk, whose state may lag behind: a request comes before the turn that caused it has ended.
        passed_on: the answers that came with the request, if there is one; what they say goes first.
    """
    told = (passed_on or {}).get("municipality", conversations.answers(conversation).get("municipality"))
    return opening.of(told if isinstance(told, str) else None)


def go_on_button() -> dict[str, str]:
    """The button with which a resident whose request has ended goes on with the bot where they were."""
    return {"title": say("buttons.go_on"), "payload": GO_ON_PAYLOAD}


def cancel_button() -> dict[str, str]:
    """The button that takes a request back."""
    return {"title": say("buttons.cancel"), "payload": CANCEL_PAYLOAD}


def callback_button() -> dict[str, str]:
    """The button that asks for a call instead of waiting."""
    return {"title": say("buttons.callback"), "payload": CALLBACK_PAYLOAD}


def rank(
    urgent: str | None, returned: bool, requested_at: datetime, handoff_id: str
) -> tuple[bool, bool, datetime, str]:
    """The order of the queue: the urgent first, then whose adviser vanished, then who has waited longest."""
    return (urgent is None, not returned, requested_at, handoff_id)


async def place(session: AsyncSession, handoff: Handoff) -> int | None:
    """Place in the queue, 1 is next; None when it does not wait."""
    if handoff.status != Status.QUEUED:
        return None
    rows = await session.execute(
        select(Handoff.urgent, Handoff.returned, Handoff.requested_at, Handoff.id).where(
            Handoff.status == Status.QUEUED, Handoff.id != handoff.id
        )
    )
    own = rank(handoff.urgent, handoff.returned, handoff.requested_at, handoff.id)
    return 1 + sum(rank(*row) < own for row in rows)


async def estimate_s(session: AsyncSession, handoff: Handoff) -> int | None:
    """Seconds that this resident still has to wait; None when an honest guess is not possible."""
    where = await place(session, handoff)
    if where is None:
        return None
    rows = await session.execute(
        select(Handoff.queued_at, Handoff.accepted_at, Handoff.first_place, Handoff.advisers_present)
        .where(
            or_(Handoff.accepted_at.is_not(None), Handoff.status == Status.TIMED_OUT),
            Handoff.first_place.is_not(None),
            Handoff.queued_at >= now() - RECENT,
        )
        .order_by(Handoff.queued_at.desc())
        .limit(RECENT_WAITS)
    )
    recent = [
        estimate.Wait((accepted - queued).total_seconds() if accepted else None, first or 0, advisers or 0)
        for queued, accepted, first, advisers in rows
    ]
    return estimate.estimate_s(
        recent,
        place=where,
        advisers=await presence.count(session),
        waited_s=(now() - handoff.queued_at).total_seconds(),
        first_place=handoff.first_place,
    )


async def _begin_wait(session: AsyncSession, handoff: Handoff) -> None:
    """A wait begins now, for the first time or once more."""
    handoff.queued_at, handoff.reminded, handoff.acknowledged = now(), False, False
    await session.flush()
    handoff.first_place = await place(session, handoff)
    handoff.advisers_present = await presence.count(session)


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
            "estimate_s": await estimate_s(session, handoff),
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


def _raise_urgency(handoff: Handoff, kind: Urgent) -> None:
    """A crisis is not made less by later danger."""
    if handoff.urgent != "crisis":
        handoff.urgent = kind


def _fill(handoff: Handoff, data: HandoffData, conversation: Conversation) -> None:
    """Take over what a request says; what it leaves out stays as it was."""
    consent = data.consent
    if consent is not None:
        handoff.consent_scope, handoff.consent_version = consent.scope, consent.text_version
    if data.name is not None:
        handoff.name = _clean(data.name)
    if data.contact is not None and (given := data.contact.model_dump(exclude_none=True)):
        handoff.contact = given
    if data.wished_time is not None:
        handoff.wished_time = _clean(data.wished_time)
    if data.reason is not None:
        handoff.reason = _clean(data.reason)
    if data.urgent is not None:
        _raise_urgency(handoff, data.urgent)
    told = [one.model_dump() for one in data.rejections or ()] or conversations.rejections(conversation)
    handoff.rejections = [{**one, "reason": _clean(one.get("reason"))} for one in told] or None
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
        if waiting.until_seq is not None and data.consent is not None and data.consent.scope == "transcript":
            waiting.until_seq = conversation.last_seq  # agreed to anew, so up to now
        conversations.touch(conversation)
        return waiting
    if kind == "callback" and chat is not None and chat.status == Status.QUEUED:
        # Tired of waiting: the same request goes on as a callback.
        chat.kind, chat.status = kind, after(chat.status, Event.REQUEST_CALLBACK)
        conversation.status = chat.status
        _fill(chat, data, conversation)
        handoff = chat
        held = False
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
            queued_at=now(),
            from_seq=conversation.last_seq,
            read_seq=conversation.last_seq,
            consent_scope="summary",
        )
        _fill(handoff, data, conversation)
        session.add(handoff)
        if not held:
            conversation.status = handoff.status
    conversation.asking = None
    if kind == "callback":
        handoff.until_seq = conversation.last_seq
    conversations.touch(conversation)
    await session.flush()
    if handoff.status == Status.QUEUED:
        await _begin_wait(session, handoff)
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


def estimate_in_words(seconds: int | None) -> str | None:
    """An estimate as one says it, or None where there is none."""
    if seconds is None:
        return None
    minutes = max(1, round(seconds / 60))
    return say("handoff.estimate_one") if minutes == 1 else say("handoff.estimate", minutes=minutes)


async def _standing_in_words(session: AsyncSession, handoff: Handoff, hours: Hours | None) -> list[str]:
    """Place, estimate if there is an honest one, and closing time if it is near."""
    parts = [say("handoff.place", place=await place(session, handoff))]
    if (estimated := estimate_in_words(await estimate_s(session, handoff))) is not None:
        parts.append(estimated)
    closing = closes_at(hours, now())
    if closing is not None and closing - now() <= CLOSES_SOON:
        parts.append(say("handoff.closes_soon", when=clock_in_words(closing)))
    return parts


async def queued_message(
    session: AsyncSession, handoff: Handoff, *, hours: Hours | None, by_api: bool = False
) -> Draft:
    """What tells a resident that they are in the queue, what to do meanwhile, and how to leave it."""
    parts = [say("handoff.queued"), *await _standing_in_words(session, handoff, hours), say("handoff.meanwhile")]
    text = " ".join(parts)
    if by_api:
        text += "\n" + say("handoff.queued_by_api")
    return Draft("system", text, [cancel_button()])


async def remind(session: AsyncSession, *, conversation: Conversation, handoff: Handoff, hours: Hours | None) -> None:
    """Tell a resident who has waited for a while where they stand, and that a call is possible instead."""
    if handoff.status != Status.QUEUED or handoff.reminded:
        return
    handoff.reminded = True
    parts = [say("handoff.still_waiting"), *await _standing_in_words(session, handoff, hours)]
    text = " ".join([*parts, say("handoff.instead_of_waiting")])
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", text, [callback_button(), cancel_button()])]
    )


def _end(handoff: Handoff, conversation: Conversation) -> None:
    """The request is over, with what the resident has just been told of it as its last message."""
    handoff.ended_at = now()
    if handoff.until_seq is None:
        handoff.until_seq = conversation.last_seq


async def cancel(
    session: AsyncSession, *, settings: Settings, conversation: Conversation, turn_id: int | None = None
) -> bool:
    """Take back what the resident has asked for; False when there is nothing to take back."""
    handoff = await open_chat(session, conversation.id) or await open_callback(session, conversation.id)
    if handoff is None:
        return False
    before = handoff.status
    handoff.status = after(before, Event.CANCEL)
    conversation.asking = None
    if conversation.status == before:
        conversation.status = handoff.status
    key = {Status.QUEUED: "cancelled", Status.ACCEPTED: "ended_by_resident"}.get(Status(before), "callback_cancelled")
    await conversations.append(
        session,
        conversation=conversation,
        drafts=[Draft("system", say(f"handoff.{key}"), [go_on_button()])],
        turn_id=turn_id,
    )
    _end(handoff, conversation)
    deliveries.add(session, settings=settings, handoff=handoff, event="handoff.cancelled")
    metrics.HANDOFF_EVENTS.labels("handoff.cancelled").inc()
    return True


async def flag_urgent(session: AsyncSession, *, conversation: Conversation, kind: Urgent) -> None:
    """Move everything that this talk has asked for to the front."""
    for handoff in (await open_chat(session, conversation.id), await open_callback(session, conversation.id)):
        if handoff is not None:
            _raise_urgency(handoff, kind)
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
    conversation.asking = None
    await presence.seen(session, adviser_id)
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", say("handoff.accepted", name=name))]
    )
    deliveries.add(session, settings=settings, handoff=handoff, event="handoff.accepted")
    metrics.HANDOFF_EVENTS.labels("handoff.accepted").inc()


async def _give_back(
    session: AsyncSession, *, conversation: Conversation, handoff: Handoff, event: Event, text: str
) -> None:
    handoff.status = conversation.status = after(handoff.status, event)
    handoff.accepted_by = handoff.accepted_at = None
    conversation.adviser_typing_at = None
    await _begin_wait(session, handoff)
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", text, [callback_button(), cancel_button()])]
    )


async def release(session: AsyncSession, *, conversation: Conversation, handoff: Handoff) -> None:
    """An adviser gives the talk back to the queue, where it keeps its place.

    Raises:
        IllegalTransition: when nobody holds it.
    """
    text = say("handoff.released")
    await _give_back(session, conversation=conversation, handoff=handoff, event=Event.RELEASE, text=text)
    metrics.HANDOFF_EVENTS.labels("handoff.released").inc()


async def vanish(session: AsyncSession, *, conversation: Conversation, handoff: Handoff) -> None:
    """The adviser's console is silent: the talk goes back to the front of the queue, and the resident is told.

    Raises:
        IllegalTransition: when nobody holds it.
    """
    handoff.returned = True
    text = say("handoff.vanished")
    await _give_back(session, conversation=conversation, handoff=handoff, event=Event.VANISH, text=text)
    metrics.HANDOFF_EVENTS.labels("handoff.vanished").inc()


async def transfer(
    session: AsyncSession, *, conversation: Conversation, handoff: Handoff, adviser_id: int, name: str
) -> None:
    """The talk goes to a colleague at once, without a wait in between; the resident is told to whom.

    Raises:
        IllegalTransition: when nobody holds it.
    """
    handoff.status = conversation.status = after(handoff.status, Event.TRANSFER)
    handoff.accepted_by = adviser_id
    handoff.read_seq = min(handoff.read_seq, conversation.last_seq)
    conversation.adviser_typing_at = None
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", say("handoff.transferred", name=name))]
    )
    metrics.HANDOFF_EVENTS.labels("handoff.transferred").inc()


async def close(
    session: AsyncSession,
    *,
    settings: Settings,
    conversation: Conversation,
    handoff: Handoff,
    outcome: str,
    text: str | None,
    services: list[dict[str, Any]] | None = None,
) -> None:
    """An adviser ends the talk; the resident sees how, what was agreed, and which services.

    Raises:
        IllegalTransition: when nobody holds it.
    """
    handoff.status = after(handoff.status, Event.CLOSE)
    conversation.status = handoff.status
    handoff.outcome, handoff.outcome_text = outcome, text
    handoff.outcome_services = services or None
    said = [say("handoff.closed_plain")]
    if (told := outcomes.told(outcome)) is not None:
        said.append(told)
    if text:
        said.append(say("handoff.closed_agreed", outcome=text))
    draft = Draft("system", " ".join(said), services=services or [])
    conversation.adviser_typing_at = None
    await conversations.append(session, conversation=conversation, drafts=[draft])
    _end(handoff, conversation)
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
    handoff.status = after(handoff.status, Event.CLOSE if result == "done" else Event.MISS_CALL)
    if result == "done":
        conversation.asking = None
        handoff.outcome = result
        _end(handoff, conversation)
        if conversation.status == Status.CALLBACK_REQUESTED:
            conversation.status = handoff.status
        deliveries.add(session, settings=settings, handoff=handoff, event="handoff.closed")
    else:
        handoff.missed_calls += 1
    await conversations.append(
        session, conversation=conversation, drafts=[Draft("system", say(f"handoff.callback_{result}"))]
    )
    metrics.HANDOFF_EVENTS.labels(f"callback.{result}").inc()


async def time_out(
    session: AsyncSession,
    *,
    conversation: Conversation,
    handoff: Handoff,
    day_ended: bool = False,
    opens: str | None = None,
) -> None:
    """Nobody came in time, or before closing time: an apology, and the offer of a call.

    Args:
        session: in the caller's transaction.
        conversation: the talk, locked.
        handoff: its request.
        day_ended: closing time came first.
        opens: when advisers are there again, in words.

    Raises:
        IllegalTransition: when it does not wait (any more).
    """
    event = Event.DAY_ENDS if day_ended else Event.TIME_OUT
    handoff.status = conversation.status = after(handoff.status, event)
    said = [say("handoff.day_ended" if day_ended else "handoff.timed_out")]
    if opens is not None:
        said.append(say("handoff.opens", when=opens))
    said.append(say("handoff.timed_out_offer"))
    drafts = [Draft("system", " ".join(said), [callback_button()])]
    if handoff.urgent is not None:
        # Somebody in need must not be left with an apology.
        drafts.insert(0, Draft("system", crisis_help(handoff.urgent)))
    await conversations.append(session, conversation=conversation, drafts=drafts)
    _end(handoff, conversation)
    metrics.HANDOFF_EVENTS.labels("handoff.timed_out").inc()


async def waiting(session: AsyncSession) -> Sequence[tuple[str, str]]:
    """Handoffs that wait for an adviser: (talk, handoff)."""
    rows = await session.execute(select(Handoff.conversation_id, Handoff.id).where(Handoff.status == Status.QUEUED))
    return [(conversation_id, handoff_id) for conversation_id, handoff_id in rows]


async def abandoned(session: AsyncSession, *, settings: Settings) -> Sequence[tuple[str, str]]:
    """Handoffs whose adviser's console has given no sign of life for ``adviser_away_s``: (talk, handoff)."""
    limit = now() - timedelta(seconds=settings.adviser_away_s)
    rows = await session.execute(
        select(Handoff.conversation_id, Handoff.id)
        .outerjoin(Presence, Presence.adviser_id == Handoff.accepted_by)
        .where(Handoff.status == Status.ACCEPTED, func.coalesce(Presence.seen_at, Handoff.accepted_at) < limit)
    )
    return [(conversation_id, handoff_id) for conversation_id, handoff_id in rows]
