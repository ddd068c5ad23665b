"""Talks in the database. Whoever writes locks the talk's row first, so that ``seq`` grows without gaps or doubles."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, get_args

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.conversations.models import Conversation, Feedback, Message, Offer
from api.conversations.schemas import Helped, MessageOut, Sender
from api.database import now
from api.handoff.states import HUMAN
from api.health import metrics
from api.privacy.redaction import redact

TYPING_LASTS = timedelta(seconds=6)


@dataclass(frozen=True)
class Draft:
    """A message before it has a number."""

    sender: Sender
    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    client_id: str | None = None


def payload_digest(payload: str) -> str:
    """Under which a button's payload is kept."""
    return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()


async def lock(session: AsyncSession, conversation_id: str) -> Conversation | None:
    """The talk, with its row locked until the transaction ends; None when there is none (any more)."""
    found: Conversation | None = await session.scalar(
        select(Conversation)
        .where(Conversation.id == conversation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found


def touch(conversation: Conversation) -> None:
    """Mark a locked talk as changed, so that those who wait for it look."""
    conversation.revision += 1
    conversation.changed_at = now()


async def append(
    session: AsyncSession, *, conversation: Conversation, drafts: Sequence[Draft], turn_id: int | None = None
) -> list[Message]:
    """Add messages to a locked talk, in order, and remember the buttons that they offer."""
    messages = []
    at = now()
    for draft in drafts:
        conversation.last_seq += 1
        extras = {"buttons": draft.buttons, "services": draft.services} if draft.buttons or draft.services else None
        message = Message(
            conversation_id=conversation.id,
            seq=conversation.last_seq,
            sender=draft.sender,
            text=draft.text,
            at=at,
            extras=extras,
            turn_id=turn_id,
            client_id=draft.client_id,
        )
        session.add(message)
        messages.append(message)
    await _offer(
        session,
        conversation_id=conversation.id,
        titles={button["payload"]: button["title"] for draft in drafts for button in draft.buttons},
    )
    touch(conversation)
    await session.flush()
    return messages


async def _offer(session: AsyncSession, *, conversation_id: str, titles: Mapping[str, str]) -> None:
    """Remember what the buttons say by their payloads; the latest words count."""
    by_digest = {payload_digest(payload): title for payload, title in titles.items()}
    if not by_digest:
        return
    known = await session.scalars(
        select(Offer).where(Offer.conversation_id == conversation_id, Offer.digest.in_(by_digest))
    )
    for offer in known:
        title = by_digest.pop(offer.digest)
        if offer.title != title:
            offer.title = title
    session.add_all(
        Offer(conversation_id=conversation_id, digest=digest, title=title) for digest, title in by_digest.items()
    )


async def offered_title(session: AsyncSession, *, conversation_id: str, payload: str) -> str | None:
    """What the button said that offered ``payload`` in this talk; None when none did."""
    offer = await session.get(Offer, (conversation_id, payload_digest(payload)))
    return offer.title if offer else None


async def messages_after(session: AsyncSession, *, conversation_id: str, seq: int) -> list[MessageOut]:
    """The messages after ``seq``, in order."""
    rows = await session.scalars(
        select(Message).where(Message.conversation_id == conversation_id, Message.seq > seq).order_by(Message.seq)
    )
    return [message_out(row) for row in rows]


async def erase(session: AsyncSession, *, conversation_id: str) -> None:
    """Erase a talk and everything that hangs on it, in every table."""
    await session.execute(delete(Conversation).where(Conversation.id == conversation_id))


def message_out(message: Message) -> MessageOut:
    """A stored message as others see it."""
    extras = message.extras or {}
    return MessageOut.model_validate(
        {
            "seq": message.seq,
            "sender": message.sender,
            "text": message.text,
            "at": message.at,
            "buttons": extras.get("buttons", []),
            "services": extras.get("services", []),
        }
    )


def state_of(conversation: Conversation) -> dict[str, Any]:
    """The dialogue state, empty when there is none yet."""
    return conversation.state if isinstance(conversation.state, dict) else {}


def awaiting(conversation: Conversation) -> str | None:
    """The question that the next answer is taken for; none while a person is waited for or holds the talk, unless
    the api itself has asked.
    """
    if conversation.asking is not None:
        return conversation.asking
    if conversation.status in HUMAN:
        return None
    value = state_of(conversation).get("awaiting")
    return value if isinstance(value, str) else None


def progress(conversation: Conversation) -> dict[str, Any] | None:
    """How far the self-check is, as the dialogue says."""
    value = state_of(conversation).get("progress")
    return value if isinstance(value, dict) else None


def answers(conversation: Conversation) -> dict[str, Any]:
    """The answers given so far, by contract id."""
    value = state_of(conversation).get("answers")
    return value if isinstance(value, dict) else {}


def recommendations(conversation: Conversation) -> list[Any]:
    """The recommendations that the talk has come to, best first."""
    value = state_of(conversation).get("recommendations")
    return value if isinstance(value, list) else []


def rejections(conversation: Conversation) -> list[dict[str, Any]]:
    """Services that the resident did not want: ``{service, name, reason}``, the reason in words or None."""
    value = state_of(conversation).get("rejections")
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def typing(conversation: Conversation) -> list[Literal["bot", "adviser"]]:
    """Who is about to answer."""
    at = now()
    who: list[Literal["bot", "adviser"]] = []
    if conversation.turn_until and conversation.turn_until > at and conversation.status not in HUMAN:
        who.append("bot")
    if conversation.adviser_typing_at and conversation.adviser_typing_at > at - TYPING_LASTS:
        who.append("adviser")
    return who


async def keep_feedback(
    session: AsyncSession, *, conversation_id: str, about: Literal["bot", "adviser"], helped: Helped, text: str | None
) -> None:
    """Keep what a resident thought of the talk, redacted; later words about the same replace earlier ones."""
    text = redact(text).text if text else None
    kept = await session.scalar(
        select(Feedback).where(Feedback.conversation_id == conversation_id, Feedback.about == about)
    )
    if kept is None:
        session.add(Feedback(conversation_id=conversation_id, about=about, helped=helped, text=text, at=now()))
    elif (kept.helped, kept.text) != (helped, text):
        kept.helped, kept.text, kept.at = helped, text, now()
    else:
        return
    metrics.FEEDBACK.labels(about, helped).inc()


async def keep_feedback_of_dialogue(session: AsyncSession, *, conversation_id: str, state: Mapping[str, Any]) -> None:
    """Keep what the dialogue asked at its end, which its state carries as ``feedback: {helped, text}``."""
    given = state.get("feedback")
    if isinstance(given, Mapping) and given.get("helped") in get_args(Helped):
        text = given.get("text")
        await keep_feedback(
            session,
            conversation_id=conversation_id,
            about="bot",
            helped=given["helped"],
            text=text if isinstance(text, str) and text.strip() else None,
        )
