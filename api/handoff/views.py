"""``POST /webhooks/handoff``: a signed request for a person."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from standardwebhooks.webhooks import WebhookVerificationError

from api.context import Context, Ctx
from api.conversations import service as conversations
from api.database import now
from api.deliveries.service import rfc3339
from api.handoff import service
from api.handoff.models import Receipt
from api.handoff.opening_hours import in_words, is_open, next_open
from api.handoff.schemas import HandoffTaken, HandoffWebhook
from api.handoff.states import Status
from api.problems import Problem, documented

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
        context.signer.verify(content, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):
        # The library lets a malformed signature header through as a ValueError.
        raise Problem(401, "webhook_signature") from None
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise Problem(400, "malformed") from None


def closed_now(context: Context) -> Problem:
    """409 with the next opening time, so that the asker can offer a callback."""
    at = now()
    opening = next_open(context.hours, at)
    return Problem(
        409,
        "closed_now",
        next_open=rfc3339(opening) if opening else None,
        next_open_text=in_words(opening, at) if opening else None,
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
        if kind == "chat" and not waits_already and not is_open(context.hours, now()):
            raise closed_now(context)
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
                await service.queued_message(session, handoff)
                if handoff.status == Status.QUEUED
                else service.callback_message()
            )
            await conversations.append(session, conversation=conversation, drafts=[said])
        answer = HandoffTaken.model_validate(
            {
                "handoff_id": handoff.id,
                "status": handoff.status,
                "place": await service.place(session, handoff),
                "estimate_s": await service.estimate_s(session),
            }
        )
        session.add(
            Receipt(
                webhook_id=webhook_id, conversation_id=conversation_id, answer=answer.model_dump(mode="json"), at=now()
            )
        )
    context.signals.changed(conversation_id)
    return answer
