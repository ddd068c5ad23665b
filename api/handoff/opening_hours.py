"""When advisers are there. Pure: the moment and the hours are arguments, the calendar is Finland's.

Hours are written like ``mon-fri 9:00-15:00, sat 10:00-12:00``; public holidays are closed. Times are wall-clock
times in Helsinki, so that daylight saving needs no thought.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

HELSINKI = ZoneInfo("Europe/Helsinki")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(
    r"(?P<first>[a-z]{3})(?:\s*-\s*(?P<last>[a-z]{3}))?\s+"
    r"(?P<open>\d{1,2}(?::\d{2})?)\s*-\s*(?P<close>\d{1,2}(?::\d{2})?)"
)
_LOOK_AHEAD_DAYS = 31


@dataclass(frozen=True)
class Span:
    """Open from ``opens`` until just before ``closes`` on each of ``days`` (0 = Monday)."""

    days: frozenset[int]
    opens: time
    closes: time


Hours = tuple[Span, ...]


def _clock(text: str) -> time:
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes or 0))


@lru_cache
def parse_hours(text: str) -> Hours:
    """Opening hours from their written form.

    Raises:
        ValueError: with what could not be read, and an example.
    """
    spans = []
    for part in text.lower().split(","):
        match = _PART.fullmatch(part.strip())
        try:
            if match is None:
                raise ValueError
            first = _DAYS.index(match["first"])
            last = _DAYS.index(match["last"] or match["first"])
            opens, closes = _clock(match["open"]), _clock(match["close"])
            if last < first or closes <= opens:
                raise ValueError
        except ValueError:
            raise ValueError(
                f"{part.strip()!r} is not opening hours; write for example 'mon-fri 9:00-15:00, sat 10-12'."
            ) from None
        spans.append(Span(frozenset(range(first, last + 1)), opens, closes))
    return tuple(spans)


@lru_cache(maxsize=8)
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("FI", years=year)


def is_holiday(day: date) -> bool:
    """Whether ``day`` is a public holiday in Finland."""
    return day in _holidays(day.year)


def is_open(hours: Hours | None, at: datetime) -> bool:
    """Whether advisers are there at ``at`` (with a time zone). No hours: always."""
    if hours is None:
        return True
    local = at.astimezone(HELSINKI)
    if is_holiday(local.date()):
        return False
    clock = local.time()
    return any(local.weekday() in span.days and span.opens <= clock < span.closes for span in hours)


def next_open(hours: Hours | None, at: datetime) -> datetime | None:
    """The first moment from ``at`` on when advisers are there, in UTC.

    None when there is none within a month.
    """
    if is_open(hours, at):
        return at.astimezone(UTC)
    local = at.astimezone(HELSINKI)
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = local.date() + timedelta(days=ahead)
        if is_holiday(day):
            continue
        openings = [
            datetime.combine(day, span.opens, HELSINKI).astimezone(UTC)
            for span in hours or ()
            if day.weekday() in span.days
        ]
        later = [opening for opening in openings if opening > at]
        if later:
            return min(later)
    return None


_WEEKDAYS_FI = (
    "maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina", "sunnuntaina",
)  # fmt: skip


def in_words(opening: datetime, at: datetime) -> str:
    """``opening`` as one says it in Finnish on the day of ``at``: "tänään kello 9", "maanantaina 5.1. kello 9.30"."""
    local, today = opening.astimezone(HELSINKI), at.astimezone(HELSINKI).date()
    clock = f"kello {local.hour}" + (f".{local.minute:02d}" if local.minute else "")
    ahead = (local.date() - today).days
    if ahead == 0:
        return f"tänään {clock}"
    if ahead == 1:
        return f"huomenna {clock}"
    return f"{_WEEKDAYS_FI[local.weekday()]} {local.day}.{local.month}. {clock}"
