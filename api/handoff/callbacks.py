"""Being called or written to: asked about by the api itself, without the dialogue.

It is needed where the dialogue is silent or down: from the queue, after a wait that nobody ended, and for changing a
request that stands. One thing is asked at a time; ``Conversation.asking`` says which. What is passed on is what the
resident agreed to before: this asks for no more than the contact and the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import phonenumbers
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.conversations import service as conversations
from api.conversations.models import Conversation
from api.conversations.service import Draft
from api.handoff import service
from api.handoff.models import Handoff
from api.handoff.schemas import Consent, Contact, HandoffData
from api.handoff.states import Event, Status, after
from api.health import metrics
from api.privacy.redaction import find, redact
from api.texts import node, say
from settings import Settings

CONTACT = "handoff_contact"
TIME = "callback_time"
"""What is asked; the names are those of the dialogue's own questions."""

PREFIX = "/callback_"
CONTACT_PAYLOAD = service.CALLBACK_PAYLOAD
TIME_PAYLOAD = "/callback_time"
KEEP_PAYLOAD = "/callback_keep"
WISH_PAYLOAD = "/callback_wish "
TIME_MAX_CHARS = 200


@dataclass(frozen=True)
class Given:
    """A contact that was found in a text."""

    phone: str | None = None
    email: str | None = None


