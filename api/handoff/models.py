"""Tables of the handover to a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.conversations.models import AUTO_ID, ID_LENGTH
from api.database import Base, UTCDateTime
from api.privacy.crypto import EncryptedJSON, EncryptedText


class Handoff(Base):
    """A request for a person, from the asking to its end."""

    __tablename__ = "handoffs"
    __table_args__ = (
        # Whatever races there are: a talk waits for, or is held by, one person at a time.
        Index(
            "uq_handoffs_one_open_chat",
            "conversation_id",
            unique=True,
            sqlite_where=text("status IN ('queued', 'accepted')"),
            postgresql_where=text("status IN ('queued', 'accepted')"),
        ),
        Index("ix_handoffs_status_requested_at", "status", "requested_at"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(20))
    urgent: Mapped[str | None] = mapped_column(String(10), default=None)
    """``crisis``, ``danger`` or None."""
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime)
    queued_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """When this wait began; later than ``requested_at`` once an adviser has given the talk back."""
    returned: Mapped[bool] = mapped_column(Boolean, default=False)
    """The adviser vanished: the talk goes before those who have not been served at all."""
    reminded: Mapped[bool] = mapped_column(Boolean, default=False)
    """The resident has been told during this wait where they stand."""
    first_place: Mapped[int | None] = mapped_column(Integer, default=None)
    advisers_present: Mapped[int | None] = mapped_column(Integer, default=None)
    """Place in the queue and advisers present as this wait began; what estimates learn from."""
    accepted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    accepted_by: Mapped[int | None] = mapped_column(
        ForeignKey("advisers.id", ondelete="SET NULL"), default=None, index=True
    )
    from_seq: Mapped[int] = mapped_column(Integer)
    """Without consent to the whole talk, an adviser sees the messages after this one."""
    until_seq: Mapped[int | None] = mapped_column(Integer, default=None)
    """The last message that is the adviser's; None while the talk waits for one, or is with one. What comes later, also
    while a callback stands, is told to the bot: nobody agreed to pass it on."""
    read_seq: Mapped[int] = mapped_column(Integer, default=0)
    """The last message that an adviser has had on screen."""
    acknowledged: Mapped[bool] = mapped_column(Boolean, default=False)
    consent_scope: Mapped[str] = mapped_column(String(10))
    consent_version: Mapped[str | None] = mapped_column(String(64), default=None)
    name: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    contact: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    wished_time: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    reason: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    summary: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    answers: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    recommendations: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    rejections: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    """Services that the resident did not want, with their reasons."""
    outcome: Mapped[str | None] = mapped_column(String(40), default=None)
    outcome_text: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    outcome_services: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    """Services that were agreed on, as the resident was shown them."""
    missed_calls: Mapped[int] = mapped_column(Integer, default=0)


class Note(Base):
    """An adviser's private note on a handoff."""

    __tablename__ = "handoff_notes"

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    handoff_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("handoffs.id", ondelete="CASCADE"), index=True
    )
    adviser_id: Mapped[int | None] = mapped_column(ForeignKey("advisers.id", ondelete="SET NULL"), default=None)
    text: Mapped[str] = mapped_column(EncryptedText)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Presence(Base):
    """The last sign of life of an adviser's console."""

    __tablename__ = "adviser_presence"

    adviser_id: Mapped[int] = mapped_column(ForeignKey("advisers.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Receipt(Base):
    """An incoming webhook that was taken, and what was answered to it."""

    __tablename__ = "webhook_receipts"

    webhook_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    answer: Mapped[Any] = mapped_column(EncryptedJSON)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
