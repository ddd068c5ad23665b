"""What the erasure remembers of the clock."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from api.database import Base, UTCDateTime


class ErasureClock(Base):
    """One row: what the clock said when the erasure last looked at it; see :mod:`api.privacy.clock`."""

    __tablename__ = "erasure_clock"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    believed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """The last moment that was believed."""
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    doubted_since: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    """When a clock that is too far ahead of the last believed moment was first seen; None when it is believed."""
