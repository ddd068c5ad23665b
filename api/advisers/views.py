"""The JSON interface of the queue and the talks in the advisers' console, under ``/adviser/api``."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.advisers import console, service
from api.advisers.access import RESPONSES, require, require_acting
from api.advisers.roles import Permission, may
from api.advisers.schemas import (
    AdviserPolled,
    CallIn,
    ChoicesOut,
    CloseIn,
    ColleagueOut,
    ColleaguesOut,
    HandoffDetail,
    HandoffPage,
    NoteIn,
    OutcomeOut,
    QueueOut,
    ReadyReplyOut,
    ReplyIn,
    SaidOut,
    TransferIn,
)
from api.advisers.service import SignedIn
from api.context import Context, Ctx
from api.conversations import service as conversations
from api.conversations import turns
from api.conversations.models import Conversation, Message
from api.conversations.service import Draft
from api.conversations.signals import ADVISERS
from api.database import now
from api.handoff import outcomes, presence
from api.handoff import service as handoffs
from api.handoff.models import Handoff, Note
from api.handoff.states import IllegalTransition, Status
from api.problems import Problem

router = APIRouter(
    prefix="/adviser/api",
    tags=["adviser"],
    responses=RESPONSES,
)

HEARTBEAT_S = 15
LONGEST_WAIT_S = 60
LOOK_AGAIN_S = 10.0
TYPING_THROTTLE_S = 2.0

Reader = Annotated[SignedIn, Depends(require(Permission.SEE_TALKS))]
Answering = Annotated[SignedIn, Depends(require_acting(Permission.ANSWER_TALKS))]


@router.get("/handoffs", summary="Requests for a person")
async def list_handoffs(context: Ctx, me: Reader, view: Annotated[console.View, Query()] = "open") -> HandoffPage:
    """Requests of a view, urgent ones first."""
    async with context.database.read() as session:
        return HandoffPage(items=await console.items(session, view=view, me=me.adviser))


@asynccontextmanager
async def _locked(context: Context, handoff_id: UUID) -> AsyncIterator[tuple[AsyncSession, Conversation, Handoff]]:
    """A transaction with the handoff's talk locked.

    Raises:
        Problem: 404 when there is no such handoff, 409 for what its state does not allow.
    """
    conversation_id = ""
    try:
        async with context.database.write() as session:
            conversation_id = (
                await session.scalar(select(Handoff.conversation_id).where(Handoff.id == str(handoff_id))) or ""
            )
            conversation = await conversations.lock(session, conversation_id) if conversation_id else None
            handoff = await session.get(Handoff, str(handoff_id)) if conversation else None
            if conversation is None or handoff is None:
                raise Problem(404, "handoff_not_found")
            yield session, conversation, handoff
    except IllegalTransition:
        raise Problem(409, "handoff_state") from None
    context.signals.changed(conversation_id)


def _mine_to_pass_on(handoff: Handoff, me: SignedIn) -> None:
    """One's own talk, or anybody's for those who look after the others'."""
    if not (handoff.status == Status.ACCEPTED and may(me.adviser.role, Permission.MANAGE_OTHERS_TALKS)):
        _mine(handoff, me)


def _mine(handoff: Handoff, me: SignedIn) -> None:
    if handoff.status != Status.ACCEPTED:
        raise Problem(409, "handoff_state")
    if handoff.accepted_by != me.adviser.id:
        raise Problem(409, "handoff_not_yours")


@router.get("/handoffs/{handoff_id}", summary="One request")
async def get_handoff(context: Ctx, me: Reader, handoff_id: UUID) -> HandoffDetail:
    """A request with what the resident agreed to pass on. Reading it is audited."""
    async with context.database.read() as session:
        handoff = await session.get(Handoff, str(handoff_id))
        if handoff is None:
            raise Problem(404, "handoff_not_found")
        found = await console.detail(session, handoff, me=me.adviser)
    last = found.messages[-1].seq if found.messages else 0
    async with context.database.write() as session:
        row = await session.get(Handoff, str(handoff_id))
        if row is not None:
            await service.audit_reading(session, adviser_id=me.adviser.id, handoff_id=row.id)
            if found.accepted_by_me and last > row.read_seq:
                row.read_seq = last
    return found


@router.post("/handoffs/{handoff_id}/accept", summary="Take a talk")
async def accept(context: Ctx, me: Answering, handoff_id: UUID) -> HandoffDetail:
    """Take a talk from the queue; 409 when another adviser has it. The resident is told who came."""
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        if handoff.status == Status.ACCEPTED and handoff.accepted_by != me.adviser.id:
            raise Problem(409, "handoff_taken")
        if handoff.status != Status.ACCEPTED:
            await handoffs.accept(
                session,
                settings=context.settings,
                conversation=conversation,
                handoff=handoff,
                adviser_id=me.adviser.id,
                name=me.adviser.display_name,
            )
            service.audit(session, "accept", adviser_id=me.adviser.id, handoff_id=handoff.id)
        found = await console.detail(session, handoff, me=me.adviser)
        handoff.read_seq = conversation.last_seq
    return found


