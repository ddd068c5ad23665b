"""When advisers are there. Pure: the moment and the hours are arguments, the calendar is Finland's.

A week is written like ``mon-fri 9:00-15:00, sat 10:00-12:00``. Public holidays are closed; exceptions, dated, go
before both. Times are wall-clock times in Helsinki, so that daylight saving needs no thought. Hours of several
municipalities stand in a file, see :func:`load`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from settings import ROOT

HELSINKI = ZoneInfo("Europe/Helsinki")
MUNICIPALITIES = ROOT / "catalogue" / "content" / "municipalities.yml"
CLOSED = "closed"
"""The hours of an exception on which nobody is there."""
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = r"(?P<open>\d{1,2}(?::\d{2})?)\s*-\s*(?P<close>\d{1,2}(?::\d{2})?)"
_PART = re.compile(r"(?P<first>[a-z]{3})(?:\s*-\s*(?P<last>[a-z]{3}))?\s+" + _SPAN)
_CLOCKS = re.compile(_SPAN)
_LOOK_AHEAD_DAYS = 92
"""As long as a summer break may be."""

Clocks = tuple[time, time | None]
"""From, and until just before; None is the end of the day."""
_ALL_DAY: tuple[Clocks, ...] = ((time.min, None),)


@dataclass(frozen=True)
class Span:
    """Open from ``opens`` until just before ``closes`` on each of ``days`` (0 = Monday)."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True)
class Exceptional:
    """Other hours on the days from ``first`` to ``last``; none: closed."""

    first: date
    last: date
    clocks: tuple[Clocks, ...] = ()


@dataclass(frozen=True)
class Hours:
    """A week and its exceptions. Without a week it is always open, holidays included."""

    week: tuple[Span, ...] | None
    exceptions: tuple[Exceptional, ...] = ()

    def on(self, day: date) -> tuple[Clocks, ...]:
        """When it is open on ``day``; the first exception that names the day decides."""
        for exception in self.exceptions:
            if exception.first <= day <= exception.last:
                return exception.clocks
        if self.week is None:
            return _ALL_DAY
        if is_holiday(day):
            return ()
        return tuple((span.opens, span.closes) for span in self.week if day.weekday() in span.days)


@dataclass(frozen=True)
class OpeningHours:
    """The hours of all municipalities."""

    default: Hours | None = None
    municipalities: Mapping[str, Hours] = field(default_factory=dict)
    """By the municipality's name in small letters."""

    def of(self, municipality: str | None) -> Hours | None:
        """The hours for a resident of ``municipality``; those of everybody else where it has none of its own."""
        return self.municipalities.get((municipality or "").casefold(), self.default)


def _clock(text: str) -> time:
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes or 0))


def _clocks(match: re.Match[str]) -> tuple[time, time]:
    opens, closes = _clock(match["open"]), _clock(match["close"])
    if closes <= opens:
        raise ValueError
    return opens, closes


