"""A resident's message from arrival to answer.

Order: a talk has one turn at a time, by a lock within the process and by a lease in its row between processes.
Durability: the message is committed before the engine is called, and no transaction is open while it is. A turn that
a crash cut off is taken up again by the next call, before anything newer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.context import Context
from api.conversations import pauses, service, waiting
from api.conversations.models import Conversation, Message, Turn
from api.conversations.schemas import Answer, MessageIn
from api.conversations.service import Draft
from api.database import now
from api.engine.client import RESUME, BotTurn, EngineFailure, Understood, as_text
from api.handoff import callbacks
from api.handoff import service as handoffs
from api.handoff.opening_hours import day_in_finland, in_words, is_open, next_open
from api.handoff.states import FINISHED, HUMAN, Event, Status, after
from api.health import metrics
from api.logs import alias
from api.privacy.erasure import scrub
from api.privacy.redaction import Kind, Redaction, redact
from api.problems import Problem
from api.texts import crisis_help, node, say

log = logging.getLogger(__name__)

PERSON_PAYLOAD = "/request_human"
RETRY_PAYLOAD = "/retry_message"
ERASE = "erase"
"""What the dialogue puts in `command` when a resident has confirmed that everything be erased."""
CONTACT_QUESTIONS = {callbacks.CONTACT, callbacks.TIME}
CONTACT_KINDS: frozenset[Kind] = frozenset({"phone", "email"})

LEASE_MARGIN_S = 1.0
LEASE_POLL_S = 0.05
CLOCKS_DIFFER = timedelta(seconds=10)
"""So much, at most, between the clocks of two machines that serve the same talks."""
LONGEST_QUEUE_S = 15.0
LEAST_ENGINE_S = 1.0
"""A message that waited behind others still gets this long, or a slow engine would be taken for a dead one."""
MOST_ATTEMPTS = 2
"""A message that twice took the process down with it is apologised for, not tried again."""


def apology_buttons() -> list[dict[str, str]]:
    """What a resident can do when the dialogue does not answer."""
    return [
        {"title": say("buttons.person"), "payload": PERSON_PAYLOAD},
        {"title": say("buttons.retry"), "payload": RETRY_PAYLOAD},
    ]


def apology(failures: int) -> Draft:
    """The apology for the failure number ``failures`` in a row, from 1; never the same words twice running."""
    wordings: list[str] = node("apology")
    return Draft("bot", wordings[(failures - 1) % len(wordings)].strip(), apology_buttons())


def static_greeting(context: Context) -> list[Draft]:
    """The greeting when the dialogue cannot be reached: a machine, what is stored, the way to a person."""
    settings = context.settings
    stored = say("greeting.stored", days=settings.retention_days, handoff_days=settings.handoff_retention_days)
    return [
        Draft("bot", say("greeting.text")),
        Draft("bot", stored),
        Draft("bot", say("greeting.person"), apology_buttons()),
    ]


def drafts_of(turn: BotTurn) -> list[Draft]:
    """The engine's messages as messages of the talk."""
    return [Draft("bot", message.text, message.buttons, message.services) for message in turn.messages]


@dataclass
class _Step:
    """A turn to be answered now, by us: the lease is ours."""

    owner: str
    turn_id: int
    client_id: str
    number: int
    is_payload: bool
    input: str
    state: Any
    status: str
    exhausted: bool
    failed_input: str | None
    title: str | None
    asking: str | None
    away: bool


class _Busy(Exception):
    """Another process holds the lease."""


@contextlib.asynccontextmanager
async def _in_order(context: Context, conversation_id: str) -> AsyncIterator[None]:
    turn_lock = context.turn_lock(conversation_id)
    try:
        async with asyncio.timeout(LONGEST_QUEUE_S):
            await turn_lock.acquire()
    except TimeoutError:
        raise Problem(503, "busy", headers={"Retry-After": "5"}) from None
    try:
        yield
    finally:
        turn_lock.release()


async def take(context: Context, *, conversation_id: str, body: MessageIn) -> Answer:
    """Answer a message. The same ``client_id`` again gives the same answer.

    Raises:
        Problem: 404 when the talk is gone, 422 for a payload that was never offered, 503 when earlier messages
            are still being answered.
    """
    client_id = str(body.client_id)
    arrived = time.monotonic()
    async with _in_order(context, conversation_id):
        owner = uuid.uuid4().hex
        while True:
            try:
                step = await _begin(context, conversation_id, client_id, body, owner)
            except _Busy:
                if time.monotonic() - arrived > LONGEST_QUEUE_S:
                    raise Problem(503, "busy", headers={"Retry-After": "5"}) from None
                await asyncio.sleep(LEASE_POLL_S)
                continue
            if isinstance(step, Answer):
                return step
            context.signals.changed(conversation_id)
            try:
                answer = await _answer(context, conversation_id, step, arrived)
            except BaseException:
                await _let_go(context, conversation_id, owner)
                raise
            if answer is not None:
                context.signals.changed(conversation_id)
            if answer is not None and step.client_id == client_id:
                return answer


