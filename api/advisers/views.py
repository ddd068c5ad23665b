"""The JSON interface of the advisers' console, under ``/adviser/api``."""

from __future__ import annotations

import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Cookie, Depends, Header, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.advisers import console, service
from api.advisers.models import Adviser
from api.advisers.schemas import (
    AdviserPolled,
    CallIn,
    CloseIn,
    HandoffDetail,
    HandoffPage,
    NoteIn,
    QueueOut,
    ReplyIn,
    SaidOut,
    SessionOut,
    SignIn,
)
from api.advisers.service import SignedIn
from api.context import Context, Ctx
from api.conversations import service as conversations
from api.conversations import turns
from api.conversations.models import Conversation, Message
from api.conversations.service import Draft
from api.conversations.signals import ADVISERS
from api.database import now
from api.handoff import service as handoffs
from api.handoff.models import Handoff, Note
from api.handoff.states import IllegalTransition, Status
from api.problems import Problem, documented

router = APIRouter(
    prefix="/adviser/api",
    tags=["adviser"],
    responses={401: documented("Nobody is signed in."), 403: documented("`X-CSRF-Token` is missing or wrong.")},
)

COOKIE = "tienviitta_adviser"
HEARTBEAT_S = 15
LONGEST_WAIT_S = 60
LOOK_AGAIN_S = 10.0
TYPING_THROTTLE_S = 2.0


async def _signed_in(context: Ctx, tienviitta_adviser: Annotated[str | None, Cookie()] = None) -> SignedIn:
    if tienviitta_adviser:
        async with context.database.read() as session:
            found = await service.who(session, tienviitta_adviser)
        if found is not None:
            return found
    raise Problem(401, "sign_in_again")


Me = Annotated[SignedIn, Depends(_signed_in)]


async def _acting(me: Me, x_csrf_token: Annotated[str | None, Header()] = None) -> SignedIn:
    """Signed in, and the call was made by our own page."""
    sent = (x_csrf_token or "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(sent, me.csrf_token.encode()):
        raise Problem(403, "csrf")
    return me


Acting = Annotated[SignedIn, Depends(_acting)]


def _session_out(adviser: Adviser, csrf_token: str) -> SessionOut:
    return SessionOut(
        username=adviser.username, display_name=adviser.display_name, role=adviser.role, csrf_token=csrf_token
    )


@router.post("/session", summary="Sign in")
async def sign_in(context: Ctx, request: Request, response: Response, body: SignIn) -> SessionOut:
    """Sign in; the session is a cookie. 429 after too many failures."""
    address = request.client.host if request.client else "unknown"
    async with context.database.read() as session:
        limited = await service.too_many_failures(session, username=body.username, address=address)
        adviser = None if limited else await service.by_username(session, body.username)
    if limited:
        wait = str(int(service.FAILURE_WINDOW.total_seconds()))
        raise Problem(429, "too_many", headers={"Retry-After": wait})
    if not await service.check_password(adviser, body.password) or adviser is None:
        async with context.database.write() as session:
            service.audit(session, service.SIGN_IN_FAILED, username=body.username, address=address)
        raise Problem(401, "sign_in_failed")
    hours = context.settings.adviser_session_hours
    async with context.database.write() as session:
        token = service.begin_session(session, adviser=adviser, hours=hours)
        service.audit(session, service.SIGN_IN, adviser_id=adviser.id, address=address)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(hours * 3600),
        path="/adviser",
        httponly=True,
        samesite="strict",
        secure=context.settings.url.startswith("https://"),
    )
    return _session_out(adviser, service.csrf_of(token))


@router.get("/session", summary="Who is signed in")
async def get_session(me: Me) -> SessionOut:
    """Who is signed in; 401 when nobody is."""
    return _session_out(me.adviser, me.csrf_token)