def _number(part: str) -> str:
    """A phone number as +358…"""
    try:
        return phonenumbers.format_number(phonenumbers.parse(part, "FI"), phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:  # written in words; the adviser can read it
        return part.strip()


def contact_in(text: str) -> Given | None:
    """The phone number (as +358…) or e-mail address in ``text``; None when there is neither."""
    phone = email = None
    for found in find(text):
        part = text[found.start : found.end]
        if found.kind == "phone" and phone is None:
            phone = _number(part)
        elif found.kind == "email" and email is None:
            email = part.strip()
    return Given(phone, email) if phone or email else None


def leave_out(document: Any, contact: Mapping[str, Any]) -> Any:
    """A text, or a document of texts, without this contact, however it is written there.

    Other numbers and addresses stay: those of services and of help lines.
    """
    if isinstance(document, str):
        return _without(document, contact)
    if isinstance(document, list):
        return [leave_out(item, contact) for item in document]
    if isinstance(document, dict):
        return {key: leave_out(item, contact) for key, item in document.items()}
    return document


def _without(text: str, contact: Mapping[str, Any]) -> str:
    phone, email = _number(str(contact.get("phone") or "")), str(contact.get("email") or "").casefold()
    out, position = [], 0
    for found in find(text):
        part = text[found.start : found.end]
        if (found.kind == "phone" and _number(part) == phone) or (
            found.kind == "email" and part.strip().casefold() == email
        ):
            out += [text[position : found.start], say(f"placeholders.{found.kind}")]
            position = found.end
    return "".join([*out, text[position:]])


def buttons() -> list[dict[str, str]]:
    """What can be done with a request that stands."""
    return [
        {"title": say("buttons.callback_contact"), "payload": CONTACT_PAYLOAD},
        {"title": say("buttons.callback_time"), "payload": TIME_PAYLOAD},
        service.cancel_button(),
    ]


def confirmation(handoff: Handoff) -> Draft:
    """The one confirmation: whom, when, and how to change or withdraw it."""
    contact = handoff.contact or {}
    where = ", ".join(part for part in (contact.get("phone"), contact.get("email")) if part)
    if not where:
        return Draft("system", say("handoff.callback_noted"), buttons())
    when = handoff.wished_time or say("handoff.callback_any_time")
    return Draft("system", say("handoff.callback_confirmed", where=where, when=when.rstrip(" .")), buttons())


async def before(session: AsyncSession, conversation: Conversation) -> Handoff | None:
    """The latest request of this talk, whose consent still holds."""
    found: Handoff | None = await session.scalar(
        select(Handoff).where(Handoff.conversation_id == conversation.id).order_by(Handoff.requested_at.desc()).limit(1)
    )
    return found


def _keep_button(conversation: Conversation, standing: Handoff | None) -> list[dict[str, str]]:
    if conversation.status == Status.QUEUED:
        return [{"title": say("buttons.keep_waiting"), "payload": KEEP_PAYLOAD}]
    return [{"title": say("buttons.callback_keep"), "payload": KEEP_PAYLOAD}] if standing else []


async def ask_contact(session: AsyncSession, conversation: Conversation) -> Draft:
    """Ask where to call or write to."""
    conversation.asking = CONTACT
    standing = await service.open_callback(session, conversation.id)
    return Draft("system", say("handoff.ask_contact"), _keep_button(conversation, standing))


def _ask_time(conversation: Conversation) -> Draft:
    conversation.asking = TIME
    wishes: list[str] = node("callback_wishes")
    return Draft(
        "system",
        say("handoff.ask_time"),
        [{"title": title, "payload": WISH_PAYLOAD + title[0].lower() + title[1:]} for title in wishes],
    )


async def pressed(session: AsyncSession, conversation: Conversation, payload: str) -> Draft | None:
    """What a button of this module leads to; None when it is not one, or is an adviser's to answer."""
    if conversation.status == Status.ACCEPTED:
        return None
    standing = await service.open_callback(session, conversation.id)
    if payload == CONTACT_PAYLOAD:
        return await ask_contact(session, conversation)
    if payload == TIME_PAYLOAD:
        return _ask_time(conversation) if standing else _nothing_to_change()
    if payload.startswith(WISH_PAYLOAD):
        conversation.asking = None
        if standing is None:
            return _nothing_to_change()
        change(conversation, standing, wished_time=payload.removeprefix(WISH_PAYLOAD))
        return confirmation(standing)
    if payload == KEEP_PAYLOAD:
        conversation.asking = None
        if conversation.status == Status.QUEUED:
            return Draft("system", say("handoff.kept_waiting"), [service.callback_button(), service.cancel_button()])
        return Draft("system", say("handoff.callback_kept"), buttons()) if standing else _nothing_to_change()
    return None


def _nothing_to_change() -> Draft:
    return Draft("system", say("handoff.no_callback"), [service.callback_button()])


async def answered(session: AsyncSession, *, settings: Settings, conversation: Conversation, text: str) -> Draft | None:
    """Take ``text`` as the answer to what was asked.

    Returns:
        What to say; or None when it is no answer: then whoever has the talk answers it, and nothing is asked any more.
    """
    asked, conversation.asking = conversation.asking, None
    standing = await service.open_callback(session, conversation.id)
    if asked == TIME and standing is not None:
        given = contact_in(text)
        if given is not None:
            change(conversation, standing, phone=given.phone, email=given.email)
        else:
            change(conversation, standing, wished_time=redact(text).text.strip()[:TIME_MAX_CHARS])
        return confirmation(standing)
    if asked != CONTACT:
        return None
    given = contact_in(text)
    if given is None:
        if sum(character.isdigit() for character in text) < 5 and "@" not in text:
            return None
        conversation.asking = CONTACT
        return Draft("system", say("handoff.contact_not_found"), _keep_button(conversation, standing))
    if standing is not None:
        change(conversation, standing, phone=given.phone, email=given.email)
        return confirmation(standing)
    await place_request(session, settings=settings, conversation=conversation, given=given)
    return _ask_time(conversation)


async def place_request(
    session: AsyncSession,
    *,
    settings: Settings,
    conversation: Conversation,
    given: Given,
    wished_time: str | None = None,
) -> Handoff:
    """Ask to be called or written to, under the consent of the request before."""
    latest = await before(session, conversation)
    scope = latest.consent_scope if latest else "summary"
    version = latest.consent_version if latest else say("consent_version")
    data = HandoffData.model_validate(
        {
            "conversation_id": conversation.id,
            "consent": Consent.model_validate({"scope": scope, "text_version": version}),
            "contact": Contact(phone=given.phone, email=given.email),
            "name": latest.name if latest else None,
            "wished_time": wished_time,
            "urgent": latest.urgent if latest else None,
        }
    )
    return await service.request(session, settings=settings, conversation=conversation, kind="callback", data=data)


def change(
    conversation: Conversation,
    handoff: Handoff,
    *,
    phone: str | None = None,
    email: str | None = None,
    wished_time: str | None = None,
) -> None:
    """Change a request that stands; what is not given stays. A new contact replaces the old one.

    Raises:
        IllegalTransition: when it does not stand any more.
    """
    handoff.status = after(handoff.status, Event.CHANGE_CALLBACK)
    if phone or email:
        handoff.contact = Contact(phone=phone, email=email).model_dump(exclude_none=True)
    if wished_time is not None:
        handoff.wished_time = wished_time
    conversations.touch(conversation)
    metrics.HANDOFF_EVENTS.labels("callback.changed").inc()
