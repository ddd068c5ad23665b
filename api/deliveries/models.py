"""The outbox: events on their way to other systems, and what became of the receivers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.conversations.models import AUTO_ID, ID_LENGTH
from api.database import Base, UTCDateTime
from api.privacy.crypto import EncryptedJSON
from settings.receivers import KEY_MAX


class Delivery(Base):
    """One event to one receiver. Written in the transaction of the change that it tells of; erased with the talk."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_state_next_at", "state", "next_at"),)

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    webhook_id: Mapped[str] = mapped_column(String(64), index=True)
    """The same on every try, so that a receiver can tell a repetition."""
    receiver: Mapped[str] = mapped_column(Text)
    """The receiver's key: its name, or its address."""
    conversation_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    type: Mapped[str] = mapped_column(String(40))
    payload: Mapped[Any] = mapped_column(JSON)
    """What it tells without saying anything about the resident: identifiers and a link."""
    details: Mapped[Any] = mapped_column(EncryptedJSON, nullable=True, default=None)
    """For a receiver with full payloads, what the resident agreed to pass on; gone once it was delivered."""
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """``waiting``, ``delivered`` or ``dead``."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    last_outcome: Mapped[str | None] = mapped_column(String(60), default=None)
    """The last try in a word: a status code or the kind of failure."""


class ReceiverState(Base):
    """A receiver that was switched off because it said that it is gone (410)."""

    __tablename__ = "webhook_receivers"

    key: Mapped[str] = mapped_column(String(KEY_MAX), primary_key=True)
    disabled_at: Mapped[datetime] = mapped_column(UTCDateTime)