@router.post("/handoffs/{handoff_id}/release", status_code=204, summary="Give a talk back to the queue")
async def release(context: Ctx, me: Answering, handoff_id: UUID) -> Response:
    """Give a talk back; it keeps its place, and the resident is told. A supervisor may give back anybody's."""
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        _mine_to_pass_on(handoff, me)
        holder = handoff.accepted_by if handoff.accepted_by != me.adviser.id else None
        await handoffs.release(session, conversation=conversation, handoff=handoff)
        service.audit(session, "release", adviser_id=me.adviser.id, target_id=holder, handoff_id=handoff.id)
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/transfer", status_code=204, summary="Hand a talk to a colleague")
async def transfer(context: Ctx, me: Answering, handoff_id: UUID, body: TransferIn) -> Response:
    """Hand a talk to a colleague who is at the console now; 409 when they are not. The resident is told to whom. A
    supervisor may transfer anybody's.
    """
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        _mine_to_pass_on(handoff, me)
        colleague = next((one for one in await presence.present(session) if one.id == body.to), None)
        if colleague is None or colleague.id == handoff.accepted_by:
            raise Problem(409, "adviser_not_present")
        await handoffs.transfer(
            session,
            conversation=conversation,
            handoff=handoff,
            adviser_id=colleague.id,
            name=colleague.display_name,
        )
        service.audit(session, "transfer", adviser_id=me.adviser.id, target_id=colleague.id, handoff_id=handoff.id)
    return Response(status_code=204)


@router.get("/colleagues", summary="Who else is at the console")
async def colleagues(context: Ctx, me: Reader) -> ColleaguesOut:
    """Other advisers who are present, by name."""
    async with context.database.read() as session:
        others = [one for one in await presence.present(session) if one.id != me.adviser.id]
    return ColleaguesOut(items=[ColleagueOut(id=one.id, display_name=one.display_name) for one in others])


@router.post("/presence", status_code=204, summary="A sign of life")
async def be_present(context: Ctx, me: Answering) -> Response:
    """The console is attended. Sent for each event `beat`, and every few seconds without a stream."""
    async with context.database.write() as session:
        await presence.seen(session, me.adviser.id)
    return Response(status_code=204)


@router.delete("/presence", status_code=204, summary="Gone for now")
async def be_gone(context: Ctx, me: Answering) -> Response:
    """The adviser leaves the console: no new talk is transferred to them. What they hold stays theirs until they have
    been away for the set time.
    """
    async with context.database.write() as session:
        await presence.left(session, me.adviser.id)
    return Response(status_code=204)


@router.get("/choices", summary="Outcomes and ready replies")
async def choices(context: Ctx, _me: Reader) -> ChoicesOut:
    """What an adviser can choose from: how a talk ends, and texts to begin a reply with."""
    return ChoicesOut(
        outcomes=[OutcomeOut(id=key, label=texts["label"]) for key, texts in outcomes.outcomes().items()],
        ready_replies=[
            ReadyReplyOut(title=reply.title, text=reply.text)
            for reply in outcomes.ready_replies(context.settings.ready_replies_file)
        ],
    )


@router.post("/handoffs/{handoff_id}/messages", summary="Reply to the resident")
async def reply(context: Ctx, me: Answering, handoff_id: UUID, body: ReplyIn) -> SaidOut:
    """Say something to the resident. The same ``client_id`` again gives the same message and says nothing twice."""
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        said: Message | None = await session.scalar(
            select(Message).where(Message.conversation_id == conversation.id, Message.client_id == str(body.client_id))
        )
        if said is None:
            _mine(handoff, me)
            draft = Draft("adviser", body.text, client_id=str(body.client_id))
            [said] = await conversations.append(session, conversation=conversation, drafts=[draft])
            conversation.adviser_typing_at = None
            handoff.read_seq = conversation.last_seq
            await presence.seen(session, me.adviser.id)
            service.audit(session, "message", adviser_id=me.adviser.id, handoff_id=handoff.id)
        return console.said_out(said)