def _lease_time(context: Context) -> timedelta:
    return timedelta(seconds=context.settings.engine_timeout_s + LEASE_MARGIN_S)


async def _lease(session: AsyncSession, context: Context, conversation_id: str, owner: str) -> Conversation:
    """Take the talk's lease within the transaction, and with it the row."""
    at = now()
    taken = await session.scalar(
        update(Conversation)
        .where(
            Conversation.id == conversation_id,
            or_(
                Conversation.turn_owner.is_(None),
                Conversation.turn_owner == owner,
                Conversation.turn_until < at,
                # Taken by a clock that was ahead and has been put right since: it would last as long as it was wrong.
                Conversation.turn_until > at + _lease_time(context) + CLOCKS_DIFFER,
            ),
        )
        .values(turn_owner=owner, turn_until=at + _lease_time(context))
        .returning(Conversation.id)
    )
    conversation = await service.lock(session, conversation_id)
    if conversation is None:
        raise Problem(404, "not_found")
    if taken is None:
        raise _Busy
    return conversation


async def _known(session: AsyncSession, conversation_id: str, client_id: str) -> Turn | None:
    """The turn of that ``client_id`` as it is now in the database."""
    found: Turn | None = await session.scalar(
        select(Turn)
        .where(Turn.conversation_id == conversation_id, Turn.client_id == client_id)
        .execution_options(populate_existing=True)
    )
    return found


async def _begin(context: Context, conversation_id: str, client_id: str, body: MessageIn, owner: str) -> _Step | Answer:
    """Store the message, or find what became of it. An older turn that was cut off comes first."""
    async with context.database.write() as session:
        turn = await _known(session, conversation_id, client_id)
        if turn is not None and turn.answer is not None:
            return Answer.model_validate(turn.answer)
        conversation = await _lease(session, context, conversation_id, owner)
        # Once more: another process may have answered it while the lease was waited for.
        turn = await _known(session, conversation_id, client_id)
        if turn is not None and turn.answer is not None:
            conversation.turn_owner = conversation.turn_until = None
            return Answer.model_validate(turn.answer)
        cut_off = await session.scalar(
            select(Turn)
            .where(Turn.conversation_id == conversation_id, Turn.answer.is_(None))
            .order_by(Turn.number)
            .limit(1)
        )
        title = None
        away = cut_off is None and await pauses.is_away(session, conversation)
        if cut_off is not None:
            turn = cut_off
            turn.attempts += 1
            if turn.is_payload and turn.input is not None:
                title = await service.offered_title(session, conversation_id=conversation_id, payload=turn.input)
        else:
            turn, title = await _store(session, conversation, client_id, body)
        return _Step(
            owner=owner,
            turn_id=turn.id,
            client_id=turn.client_id,
            number=turn.number,
            is_payload=turn.is_payload,
            input=turn.input or "",
            state=conversation.state,
            status=conversation.status,
            exhausted=turn.attempts > MOST_ATTEMPTS,
            failed_input=conversation.failed_input,
            title=title,
            asking=conversation.asking,
            away=away,
        )


async def _store(
    session: AsyncSession, conversation: Conversation, client_id: str, body: MessageIn
) -> tuple[Turn, str | None]:
    """Write the resident's message and its turn."""
    title = None
    notice: list[Draft] = []
    if body.payload is not None:
        title = await service.offered_title(session, conversation_id=conversation.id, payload=body.payload)
        if title is None:
            raise Problem(422, "payload_unknown")
        said, for_engine = title, body.payload
    else:
        said, for_engine, notice = _redacted(conversation, body.text or "")
    if conversation.status in FINISHED:
        conversation.status = after(conversation.status, Event.RESIDENT_GOES_ON)
    if body.payload is not None:
        conversation.asking = None  # a button is no answer to what was asked in words
    conversation.turns += 1
    conversation.resident_typing_at = None
    turn = Turn(
        conversation_id=conversation.id,
        client_id=client_id,
        number=conversation.turns,
        is_payload=body.payload is not None,
        input=for_engine,
        attempts=1,
        at=now(),
    )
    session.add(turn)
    await session.flush()
    await service.append(session, conversation=conversation, drafts=[Draft("resident", said), *notice], turn_id=turn.id)
    return turn, title


