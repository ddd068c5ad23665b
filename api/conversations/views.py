"""The chat calls of ``contract/api.md``."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Query, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from sqlalchemy import select
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.context import Context, Ctx
from api.conversations import links, service, transcript, turns
from api.conversations.models import Conversation
from api.conversations.schemas import (
    Answer,
    Created,
    Empty,
    FeedbackIn,
    MessageIn,
    MessageOut,
    Polled,
    Talk,
)
from api.database import now
from api.engine.client import START, EngineFailure
from api.handoff import service as handoffs
from api.handoff.states import FINISHED, HUMAN, Status
from api.health import metrics
from api.privacy.erasure import scrub
from api.problems import Problem, documented
from api.security import bearer_token, new_token, token_hash

router = APIRouter(prefix="/api/v1/conversations", tags=["chat"])

HEARTBEAT_S = 15
LONGEST_WAIT_S = 60
LOOK_AGAIN_S = 20.0
LOOK_AGAIN_QUEUED_S = 5.0
"""A place in the queue also changes by what happens to others."""
TYPING_THROTTLE_S = 2.0
KEPT_AS = ("application/json", "text/plain", "text/html", "application/pdf")

RESPONSES: dict[int | str, dict[str, Any]] = {
    401: documented("No token, or one that no talk has."),
    404: documented("No such talk, or the token is another talk's."),
    422: documented("Something that cannot be taken; nothing was stored."),
}

Authorization = Annotated[str | None, Header(description="`Bearer` and the token of this talk.")]


async def authorise(context: Context, conversation_id: uuid.UUID, authorization: str | None) -> Conversation:
    """The talk that the token is for.

    Raises:
        Problem: 401 without a token or with one that no talk has; 404 when it is another talk's.
    """
    token = bearer_token(authorization)
    found: Conversation | None = None
    if token:
        async with context.database.read() as session:
            found = await session.scalar(select(Conversation).where(Conversation.token_hash == token_hash(token)))
    if found is None:
        raise Problem(401, "unauthorized", headers={"WWW-Authenticate": "Bearer"})
    if found.id != str(conversation_id):
        raise Problem(404, "not_found")
    return found


@router.post("", status_code=201, summary="Begin a talk", responses=links.BEGUN)
async def create(context: Ctx, response: Response, _body: Annotated[Empty | None, Body()] = None) -> Created:
    """Begin a talk. The answer has the token, and the greeting: that this is a machine, what is stored, and the
    way to a person.
    """
    conversation_id, token = str(uuid.uuid4()), new_token()
    state = None
    failures = 0
    try:
        result = await context.engine.send(conversation_id=conversation_id, message=START, turn=0, state=None)
        drafts, state = turns.drafts_of(result), result.state
    except EngineFailure:
        drafts, failures = turns.static_greeting(context), 1
    at = now()
    async with context.database.write() as session:
        conversation = Conversation(
            id=conversation_id,
            token_hash=token_hash(token),
            created_at=at,
            changed_at=at,
            revision=0,
            last_seq=0,
            turns=0,
            status="bot",
            state=state,
            failures=failures,
            failed_input=f"payload:{START}" if failures else None,
            redaction_told=False,
        )
        session.add(conversation)
        await session.flush()
        messages = await service.append(session, conversation=conversation, drafts=drafts)
        stands = await handoffs.standing(session, conversation)
        said = [service.message_out(message) for message in messages]
    metrics.CONVERSATIONS.inc()
    response.headers["Location"] = f"/api/v1/conversations/{conversation_id}"
    return Created(id=conversation_id, token=token, messages=said, **stands.model_dump())


@router.post(
    "/{conversation_id}/messages", summary="Say something, or press a button", responses=RESPONSES | links.SAID
)
async def post_message(
    context: Ctx,
    conversation_id: uuid.UUID,
    body: Annotated[MessageIn, Body()],
    authorization: Authorization = None,
) -> Answer:
    """Say something. The answer has every reply to it, in order. While a person is waited for or holds the talk, the
    message goes to them, and their replies come as events.
    """
    await authorise(context, conversation_id, authorization)
    limit = context.settings.message_max_chars
    if body.text is not None and len(body.text) > limit:
        raise Problem(422, "text_too_long", values={"max": limit})
    return await turns.take(context, conversation_id=str(conversation_id), body=body)


@router.get("/{conversation_id}", summary="The whole talk", responses=RESPONSES)
async def get_talk(context: Ctx, conversation_id: uuid.UUID, authorization: Authorization = None) -> Talk:
    """The whole talk: messages, answers and recommendations so far."""
    await authorise(context, conversation_id, authorization)
    return await _talk(context, str(conversation_id))


async def _talk(context: Context, conversation_id: str) -> Talk:
    async with context.database.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            raise Problem(404, "not_found")
        stands = await handoffs.standing(session, conversation)
        return Talk(
            id=conversation_id,
            answers=service.answers(conversation),
            recommendations=service.recommendations(conversation),
            messages=await service.messages_after(session, conversation_id=conversation_id, seq=0),
            **stands.model_dump(),
        )


@router.post("/{conversation_id}/resume", summary="Come back to a talk", responses=RESPONSES)
async def resume(context: Ctx, conversation_id: uuid.UUID, authorization: Authorization = None) -> Answer:
    """For a page that shows a talk again. After a long silence the answer has the offer to go on where the talk was;
    otherwise nothing is said and nothing changes.
    """
    talk_id = (await authorise(context, conversation_id, authorization)).id
    async with context.database.read() as session:
        before = await session.get(Conversation, talk_id)
        seq = before.last_seq if before else 0
    await turns.resume_with_bot(context, talk_id, after_silence=True)
    async with context.database.read() as session:
        conversation = await session.get(Conversation, talk_id)
        if conversation is None:
            raise Problem(404, "not_found")
        said = await service.messages_after(session, conversation_id=talk_id, seq=seq)
        stands = await handoffs.standing(session, conversation)
    return Answer(messages=said, **stands.model_dump())


@router.delete("/{conversation_id}", status_code=204, summary="Erase the talk", responses=RESPONSES)
async def delete_talk(context: Ctx, conversation_id: uuid.UUID, authorization: Authorization = None) -> Response:
    """Erase the talk, with everything that hangs on it, in every table. The token is void from then on."""
    await authorise(context, conversation_id, authorization)
    async with context.database.write() as session:
        await service.erase(session, conversation_id=str(conversation_id))
    context.spawn(scrub(context))
    context.signals.changed(str(conversation_id))
    return Response(status_code=204)


@router.get(
    "/{conversation_id}/transcript",
    summary="The talk to keep",
    response_class=Response,
    responses=RESPONSES | {200: {"description": "As a file.", "content": {kind: {} for kind in KEPT_AS}}},
)
async def get_transcript(
    context: Ctx,
    conversation_id: uuid.UUID,
    format: Annotated[Literal["json", "txt", "html", "pdf"], Query()] = "json",
    authorization: Authorization = None,
) -> Response:
    """The talk, the answers and the recommendations, in Finnish, for the resident to keep."""
    await authorise(context, conversation_id, authorization)
    talk = await _talk(context, str(conversation_id))
    made_at = now()
    response: Response
    if format == "json":
        response = JSONResponse(transcript.as_json(talk, made_at))
    elif format == "txt":
        response = PlainTextResponse(transcript.as_text(talk, made_at))
    elif format == "pdf":
        pdf = await asyncio.to_thread(transcript.as_pdf, talk, made_at)
        response = Response(pdf, media_type="application/pdf")
    else:
        response = HTMLResponse(transcript.as_html(talk, made_at))
    response.headers["Content-Disposition"] = f'attachment; filename="tienviitta-keskustelu.{format}"'
    return response


@router.post("/{conversation_id}/handoff/cancel", summary="Take the request for a person back", responses=RESPONSES)
async def cancel_handoff(context: Ctx, conversation_id: uuid.UUID, authorization: Authorization = None) -> Answer:
    """Take back the request for a person, or end the talk with one. 409 when there is nothing to take back."""
    talk_id = (await authorise(context, conversation_id, authorization)).id
    async with context.database.write() as session:
        conversation = await service.lock(session, talk_id)
        if conversation is None:
            raise Problem(404, "not_found")
        before = conversation.last_seq
        if not await handoffs.cancel(session, settings=context.settings, conversation=conversation):
            raise Problem(409, "nothing_to_cancel")
        said = await service.messages_after(session, conversation_id=talk_id, seq=before)
        stands = await handoffs.standing(session, conversation)
    context.signals.changed(talk_id)
    return Answer(messages=said, **stands.model_dump())


@router.post("/{conversation_id}/feedback", status_code=204, summary="Say whether it helped", responses=RESPONSES)
async def post_feedback(
    context: Ctx, conversation_id: uuid.UUID, body: FeedbackIn, authorization: Authorization = None
) -> Response:
    """Say whether the talk helped. What identifies a person is left out of the text."""
    talk_id = (await authorise(context, conversation_id, authorization)).id
    async with context.database.write() as session:
        conversation = await service.lock(session, talk_id)
        if conversation is None:
            raise Problem(404, "not_found")
        await service.keep_feedback(
            session,
            conversation_id=talk_id,
            about="adviser" if conversation.status == Status.CLOSED else "bot",
            helped=body.helped,
            text=body.text,
        )
    return Response(status_code=204)


@router.post("/{conversation_id}/typing", status_code=204, summary="The resident is writing", responses=RESPONSES)
async def post_typing(context: Ctx, conversation_id: uuid.UUID, authorization: Authorization = None) -> Response:
    """Tell an adviser that the resident is writing. Of no effect while no person is involved."""
    found = await authorise(context, conversation_id, authorization)
    at = now()
    recently = found.resident_typing_at and (at - found.resident_typing_at).total_seconds() < TYPING_THROTTLE_S
    if found.status in HUMAN and not recently:
        async with context.database.write() as session:
            conversation = await service.lock(session, found.id)
            if conversation is not None:
                conversation.resident_typing_at = at
                service.touch(conversation)
        context.signals.changed(found.id)
    return Response(status_code=204)


@router.get(
    "/{conversation_id}/events",
    summary="What happens, as it happens",
    responses=RESPONSES | {200: {"description": "An event stream, or JSON with `wait`.", "model": Polled}},
)
async def get_events(
    context: Ctx,
    conversation_id: uuid.UUID,
    authorization: Authorization = None,
    last_event_id: Annotated[str | None, Header()] = None,
    wait: Annotated[
        float | None,
        Query(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False, description="Seconds; answers once, with JSON."),
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="The last `seq` that is known.")] = None,
) -> Response:
    """Server-sent events `message` (its id is `seq`), `typing` and `status`, from `Last-Event-ID` or `after` on.
    With `wait`, one JSON answer as soon as there is something new, or after so many seconds.
    """
    talk_id = (await authorise(context, conversation_id, authorization)).id
    seq = after if after is not None else _seq(last_event_id)
    if wait is not None:
        polled = await _poll(context, talk_id, seq, wait)
        return Response(polled.model_dump_json(), media_type="application/json")
    return EventSourceResponse(_stream(context, talk_id, seq), ping=HEARTBEAT_S, headers={"Cache-Control": "no-store"})


def _seq(last_event_id: str | None) -> int:
    if last_event_id and last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 10:
        return int(last_event_id)
    return 0


async def _look(context: Context, conversation_id: str, seq: int) -> Polled | None:
    """What there is after ``seq``, and where the talk stands; None when it is erased."""
    async with context.database.read() as session:
        conversation = await session.get(Conversation, conversation_id)
        if conversation is None:
            return None
        messages: list[MessageOut] = []
        if conversation.last_seq > seq:
            messages = await service.messages_after(session, conversation_id=conversation_id, seq=seq)
        stands = await handoffs.standing(session, conversation)
        return Polled(messages=messages, typing=service.typing(conversation), **stands.model_dump())


async def _poll(context: Context, conversation_id: str, seq: int, wait_s: float) -> Polled:
    deadline = time.monotonic() + wait_s
    with context.signals.subscribe(conversation_id) as subscription:
        first: Polled | None = None
        while True:
            polled = await _look(context, conversation_id, seq)
            if polled is None:
                raise Problem(404, "not_found")
            first = first or polled
            left = deadline - time.monotonic()
            changed = polled.status != first.status or polled.typing != first.typing
            if polled.messages or changed or left <= 0:
                return polled
            await subscription.wait(min(left, _look_again_s(polled)))


def _look_again_s(polled: Polled) -> float:
    return LOOK_AGAIN_S if polled.status in FINISHED or polled.status == "bot" else LOOK_AGAIN_QUEUED_S


async def _stream(context: Context, conversation_id: str, seq: int) -> AsyncIterator[ServerSentEvent]:
    standing: str | None = None
    typing: list[Literal["bot", "adviser"]] = []
    with context.signals.subscribe(conversation_id) as subscription:
        while True:
            polled = await _look(context, conversation_id, seq)
            if polled is None:
                return
            for message in polled.messages:
                seq = message.seq
                yield ServerSentEvent(message.model_dump_json(), event="message", id=str(seq))
            stands = polled.model_dump_json(exclude={"messages", "typing"})
            if stands != standing:
                standing = stands
                yield ServerSentEvent(stands, event="status")
            for who in polled.typing:
                if who not in typing or polled.messages:
                    yield ServerSentEvent(f'{{"sender":"{who}"}}', event="typing")
            typing = polled.typing
            await subscription.wait(_look_again_s(polled))
