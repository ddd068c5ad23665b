"""Tables of advisers, their sessions, and what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from api.conversations.models import AUTO_ID, ID_LENGTH
from api.database import Base, UTCDateTime
from api.privacy.crypto import EncryptedText


class Adviser(Base):
    """A person who answers residents."""

    __tablename__ = "advisers"
    __table_args__ = (Index("ix_advisers_issuer_subject", "issuer", "subject", unique=True),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20), default="adviser")
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty for an account that signs in by the directory alone."""
    issuer: Mapped[str | None] = mapped_column(String(255), default=None)
    subject: Mapped[str | None] = mapped_column(String(255), default=None)
    """Who this is to the city's directory, which ``issuer`` names."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)


class AdviserSession(Base):
    """A signed-in browser."""

    __tablename__ = "adviser_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    adviser_id: Mapped[int] = mapped_column(ForeignKey("advisers.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    """The end, whatever happens."""
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """When a person, not the page by itself, last did something."""
    id_token: Mapped[str | None] = mapped_column(EncryptedText, default=None)
    """What the directory gave; it wants it back at signing out."""


class AuditEntry(Base):
    """Who did what and when; only added to, and without texts. It outlives the talk, so it names no resident.

    The database refuses to change a row, and to delete one that is younger than a year.
    """

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_action_at", "action", "at"),)

    id: Mapped[int] = mapped_column(AUTO_ID, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    action: Mapped[str] = mapped_column(String(40))
    adviser_id: Mapped[int | None] = mapped_column(Integer, default=None, index=True)
    """Who did it; None for somebody who is not signed in, and for the command line."""
    target_id: Mapped[int | None] = mapped_column(Integer, default=None)
    """The account that it was done to."""
    handoff_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), default=None, index=True)
    talk: Mapped[str | None] = mapped_column(String(64), default=None, index=True)
    """Digest of the conversation's id: who has the id can ask who read the talk, and nobody learns the id from here."""
    subject: Mapped[str | None] = mapped_column(String(64), default=None)
    """Digest of the user name that was tried: people type passwords there."""
    address: Mapped[str | None] = mapped_column(String(64), default=None)