def _redacted(conversation: Conversation, text: str) -> tuple[str, str, list[Draft]]:
    """What is stored of a text, what the engine gets, and the notice that something was left out."""
    stored = redact(text)
    passed: Redaction = stored
    if service.awaiting(conversation) in CONTACT_QUESTIONS:
        passed = redact(text, keep=CONTACT_KINDS)
    for kind in stored.kinds:
        metrics.REDACTIONS.labels(kind).inc()
    notice = []
    if passed.kinds and not conversation.redaction_told:
        conversation.redaction_told = True
        kinds = ", ".join(say(f"redacted_kinds.{kind}") for kind in sorted(passed.kinds))
        notice = [Draft("system", say("redacted", kinds=kinds))]
    return stored.text, passed.text, notice


async def _answer(context: Context, conversation_id: str, step: _Step, arrived: float) -> Answer | None:
    """Do what the message asks for. None when the lease was lost, and with it the right to answer."""
    if step.is_payload and step.input == handoffs.CANCEL_PAYLOAD:
        answer = await _cancelled(context, conversation_id, step)
        if answer is not None:
            return answer
    if step.is_payload and step.input.startswith(callbacks.PREFIX):
        answer = await _callback_button(context, conversation_id, step)
        if answer is not None:
            return answer
    if step.asking is not None and not step.is_payload:
        return await _callback_words(context, conversation_id, step, arrived)
    return await _to_whoever_has_it(context, conversation_id, step, arrived)


async def _to_whoever_has_it(context: Context, conversation_id: str, step: _Step, arrived: float) -> Answer | None:
    if step.status in HUMAN:
        return await _to_adviser(context, conversation_id, step, arrived)
    return await _to_bot(context, conversation_id, step, arrived)


@contextlib.asynccontextmanager
async def _ending(
    context: Context, conversation_id: str, step: _Step
) -> AsyncIterator[tuple[AsyncSession, Conversation] | None]:
    """The transaction that ends a turn: (session, talk), or None when the lease is no longer ours."""
    async with context.database.write() as session:
        conversation = await service.lock(session, conversation_id)
        if conversation is None:
            raise Problem(404, "not_found")
        if conversation.turn_owner != step.owner:
            yield None
            return
        yield session, conversation


async def _end(session: AsyncSession, conversation: Conversation, step: _Step) -> Answer:
    """Put the answer together, keep it for a repetition, and give the lease back."""
    rows = await session.scalars(
        select(Message).where(Message.turn_id == step.turn_id, Message.sender != "resident").order_by(Message.seq)
    )
    stands = await handoffs.standing(session, conversation)
    answer = Answer(messages=[service.message_out(row) for row in rows], **stands.model_dump())
    conversation.turn_owner = conversation.turn_until = None
    service.touch(conversation)
    await session.execute(
        update(Turn).where(Turn.id == step.turn_id).values(answer=answer.model_dump(mode="json"), input=None)
    )
    return answer


async def _cancelled(context: Context, conversation_id: str, step: _Step) -> Answer | None:
    async with _ending(context, conversation_id, step) as ours:
        if ours is None:
            return None
        session, conversation = ours
        done = await handoffs.cancel(
            session, settings=context.settings, conversation=conversation, turn_id=step.turn_id
        )
        return await _end(session, conversation, step) if done else None


async def _callback_button(context: Context, conversation_id: str, step: _Step) -> Answer | None:
    """A button about being called. None when the lease was lost, or when it means nothing here."""
    async with _ending(context, conversation_id, step) as ours:
        if ours is None:
            return None
        session, conversation = ours
        draft = await callbacks.pressed(session, conversation, step.input)
        if draft is None:
            return None
        await service.append(session, conversation=conversation, drafts=[draft], turn_id=step.turn_id)
        return await _end(session, conversation, step)


async def _callback_words(context: Context, conversation_id: str, step: _Step, arrived: float) -> Answer | None:
    """The answer to what the api asked about a callback; or something else, which goes its usual way."""
    urgent = await _urgency(context, conversation_id, step)
    async with _ending(context, conversation_id, step) as ours:
        if ours is None:
            return None
        session, conversation = ours
        draft = await callbacks.answered(session, settings=context.settings, conversation=conversation, text=step.input)
        if draft is not None:
            drafts = [draft]
            if urgent is not None:
                await handoffs.flag_urgent(session, conversation=conversation, kind=urgent)
                drafts.insert(0, Draft("system", crisis_help(urgent)))
            await service.append(session, conversation=conversation, drafts=drafts, turn_id=step.turn_id)
            return await _end(session, conversation, step)
        conversation.turn_until = now() + _lease_time(context)
        step.status = conversation.status
    return await _to_whoever_has_it(context, conversation_id, step, arrived)


