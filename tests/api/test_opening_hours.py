"""Opening hours: both ends of a day, holidays, daylight saving, and how a time is said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.handoff.opening_hours import HELSINKI, in_words, is_open, next_open, parse_hours

OFFICE = parse_hours("mon-fri 9:00-15:00, sat 10-12")


def at(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=HELSINKI)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-11-23", "08:59:59", False),  # a Monday
        ("2026-11-23", "09:00", True),
        ("2026-11-23", "14:59:59", True),
        ("2026-11-23", "15:00", False),
        ("2026-11-28", "09:59", False),  # Saturday
        ("2026-11-28", "10:00", True),
        ("2026-11-29", "11:00", False),  # Sunday
        ("2026-12-25", "11:00", False),  # Christmas day, a Friday
        ("2026-05-01", "11:00", False),  # May day, a Friday
        ("2026-04-03", "11:00", False),  # Good Friday
        ("2026-12-28", "11:00", True),
    ],
)
def test_open_and_closed(day: str, clock: str, expected: bool) -> None:
    assert is_open(OFFICE, at(day, clock)) is expected


def test_without_hours_it_is_always_open() -> None:
    assert is_open(None, at("2026-12-25", "03:00"))
    assert next_open(None, at("2026-12-25", "03:00")) == at("2026-12-25", "03:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at("2026-11-23", "07:00"), at("2026-11-23", "09:00")),
        (at("2026-11-23", "15:00"), at("2026-11-24", "09:00")),
        (at("2026-11-27", "16:00"), at("2026-11-28", "10:00")),
        (at("2026-11-28", "12:00"), at("2026-11-30", "09:00")),
        (at("2026-12-24", "16:00"), at("2026-12-28", "09:00")),  # Christmas, Saint Stephen's day, Sunday
    ],
)
def test_the_next_opening(now: datetime, expected: datetime) -> None:
    assert next_open(OFFICE, now) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # Clocks go forward on 29.3.2026 and back on 25.10.2026; nine o'clock stays nine o'clock.
        (at("2026-03-28", "13:00"), datetime(2026, 3, 30, 6, 0, tzinfo=UTC)),
        (at("2026-10-24", "13:00"), datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
    ],
)
def test_daylight_saving(now: datetime, expected: datetime) -> None:
    assert next_open(OFFICE, now) == expected


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (at("2026-11-23", "09:00"), "tänään kello 9"),
        (at("2026-11-24", "09:30"), "huomenna kello 9.30"),
        (at("2026-11-27", "09:00"), "perjantaina 27.11. kello 9"),
    ],
)
def test_in_words(opening: datetime, words: str) -> None:
    assert in_words(opening, at("2026-11-23", "00:30")) == words


@pytest.mark.parametrize(
    "text", ["", "9-15", "mon-fri", "mon 15-9", "fri-mon 9-15", "ma-pe 9-15", "mon 9-25", "mon 9:60-10", "mon 9-9"]
)
def test_hours_that_cannot_be_read_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="mon-fri 9:00-15:00"):
        parse_hours(text)
