"""``POST /webhooks/handoff``: a signed request for a person."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from api.context import Context, Ctx
from api.conversations import service as conversations
from api.conversations.schemas import Answer
from api.conversations.views import RESPONSES, Authorization, authorise
from api.database import now
from api.deliveries.service import rfc3339
from api.handoff import callbacks, service
from api.handoff.models import Receipt
from api.handoff.opening_hours import Hours, in_words, is_open, next_open
from api.handoff.schemas import CallbackIn, HandoffTaken, HandoffWebhook
from api.handoff.states import FINISHED, Event, Status, after
from api.privacy.redaction import redact
from api.problems import Problem, documented
from api.texts import say
from settings.signing import BadSignature

router = APIRouter(tags=["handoff"])
WEBHOOK_ID_MAX = 200


def verified(context: Context, headers: dict[str, str], body: bytes) -> Any:
    """The JSON document of a webhook whose signature and time are good.

    Raises:
        Problem: 400 when it is not UTF-8 or not JSON, 401 when it is forged, stale or unsigned.
    """
    try:
        content = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "webhook_encoding") from None
    try:
        context.signer.verify(content, headers)
    except BadSignature:
        raise Problem(401, "webhook_signature") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed") from None


def closed_now(hours: Hours | None) -> Problem:
    """409 with the next opening time, so that the asker can offer a callback."""
    at = now()
    opening = next_open(hours, at)
    return Problem(
        409,
        "closed_now",
        next_open=rfc3339(opening) if opening else None,
        next_open_text=say("handoff.they_open", when=in_words(opening, at)) if opening else None,
    )


@router.post(
    "/webhooks/handoff",
    status_code=202,
    summary="Ask for a person, on behalf of a resident",
    responses={
        400: documented("Not UTF-8, or not JSON."),
        401: documented("Unsigned, forged, or more than five minutes old."),
        404: documented("No such talk."),
        409: documented("Advisers are not there; `next_open`, `next_open_text` say when they are."),
        422: documented("Fields that do not fit."),
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/HandoffWebhook"}}},
        }
    },
)
async def take_handoff(context: Ctx, request: Request) -> HandoffTaken:
    """Take a request, signed as Standard Webhooks 1.0. The same ``webhook-id`` again gets the same answer. It takes
    no lock of a turn: it arrives while the turn that caused it is still open.
    """
    document = verified(context, dict(request.headers), await request.body())
    webhook_id = request.headers["webhook-id"]
    try:
        body = HandoffWebhook.model_validate(document)
    except ValidationError:
        raise Problem(422, "invalid") from None
    if len(webhook_id) > WEBHOOK_ID_MAX:
        raise Problem(422, "invalid")
    try:
        answer = await _requested(context, body, webhook_id)
    except IntegrityError:
        # The id came for another talk at the same moment, which no lock of this talk can see. The first one counts.
        async with context.database.read() as session:
            receipt = await session.get(Receipt, webhook_id)
        if receipt is None:
            raise
        return HandoffTaken.model_validate(receipt.answer)
    context.signals.changed(str(body.data.conversation_id))
    return answer


async def _requested(context: Context, body: HandoffWebhook, webhook_id: str) -> HandoffTaken:
    """Take the request, or find the answer that its id was given before."""
    data = body.data
    kind = "callback" if body.type == "callback.requested" or data.kind == "callback" else "chat"
    conversation_id = str(data.conversation_id)
    async with context.database.write() as session:
        # The talk's row is locked first: two copies of one webhook take turns here, and the second finds the receipt.
        conversation = await conversations.lock(session, conversation_id)
        if conversation is None:
            raise Problem(404, "not_found")
        receipt = await session.get(Receipt, webhook_id)
        if receipt is not None:
            return HandoffTaken.model_validate(receipt.answer)
        waits_already = await service.open_chat(session, conversation_id) is not None
        hours = service.hours_for(context.hours, conversation, data.answers)
        if kind == "chat" and not waits_already and not is_open(hours, now()):
            raise closed_now(hours)
        handoff = await service.request(
            session,
            settings=context.settings,
            conversation=conversation,
            kind="callback" if kind == "callback" else "chat",
            data=data,
        )
        turn_is_open = conversation.turn_until is not None and conversation.turn_until > now()
        if not turn_is_open and not waits_already:
            # Nobody else is about to tell the resident: the request came from outside the talk.
            said = (
                await service.queued_message(session, handoff, hours=hours)
                if handoff.status == Status.QUEUED
                else callbacks.confirmation(handoff)
            )
            await conversations.append(session, conversation=conversation, drafts=[said])
        answer = HandoffTaken.model_validate(
            {
                "handoff_id": handoff.id,
                "status": handoff.status,
                "place": await service.place(session, handoff),
                "estimate_s": await service.estimate_s(session, handoff),
            }
        )
        session.add(
            Receipt(
                webhook_id=webhook_id, conversation_id=conversation_id, answer=answer.model_dump(mode="json"), at=now()
            )
        )
    return answer


@router.put(
    "/api/v1/conversations/{conversation_id}/handoff/callback",
    summary="Ask to be called or written to, or change that",
    responses=RESPONSES | {409: documented("Nobody has agreed yet to what is passed on; ask for a person first.")},
)
async def put_callback(
    context: Ctx, conversation_id: UUID, body: CallbackIn, authorization: Authorization = None
) -> Answer:
    """From the queue, after a wait that nobody ended, or for a request that stands. The consent is the one before.

    It is withdrawn as any request is, with `POST …/handoff/cancel`.
    """
    talk_id = (await authorise(context, conversation_id, authorization)).id
    given = callbacks.contact_in(" ".join(part for part in (body.phone, body.email) if part))
    if (body.phone or body.email) and given is None:
        raise Problem(422, "contact_invalid")
    async with context.database.write() as session:
        conversation = await conversations.lock(session, talk_id)
        if conversation is None:
            raise Problem(404, "not_found")
        before = conversation.last_seq
        wished_time = redact(body.wished_time).text if body.wished_time else None
        handoff = await service.open_callback(session, talk_id)
        if handoff is not None:
            conversation.asking = None
            phone, email = (given.phone, given.email) if given else (None, None)
            callbacks.change(conversation, handoff, phone=phone, email=email, wished_time=wished_time)
        elif given is None:
            raise Problem(422, "contact_invalid")
        elif conversation.status == Status.ACCEPTED:
            raise Problem(409, "handoff_state")
        elif await callbacks.before(session, conversation) is None:
            raise Problem(409, "consent_first")
        else:
            if conversation.status in FINISHED:
                conversation.status = after(conversation.status, Event.RESIDENT_GOES_ON)
            handoff = await callbacks.place_request(
                session, settings=context.settings, conversation=conversation, given=given, wished_time=wished_time
            )
        await conversations.append(session, conversation=conversation, drafts=[callbacks.confirmation(handoff)])
        said = await conversations.messages_after(session, conversation_id=talk_id, seq=before)
        stands = await service.standing(session, conversation)
    context.signals.changed(talk_id)
    return Answer(messages=said, **stands.model_dump())