async def _urgency(context: Context, conversation_id: str, step: _Step) -> handoffs.Urgent | None:
    """Whether a message is a cry for help; None also when that cannot be known now."""
    heard = await _heard(context, conversation_id, step)
    return heard.urgent if heard else None


async def _heard(context: Context, conversation_id: str, step: _Step) -> Understood | None:
    """What a message means by itself; None for a button, and when that cannot be known now."""
    if step.is_payload:
        return None
    try:
        return await context.engine.understand(step.input)
    except EngineFailure as failure:
        log.warning("urgency unknown", extra={"talk": alias(conversation_id), "reason": failure.reason})
        return None


async def _to_adviser(context: Context, conversation_id: str, step: _Step, arrived: float) -> Answer | None:
    """A person is waited for or there: the message is theirs. Only a cry for help is answered at once."""
    heard = await _heard(context, conversation_id, step)
    told = None
    if heard is not None and step.status == Status.QUEUED:
        catalogue = await context.catalogue.catalogue(context.database)
        told = waiting.answer(heard, catalogue, day_in_finland(now()))
    async with _ending(context, conversation_id, step) as ours:
        if ours is None:
            return None
        session, conversation = ours
        if conversation.status in HUMAN:
            return await _kept_for_adviser(session, conversation, step, heard.urgent if heard else None, told)
        if conversation.status in FINISHED:
            conversation.status = after(conversation.status, Event.RESIDENT_GOES_ON)
        conversation.turn_until = now() + _lease_time(context)
    # The person went, or the wait became a wish to be called, just as the message came: the bot answers it.
    return await _to_bot(context, conversation_id, step, arrived)


async def _kept_for_adviser(
    session: AsyncSession, conversation: Conversation, step: _Step, urgent: handoffs.Urgent | None, told: str | None
) -> Answer:
    """The end of a turn whose message is an adviser's to answer; ``told`` answers a side question meanwhile."""
    drafts = []
    handoff = await handoffs.open_chat(session, conversation.id)
    if urgent is not None:
        await handoffs.flag_urgent(session, conversation=conversation, kind=urgent)
        drafts.append(Draft("system", crisis_help(urgent)))
    elif told is not None and handoff is not None and handoff.status == Status.QUEUED:
        drafts.append(Draft("system", told, [handoffs.cancel_button()]))
    elif handoff is not None and handoff.status == Status.QUEUED and not handoff.acknowledged:
        handoff.acknowledged = True
        drafts.append(Draft("system", say("handoff.noted"), [handoffs.cancel_button()]))
    await service.append(session, conversation=conversation, drafts=drafts, turn_id=step.turn_id)
    return await _end(session, conversation, step)


async def _to_bot(context: Context, conversation_id: str, step: _Step, arrived: float) -> Answer | None:
    message, is_payload = step.input, step.is_payload
    if is_payload and message == RETRY_PAYLOAD:
        message, is_payload = _again(step)
    left = context.settings.engine_timeout_s - (time.monotonic() - arrived)
    result: BotTurn | None = None
    if not step.exhausted:
        try:
            result = await context.engine.send(
                conversation_id=conversation_id,
                message=message if is_payload else as_text(message),
                turn=step.number,
                state=step.state,
                away=step.away,
                timeout_s=max(left, LEAST_ENGINE_S),
            )
        except EngineFailure as failure:
            log.warning("turn failed", extra={"talk": alias(conversation_id), "reason": failure.reason})
    async with _ending(context, conversation_id, step) as ours:
        if ours is None:
            return None
        session, conversation = ours
        if result is not None:
            await _take_over(session, conversation, step, result)
            if result.state.get("command") == ERASE:
                # Asked for in words. The answer goes out, and nothing of the talk stays behind it.
                answer = await _end(session, conversation, step)
                await service.erase(session, conversation_id=conversation_id)
                context.spawn(scrub(context))
                return answer
        else:
            await _apologise(context, session, conversation, step, message, is_payload)
        return await _end(session, conversation, step)


def _again(step: _Step) -> tuple[str, bool]:
    """What "try again" sends: the input that failed last, or, when none did, the wish to hear it again."""
    if not step.failed_input:
        return "/repeat", True
    kind, _, kept = step.failed_input.partition(":")
    return kept, kind == "payload"