@router.post("/handoffs/{handoff_id}/typing", status_code=204, summary="The adviser is writing")
async def typing(context: Ctx, me: Answering, handoff_id: UUID) -> Response:
    """Tell the resident that the adviser is writing."""
    async with _locked(context, handoff_id) as (_session, conversation, handoff):
        _mine(handoff, me)
        at, before = now(), conversation.adviser_typing_at
        if before is None or (at - before).total_seconds() >= TYPING_THROTTLE_S:
            conversation.adviser_typing_at = at
            conversations.touch(conversation)
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/close", status_code=204, summary="End a talk")
async def close(context: Ctx, me: Answering, handoff_id: UUID, body: CloseIn) -> Response:
    """End a talk. The resident sees how, what was agreed and the services, and the bot says how to go on."""
    catalogue = await context.catalogue.catalogue(context.database)
    agreed = [catalogue.service(one) for one in dict.fromkeys(body.services)]
    if None in agreed:
        raise Problem(422, "invalid")
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        _mine(handoff, me)
        await handoffs.close(
            session,
            settings=context.settings,
            conversation=conversation,
            handoff=handoff,
            outcome=body.outcome,
            text=body.text,
            services=[console.service_card(one) for one in agreed if one is not None],
        )
        service.audit(session, "close", adviser_id=me.adviser.id, handoff_id=handoff.id)
        conversation_id = conversation.id
    context.spawn(turns.resume_with_bot(context, conversation_id))
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/callback", status_code=204, summary="Say what came of a call")
async def callback(context: Ctx, me: Answering, handoff_id: UUID, body: CallIn) -> Response:
    """Done ends the request; missed leaves it in the list. The resident is told either way, the note is not shown."""
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        await handoffs.record_call(
            session,
            settings=context.settings,
            conversation=conversation,
            handoff=handoff,
            adviser_id=me.adviser.id,
            result=body.result,
        )
        if body.note:
            session.add(Note(handoff_id=handoff.id, adviser_id=me.adviser.id, text=body.note, at=now()))
        service.audit(session, f"callback_{body.result}", adviser_id=me.adviser.id, handoff_id=handoff.id)
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/notes", status_code=204, summary="Add a private note")
async def add_note(context: Ctx, me: Answering, handoff_id: UUID, body: NoteIn) -> Response:
    """Add a note that only advisers see."""
    async with _locked(context, handoff_id) as (session, _conversation, handoff):
        session.add(Note(handoff_id=handoff.id, adviser_id=me.adviser.id, text=body.text, at=now()))
        service.audit(session, "note", adviser_id=me.adviser.id, handoff_id=handoff.id)
    return Response(status_code=204)


@router.get(
    "/events",
    summary="What happens, as it happens",
    responses={200: {"description": "An event stream, or JSON with `wait`.", "model": AdviserPolled}},
)
async def get_events(
    context: Ctx,
    me: Reader,
    last_event_id: Annotated[str | None, Header()] = None,
    wait: Annotated[float | None, Query(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="A cursor that an answer gave.")] = None,
) -> Response:
    """Server-sent events `queue` (counts), `message` (that there is one in an open chat, by `handoff_id`; the request
    has what it says), `typing` and `beat`, which asks for a sign of life; their id is the cursor. With `wait`, one JSON
    answer. A message may come twice: `seq` tells.
    """
    if after is None and last_event_id and last_event_id.isascii() and last_event_id.isdigit():
        after = min(int(last_event_id[:16]), 2**53)
    if wait is not None:
        polled = await _poll(context, after, wait)
        return Response(polled.model_dump_json(), media_type="application/json")
    return EventSourceResponse(_stream(context, me, after), ping=HEARTBEAT_S, headers={"Cache-Control": "no-store"})


async def _news(context: Context, after: int | None) -> AdviserPolled:
    async with context.database.read() as session:
        return await console.news(session, after=after)


async def _poll(context: Context, after: int | None, wait_s: float) -> AdviserPolled:
    deadline = time.monotonic() + wait_s
    with context.signals.subscribe(ADVISERS) as subscription:
        first = await _news(context, after)
        # The overlap of cursors repeats the last seconds' messages; only what is new since then ends the wait.
        fresh = first
        known = {(message.handoff_id, message.seq) for message in first.messages} if after is not None else set()
        if after is None or any(console.cursor_of(message.at) > after for message in first.messages):
            return first
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return fresh
            await subscription.wait(min(left, LOOK_AGAIN_S))
            fresh = await _news(context, after)
            new = {(message.handoff_id, message.seq) for message in fresh.messages} - known
            if new or fresh.queue != first.queue or fresh.typing != first.typing:
                return fresh


async def _stream(context: Context, me: SignedIn, after: int | None) -> AsyncIterator[ServerSentEvent]:
    queue: QueueOut | None = None
    changed = True
    typing_in: list[str] = []
    sent: dict[str, int] = {}
    cursor = after if after is not None else console.cursor_of(now())
    beat_at = time.monotonic()
    with context.signals.subscribe(ADVISERS) as subscription:
        while True:
            async with context.database.read() as session:
                role = await service.role_now(session, me)
            if role is None or not may(role, Permission.SEE_TALKS):
                return
            fresh = await _news(context, cursor)
            cursor = fresh.cursor
            for message in fresh.messages:
                if message.seq > sent.get(message.handoff_id, 0):
                    sent[message.handoff_id] = message.seq
                    yield ServerSentEvent(message.model_dump_json(), event="message", id=str(cursor))
            if changed or fresh.queue != queue:
                # Lists also change without their lengths changing, so a change of anything is told.
                queue = fresh.queue
                yield ServerSentEvent(queue.model_dump_json(), event="queue", id=str(cursor))
            for handoff_id in fresh.typing:
                if handoff_id not in typing_in:
                    yield ServerSentEvent(f'{{"handoff_id":"{handoff_id}"}}', event="typing")
            typing_in = fresh.typing
            if time.monotonic() >= beat_at:
                # Answered by a call: a page in the background gets events at once, but its timers seldom.
                beat_at = time.monotonic() + presence.BEAT_S
                yield ServerSentEvent("{}", event="beat")
            changed = await subscription.wait(min(LOOK_AGAIN_S, max(0.0, beat_at - time.monotonic())))
