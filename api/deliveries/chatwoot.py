"""Chatwoot as a receiver, through its public API for inboxes of the kind "API".

A talk is a contact and one conversation of it; every event is a message there, and the end of a handoff resolves the
conversation. Whatever a kill or a lost answer cuts off, the next try finds what is there already: the contact by its
``source_id``, the conversation as the contact's only one, the message by the reference in its last line.
Calls and fields: https://developers.chatwoot.com/api-reference/contacts-api/create-a-contact and its neighbours
(``tests/api/chatwoot/``).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import quote

import httpx

from api.deliveries.models import Delivery
from api.deliveries.replies import Refused, ask
from api.texts import say
from settings.receivers import Receiver

MOST_PAGES = 10
_E164 = re.compile(r"\+[1-9]\d{1,14}")
"""Chatwoot refuses a contact whose number is written otherwise; in the message it may stand as it is."""
ENDS = frozenset({"handoff.closed", "handoff.cancelled"})


async def deliver(http: httpx.AsyncClient, receiver: Receiver, delivery: Delivery) -> None:
    """Bring an event to Chatwoot; what is there already is not made again.

    Raises:
        Refused: Chatwoot does not take one of the calls.
        httpx.HTTPError: it does not answer, or not as documented.
    """
    inbox = receiver.inbox.get_secret_value() if receiver.inbox else ""
    contacts = f"{receiver.url.rstrip('/')}/public/api/v1/inboxes/{quote(inbox, safe='')}/contacts"
    source_id = await _contact(http, contacts, receiver, delivery)
    conversations = f"{contacts}/{quote(source_id, safe='')}/conversations"
    conversation = f"{conversations}/{await _conversation(http, conversations, delivery)}"
    reference = say("chatwoot.reference", id=delivery.webhook_id)
    if not await _is_there(http, conversation, reference):
        content = f"{text_of(delivery)}\n\n{reference}"
        await ask(http, "POST", f"{conversation}/messages", json={"content": content, "echo_id": delivery.webhook_id})
    if delivery.type in ENDS:
        # It resolves and never opens again: a conversation that is resolved already stays so.
        await ask(http, "POST", f"{conversation}/toggle_status", json={}, wants_answer=False)


async def _contact(http: httpx.AsyncClient, contacts: str, receiver: Receiver, delivery: Delivery) -> str:
    """The source_id of the talk's contact."""
    wanted = delivery.conversation_id
    try:
        found = await ask(http, "GET", f"{contacts}/{quote(wanted, safe='')}")
    except Refused as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise
        found = await ask(http, "POST", contacts, json=contact_of(receiver, delivery))
    return str(_field(found, "source_id"))


def contact_of(receiver: Receiver, delivery: Delivery) -> dict[str, Any]:
    """The contact of a talk. A name and a way to reach the resident only where full payloads were asked for."""
    details = delivery.details or {}
    reach = details.get("contact") or {}
    phone = str(reach.get("phone") or "")
    identifier = delivery.conversation_id
    contact = {
        "source_id": identifier,
        "identifier": identifier,
        "name": details.get("name") or say("chatwoot.nameless"),
        "email": reach.get("email"),
        "phone_number": phone if _E164.fullmatch(phone) else None,
        "custom_attributes": {"tienviitta_url": delivery.payload["data"]["url"]},
    }
    if receiver.identity_key is not None:
        key = receiver.identity_key.get_secret_value().encode()
        contact["identifier_hash"] = hmac.new(key, identifier.encode(), hashlib.sha256).hexdigest()
    return {name: value for name, value in contact.items() if value is not None}


async def _conversation(http: httpx.AsyncClient, conversations: str, delivery: Delivery) -> int:
    """The number of the contact's conversation."""
    found = await ask(http, "GET", conversations)
    if not isinstance(found, list):
        raise httpx.DecodingError("no list")
    if found:
        return int(_field(found[0], "id"))
    attributes = {"tienviitta_url": delivery.payload["data"]["url"]}
    return int(_field(await ask(http, "POST", conversations, json={"custom_attributes": attributes}), "id"))


async def _is_there(http: httpx.AsyncClient, conversation: str, reference: str) -> bool:
    """Whether a message with this reference is among the latest; Chatwoot gives about 20 at a time."""
    before: dict[str, int] = {}
    for _ in range(MOST_PAGES):
        messages = await ask(http, "GET", f"{conversation}/messages", params=before)
        if not isinstance(messages, list):
            raise httpx.DecodingError("no list")
        if any(reference in str(message.get("content") or "") for message in messages):
            return True
        if not messages:
            break
        before = {"before": min(int(_field(message, "id")) for message in messages)}
    return False


def _field(document: Any, name: str) -> Any:
    if not isinstance(document, dict) or not isinstance(document.get(name), str | int):
        raise httpx.DecodingError("a field is missing")
    return document[name]


def text_of(delivery: Delivery) -> str:
    """What a person at Chatwoot reads: what happened and where to go; with full payloads what was passed on."""
    data = delivery.payload["data"]
    lines = [say(f"chatwoot.events.{delivery.type.replace('.', '_')}"), data["url"]]
    details = delivery.details or {}
    for key in ("urgent", "reason", "wished_time"):
        if details.get(key):
            lines.append(say(f"chatwoot.{key}", value=details[key]))
    reach = details.get("contact") or {}
    lines += [str(value) for value in (reach.get("phone"), reach.get("email")) if value]
    for area in details.get("summary") or []:
        lines += ["", f"{area['area']}:"]
        lines += [f"{item['question']}: {item['answer']}" for item in area["items"]]
    if details.get("outcome_text"):
        lines += ["", str(details["outcome_text"])]
    return "\n".join(lines)