@lru_cache
def parse_hours(text: str) -> Hours:
    """A week from its written form.

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
            opens, closes = _clocks(match)
            if last < first:
                raise ValueError
        except ValueError:
            raise ValueError(
                f"{part.strip()!r} is not opening hours; write for example 'mon-fri 9:00-15:00, sat 10-12'."
            ) from None
        spans.append(Span(frozenset(range(first, last + 1)), opens, closes))
    return Hours(tuple(spans))


class _Exception(BaseModel):
    model_config = ConfigDict(extra="forbid")
    on: date | None = None
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")
    hours: str
    why: str | None = None

    @model_validator(mode="after")
    def _read(self) -> _Exception:
        self.parsed()
        return self

    def parsed(self) -> Exceptional:
        first, last = self.on or self.first, self.on or self.last
        if first is None or last is None or last < first or (self.on and (self.first or self.last)):
            raise ValueError("an exception needs 'on', or 'from' and a later 'to'")
        if self.hours.strip().lower() == CLOSED:
            return Exceptional(first, last)
        clocks = []
        for part in self.hours.split(","):
            match = _CLOCKS.fullmatch(part.strip())
            try:
                if match is None:
                    raise ValueError
                clocks.append(_clocks(match))
            except ValueError:
                raise ValueError(f"{part.strip()!r} is not an exception's hours; write '9-12' or 'closed'") from None
        return Exceptional(first, last, tuple(clocks))


class _Place(BaseModel):
    model_config = ConfigDict(extra="forbid")
    hours: str | None = None
    exceptions: list[_Exception] = Field(default_factory=list)

    @model_validator(mode="after")
    def _read(self) -> _Place:
        if self.hours is not None:
            parse_hours(self.hours)
        return self

    def parsed(self, default: Hours | None) -> Hours | None:
        """These hours; what is left out is as everywhere."""
        if self.hours is None and not self.exceptions:
            return default
        week = parse_hours(self.hours).week if self.hours is not None else default.week if default else None
        common = default.exceptions if default else ()
        return Hours(week, tuple(one.parsed() for one in self.exceptions) + common)


class _File(_Place):
    municipalities: dict[str, _Place] = Field(default_factory=dict)


@lru_cache
def _known_municipalities() -> dict[str, str]:
    listed: list[dict[str, Any]] = YAML(typ="safe").load(MUNICIPALITIES.read_text(encoding="utf-8"))
    return {item["name"].casefold(): item["name"] for item in listed}


def read(path: Path) -> OpeningHours:
    """The hours that stand in a file; docs/handoff.md shows one.

    Raises:
        ValueError: with the file and what in it cannot be used.
    """
    try:
        loaded = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        file = _File.model_validate(loaded or {})
    except (OSError, YAMLError) as error:
        raise ValueError(f"{path}: {error}") from None
    except ValidationError as error:
        told = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()]
        raise ValueError(f"{path}: {'; '.join(told)}") from None
    unknown = [name for name in file.municipalities if name.casefold() not in _known_municipalities()]
    if unknown:
        raise ValueError(f"{path}: {', '.join(unknown)} is not a municipality of the catalogue")
    default = file.parsed(None)
    own = {name.casefold(): place.parsed(default) for name, place in file.municipalities.items()}
    return OpeningHours(default, {name: hours for name, hours in own.items() if hours is not None})


def load(week: str | None, path: Path | None) -> OpeningHours:
    """The hours of the settings: one week for everybody, or a file, or (neither) always open.

    Raises:
        ValueError: when both are given, or one cannot be used.
    """
    if week and path:
        raise ValueError("TIENVIITTA_ADVISER_HOURS and TIENVIITTA_ADVISER_HOURS_FILE are both set; use one.")
    if not week and not path:
        return OpeningHours()
    # The library reads the calendars of all countries at its first use: half a second that no resident should wait.
    _holidays(datetime.now(HELSINKI).year)
    return read(path) if path else OpeningHours(parse_hours(week or ""))


@lru_cache(maxsize=8)
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("FI", years=year)


def day_in_finland(at: datetime) -> date:
    """The day that it is in Finland at ``at`` (with a time zone); in UTC it begins two or three hours later."""
    return at.astimezone(HELSINKI).date()


def is_holiday(day: date) -> bool:
    """Whether ``day`` is a public holiday in Finland."""
    return day in _holidays(day.year)


def is_open(hours: Hours | None, at: datetime) -> bool:
    """Whether advisers are there at ``at`` (with a time zone). No hours: always."""
    if hours is None:
        return True
    local = at.astimezone(HELSINKI)
    clock = local.time()
    return any(opens <= clock and (closes is None or clock < closes) for opens, closes in hours.on(local.date()))


def closes_at(hours: Hours | None, at: datetime) -> datetime | None:
    """When advisers who are there at ``at`` go home that day, in UTC; None when they are not there, or stay."""
    if hours is None or not is_open(hours, at):
        return None
    local = at.astimezone(HELSINKI)
    end: time | None = local.time()
    for opens, closes in sorted(hours.on(local.date()), key=lambda clocks: clocks[0]):
        # Spans that touch or overlap are one.
        if end is not None and opens <= end and (closes is None or closes > end):
            end = closes
    return None if end is None else datetime.combine(local.date(), end, HELSINKI).astimezone(UTC)


def next_open(hours: Hours | None, at: datetime) -> datetime | None:
    """The first moment from ``at`` on when advisers are there, in UTC.

    None when there is none within three months.
    """
    if is_open(hours, at):
        return at.astimezone(UTC)
    local = at.astimezone(HELSINKI)
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = local.date() + timedelta(days=ahead)
        openings = [
            datetime.combine(day, opens, HELSINKI).astimezone(UTC) for opens, _ in (hours.on(day) if hours else ())
        ]
        later = [opening for opening in openings if opening > at]
        if later:
            return min(later)
    return None


_WEEKDAYS_FI = (
    "maanantaina", "tiistaina", "keskiviikkona", "torstaina", "perjantaina", "lauantaina", "sunnuntaina",
)  # fmt: skip


def clock_in_words(at: datetime) -> str:
    """The time of day as one says it in Finnish: "kello 9", "kello 9.30"."""
    local = at.astimezone(HELSINKI)
    return f"kello {local.hour}" + (f".{local.minute:02d}" if local.minute else "")


def in_words(opening: datetime, at: datetime) -> str:
    """``opening`` as one says it in Finnish on the day of ``at``: "tänään kello 9", "maanantaina 5.1. kello 9.30"."""
    local, today = opening.astimezone(HELSINKI), at.astimezone(HELSINKI).date()
    clock = clock_in_words(opening)
    ahead = (local.date() - today).days
    if ahead == 0:
        return f"tänään {clock}"
    if ahead == 1:
        return f"huomenna {clock}"
    return f"{_WEEKDAYS_FI[local.weekday()]} {local.day}.{local.month}. {clock}"
