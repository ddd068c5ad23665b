"""Tables of a talk. Whatever a resident wrote, and the dialogue state, is encrypted in its column."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, UTCDateTime
from api.privacy.crypto import EncryptedJSON, EncryptedText

ID_LENGTH = 36
AUTO_ID = BigInteger().with_variant(Integer, "sqlite")


class Conversation(Base):
    """A talk."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    revision: Mapped[int] = mapped_column(Integer, default=0)
    """Grows with every change that someone may be waiting for."""
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    turns: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(20), default="bot")
    state: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    asking: Mapped[str | None] = mapped_column(String(20), default=None)
    """What the api itself has asked for and takes the next message for; see :mod:`api.handoff.callbacks`."""
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Turns in a row that the engine failed."""
    failed_input: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    """What the last failed turn would have sent, for "try again"."""
    redaction_told: Mapped[bool] = mapped_column(Boolean, default=False)
    turn_owner: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    turn_until: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    adviser_typing_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    resident_typing_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)


def _owner(**options: Any) -> Any:
    return mapped_column(String(ID_LENGTH), ForeignKey("conversations.id", ondelete="CASCADE"), **options)


class Message(Base):
    """Something said in a talk. ``seq`` grows by one."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq", name="uq_messages_seq"),
        UniqueConstraint("conversation_id", "client_id", name="uq_messages_client_id"),
    )

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = _owner()
    seq: Mapped[int] = mapped_column(Integer)
    sender: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(EncryptedText)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    extras: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    """``{"buttons": …, "services": …}``, or None when there are neither."""
    turn_id: Mapped[int | None] = mapped_column(BigInteger, default=None, index=True)
    """The turn that this belongs to, so that its answer can be put together."""
    client_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None)
    """An adviser's own id for the message, so that sending it again changes nothing."""


class Turn(Base):
    """A resident's message and what became of it; ``answer`` is None until it was answered."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "client_id", name="uq_turns_client_id"),)

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = _owner()
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    number: Mapped[int] = mapped_column(Integer)
    is_payload: Mapped[bool] = mapped_column(Boolean)
    input: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    """What goes to the engine; None once it is answered."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    answer: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Offer(Base):
    """A button that this talk has offered: only these payloads are commands."""

    __tablename__ = "offers"

    conversation_id: Mapped[str] = _owner(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(EncryptedText)


class Feedback(Base):
    """What a resident thought of the talk with the bot, or with an adviser; the last word counts."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("conversation_id", "about"),)

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    conversation_id: Mapped[str] = _owner(index=True)
    about: Mapped[str] = mapped_column(String(10))
    """``bot`` or ``adviser``."""
    helped: Mapped[str] = mapped_column(String(10))
    """``yes``, ``partly`` or ``no``; not encrypted, so that figures need no key."""
    text: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
