"""The outbox: events on their way to other systems."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.conversations.models import AUTO_ID, ID_LENGTH
from api.database import Base, UTCDateTime


class Delivery(Base):
    """One event to one receiver. Written in the transaction of the change that it tells of; erased with the talk."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_state_next_at", "state", "next_at"),)

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    webhook_id: Mapped[str] = mapped_column(String(64), index=True)
    """The same on every try, so that a receiver can tell a repetition."""
    receiver: Mapped[str] = mapped_column(Text)
    conversation_id: Mapped[str] = mapped_column(
        String(ID_LENGTH), ForeignKey("conversations.id", ondelete="CASCADE"), index=True
    )
    type: Mapped[str] = mapped_column(String(40))
    payload: Mapped[Any] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """``waiting``, ``delivered`` or ``dead``."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    last_outcome: Mapped[str | None] = mapped_column(String(60), default=None)
    """The last try in a word: a status code or the kind of failure."""