async def _take_over(session: AsyncSession, conversation: Conversation, step: _Step, result: BotTurn) -> None:
    """Keep what the engine answered. A status that a webhook set meanwhile stays."""
    drafts = drafts_of(result)
    if conversation.status == Status.ACCEPTED and not result.state.get("urgent"):
        drafts = []  # an adviser came meanwhile, and the bot is silent from then on
    if (
        drafts
        and conversation.status == Status.QUEUED
        and not any(button["payload"] == handoffs.CANCEL_PAYLOAD for draft in drafts for button in draft.buttons)
    ):
        drafts[-1].buttons.append(handoffs.cancel_button())
    asked_now = conversation.status == Status.CALLBACK_REQUESTED and step.status != Status.CALLBACK_REQUESTED
    if asked_now and drafts and not any(draft.buttons for draft in drafts):
        drafts[-1].buttons.extend(callbacks.buttons())
    conversation.state = result.state
    conversation.failures = 0
    conversation.failed_input = None
    await service.keep_feedback_of_dialogue(session, conversation_id=conversation.id, state=result.state)
    urgent = result.state.get("urgent")
    if urgent in {"crisis", "danger"}:
        await handoffs.flag_urgent(session, conversation=conversation, kind=urgent)
    await service.append(session, conversation=conversation, drafts=drafts, turn_id=step.turn_id)


async def _apologise(
    context: Context, session: AsyncSession, conversation: Conversation, step: _Step, message: str, is_payload: bool
) -> None:
    """The engine failed: an apology and a way on; or, for one who asks for a person, the queue."""
    chat = await handoffs.open_chat(session, conversation.id)
    if chat is not None:
        # Its webhook came through before it failed: the resident is where they wanted to be.
        hours = handoffs.hours_for(context.hours, conversation, chat.answers)
        drafts = [await handoffs.queued_message(session, chat, hours=hours)]
    elif is_payload and message == PERSON_PAYLOAD and step.title == say("buttons.person"):
        # This button said what the adviser will see, so pressing it is consent.
        drafts = [await _queue_without_bot(context, session, conversation)]
    else:
        conversation.failures += 1
        conversation.failed_input = ("payload:" if is_payload else "text:") + message
        drafts = [apology(conversation.failures)]
    await service.append(session, conversation=conversation, drafts=drafts, turn_id=step.turn_id)


async def _queue_without_bot(context: Context, session: AsyncSession, conversation: Conversation) -> Draft:
    at, hours = now(), handoffs.hours_for(context.hours, conversation, None)
    if is_open(hours, at):
        handoff = await handoffs.request_by_api(session, settings=context.settings, conversation=conversation)
        return await handoffs.queued_message(session, handoff, hours=hours, by_api=True)
    opening = next_open(hours, at)
    text = say("handoff.closed_now", when=in_words(opening, at)) if opening else say("handoff.closed_now_unknown")
    # The button that was pressed named what an adviser may see; a call needs no more consent than that.
    text += " " + say("handoff.timed_out_offer")
    return Draft("system", text, [handoffs.callback_button(), *apology_buttons()[1:]])


async def _let_go(context: Context, conversation_id: str, owner: str) -> None:
    """Give the lease back after an error, so that the next try need not wait for its end."""
    with contextlib.suppress(Exception):
        async with context.database.write() as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id == conversation_id, Conversation.turn_owner == owner)
                .values(turn_owner=None, turn_until=None)
            )


async def resume_with_bot(context: Context, conversation_id: str, *, after_silence: bool = False) -> None:
    """After a person let go, or when a resident comes back: the bot says how to go on. Nothing is lost when it cannot.

    With ``after_silence`` nothing is said to one who was not away for long, so that asking twice says it once.
    """
    async with _in_order(context, conversation_id):
        owner = uuid.uuid4().hex
        try:
            async with context.database.write() as session:
                conversation = await _lease(session, context, conversation_id, owner)
                here = after_silence and not await pauses.is_away(session, conversation)
                if conversation.status in HUMAN or here:
                    conversation.turn_owner = conversation.turn_until = None
                    return
                conversation.turns += 1
                number, state = conversation.turns, conversation.state
        except (_Busy, Problem):
            return
        try:
            result = await context.engine.send(
                conversation_id=conversation_id, message=RESUME, turn=number, state=state, away=after_silence
            )
            async with context.database.write() as session:
                talk = await service.lock(session, conversation_id)
                if talk is not None and talk.turn_owner == owner and talk.status not in HUMAN:
                    talk.state = result.state
                    await service.append(session, conversation=talk, drafts=drafts_of(result))
        except EngineFailure as failure:
            log.warning("no resumption", extra={"talk": alias(conversation_id), "reason": failure.reason})
        finally:
            await _let_go(context, conversation_id, owner)
        context.signals.changed(conversation_id)
