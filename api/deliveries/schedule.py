"""When a delivery is tried again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

WAITS_S = (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""Seconds before each try; after the last one the delivery is dead, and is listed as such."""
JITTER = 0.1
LONGEST_RETRY_AFTER_S = 86400
LONGEST_WAIT = timedelta(seconds=max(WAITS_S) * (1 + JITTER))
"""A delivery that waits longer than this was given its time by a clock that was wrong."""


def wait_before(attempt: int, *, spread: float) -> float | None:
    """Seconds before try number ``attempt`` (0 is the first); None when there is none left.

    Args:
        attempt: how many tries there were.
        spread: from -1 to 1, which end of the jitter.
    """
    if attempt >= len(WAITS_S):
        return None
    return WAITS_S[attempt] * (1 + JITTER * spread)


def retry_after_s(header: str | None, at: datetime) -> float:
    """The seconds that a ``Retry-After`` header asks for, from 0 to a day; 0 when it cannot be read."""
    if not header:
        return 0.0
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - at).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)