@router.delete("/session", status_code=204, summary="Sign out")
async def sign_out(context: Ctx, me: Acting) -> Response:
    """Sign out."""
    async with context.database.write() as session:
        await service.end_session(session, me.session_hash)
        service.audit(session, service.SIGN_OUT, adviser_id=me.adviser.id)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/adviser", httponly=True, samesite="strict")
    return response


@router.get("/handoffs", summary="Requests for a person")
async def list_handoffs(context: Ctx, me: Me, view: Annotated[console.View, Query()] = "open") -> HandoffPage:
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


def _mine(handoff: Handoff, me: SignedIn) -> None:
    if handoff.status != Status.ACCEPTED:
        raise Problem(409, "handoff_state")
    if handoff.accepted_by != me.adviser.id:
        raise Problem(409, "handoff_not_yours")


@router.get("/handoffs/{handoff_id}", summary="One request")
async def get_handoff(context: Ctx, me: Me, handoff_id: UUID) -> HandoffDetail:
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
async def accept(context: Ctx, me: Acting, handoff_id: UUID) -> HandoffDetail:
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
async def release(context: Ctx, me: Acting, handoff_id: UUID) -> Response:
    """Give a talk back; it keeps its place, and the resident is told."""
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        _mine(handoff, me)
        await handoffs.release(session, conversation=conversation, handoff=handoff)
        service.audit(session, "release", adviser_id=me.adviser.id, handoff_id=handoff.id)
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/messages", summary="Reply to the resident")
async def reply(context: Ctx, me: Acting, handoff_id: UUID, body: ReplyIn) -> SaidOut:
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
            service.audit(session, "message", adviser_id=me.adviser.id, handoff_id=handoff.id)
        return console.said_out(said)


@router.post("/handoffs/{handoff_id}/typing", status_code=204, summary="The adviser is writing")
async def typing(context: Ctx, me: Acting, handoff_id: UUID) -> Response:
    """Tell the resident that the adviser is writing."""
    async with _locked(context, handoff_id) as (_session, conversation, handoff):
        _mine(handoff, me)
        at, before = now(), conversation.adviser_typing_at
        if before is None or (at - before).total_seconds() >= TYPING_THROTTLE_S:
            conversation.adviser_typing_at = at
            conversations.touch(conversation)
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/close", status_code=204, summary="End a talk")
async def close(context: Ctx, me: Acting, handoff_id: UUID, body: CloseIn) -> Response:
    """End a talk. The resident sees what was agreed, and the bot says how to go on."""
    async with _locked(context, handoff_id) as (session, conversation, handoff):
        _mine(handoff, me)
        await handoffs.close(
            session,
            settings=context.settings,
            conversation=conversation,
            handoff=handoff,
            outcome=body.outcome,
            text=body.text,
        )
        service.audit(session, "close", adviser_id=me.adviser.id, handoff_id=handoff.id)
        conversation_id = conversation.id
    context.spawn(turns.resume_with_bot(context, conversation_id))
    return Response(status_code=204)


@router.post("/handoffs/{handoff_id}/callback", status_code=204, summary="Say what came of a call")
async def callback(context: Ctx, me: Acting, handoff_id: UUID, body: CallIn) -> Response:
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
async def add_note(context: Ctx, me: Acting, handoff_id: UUID, body: NoteIn) -> Response:
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
    me: Me,
    last_event_id: Annotated[str | None, Header()] = None,
    wait: Annotated[float | None, Query(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="A cursor that an answer gave.")] = None,
) -> Response:
    """Server-sent events `queue` (counts), `message` (of open chats, with `handoff_id`) and `typing`; their id is the
    cursor. With `wait`, one JSON answer. A message may come twice: `seq` tells.
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
    with context.signals.subscribe(ADVISERS) as subscription:
        while True:
            async with context.database.read() as session:
                adviser = await session.get(Adviser, me.adviser.id)
                if adviser is None or adviser.disabled_at is not None:
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
            changed = await subscription.wait(LOOK_AGAIN_S)
