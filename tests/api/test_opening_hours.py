"""Opening hours: both ends of a day, holidays, daylight saving, and how a time is said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from api.handoff import opening_hours
from api.handoff.opening_hours import (
    HELSINKI,
    OpeningHours,
    closes_at,
    day_in_finland,
    in_words,
    is_open,
    load,
    next_open,
    parse_hours,
    read,
)

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


FILE = """
hours: mon-fri 9-15
exceptions:
  - {on: 2026-12-23, hours: 9-11, why: joulun aatonaatto}
  - {from: 2026-12-24, to: 2026-12-31, hours: closed}
  - {on: 2026-12-06, hours: 12-13}
municipalities:
  Lahti:
    hours: mon-thu 8-16, fri 8-12
    exceptions:
      - {on: 2026-12-23, hours: closed}
  Hollola:
    exceptions:
      - {from: 2026-07-01, to: 2026-07-31, hours: closed}
"""


@pytest.fixture
def hours(tmp_path: Path) -> OpeningHours:
    file = tmp_path / "hours.yml"
    file.write_text(FILE, encoding="utf-8")
    return read(file)


@pytest.mark.parametrize(
    ("municipality", "day", "clock", "expected"),
    [
        (None, "2026-11-27", "14:59", True),  # a Friday
        ("Lahti", "2026-11-27", "14:59", False),
        ("lahti", "2026-11-27", "08:30", True),
        ("Asikkala", "2026-11-27", "08:30", False),  # none of its own: as everywhere
        (None, "2026-12-23", "10:59", True),
        (None, "2026-12-23", "11:00", False),
        ("Lahti", "2026-12-23", "10:00", False),
        ("Lahti", "2026-12-28", "10:00", False),  # the common exceptions hold there too
        (None, "2026-12-28", "10:00", False),
        (None, "2026-12-06", "12:30", True),  # Independence Day, a Sunday: an exception opens it
        ("Hollola", "2026-07-15", "10:00", False),
        ("Hollola", "2026-08-03", "10:00", True),
    ],
)
def test_hours_of_municipalities_and_exceptions(
    hours: OpeningHours, municipality: str | None, day: str, clock: str, expected: bool
) -> None:
    assert is_open(hours.of(municipality), at(day, clock)) is expected


def test_the_next_opening_passes_over_exceptions_and_holidays(hours: OpeningHours) -> None:
    # New Year's Day is a Friday, then comes the weekend.
    assert next_open(hours.of(None), at("2026-12-23", "11:00")) == at("2027-01-04", "09:00")
    assert next_open(hours.of("Hollola"), at("2026-06-30", "15:00")) == at("2026-08-03", "09:00")


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-11-27", "10:00", at("2026-11-27", "15:00")),
        ("2026-12-23", "10:00", at("2026-12-23", "11:00")),
        ("2026-11-27", "15:00", None),
        # The day on which clocks go back: three in the afternoon is three in the afternoon.
        ("2026-10-26", "10:00", datetime(2026, 10, 26, 13, 0, tzinfo=UTC)),
    ],
)
def test_when_the_day_ends(hours: OpeningHours, day: str, clock: str, expected: datetime | None) -> None:
    assert closes_at(hours.of(None), at(day, clock)) == expected


def test_spans_that_touch_are_one_day() -> None:
    week = parse_hours("mon-fri 9-12, mon-fri 12-15, mon 16-17")
    assert closes_at(week, at("2026-11-23", "10:00")) == at("2026-11-23", "15:00")
    assert closes_at(None, at("2026-11-23", "10:00")) is None


def test_exceptions_alone_leave_every_other_moment_open(tmp_path: Path) -> None:
    file = tmp_path / "hours.yml"
    file.write_text("exceptions: [{on: 2026-12-24, hours: closed}]", encoding="utf-8")
    always = read(file).of("Lahti")
    assert is_open(always, at("2026-12-25", "03:00"))
    assert not is_open(always, at("2026-12-24", "12:00"))
    assert next_open(always, at("2026-12-24", "12:00")) == at("2026-12-25", "00:00")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("hours: nine to five", "nine to five"),
        ("municipalities: {Lathi: {hours: mon-fri 9-15}}", "Lathi"),
        ("exceptions: [{on: 2026-12-24}]", "exceptions.0.hours"),
        ("exceptions: [{hours: closed}]", "'on'"),
        ("exceptions: [{from: 2026-12-24, to: 2026-12-01, hours: closed}]", "later 'to'"),
        ("exceptions: [{on: 2026-12-24, hours: mon 9-15}]", "'9-12' or 'closed'"),
        ("opening: mon-fri 9-15", "opening"),
        ("hours: [", "hours.yml"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "hours.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"hours\.yml") as refused:
        read(file)
    assert told in str(refused.value)


def test_the_calendar_is_ready_before_the_first_resident_asks() -> None:
    """Reading it takes half a second and more on a busy machine; the dialogue waits two and a half for an answer."""
    opening_hours._holidays.cache_clear()
    load("mon-fri 9-15", None)
    assert opening_hours._holidays.cache_info().currsize == 1


def test_one_setting_or_the_other(tmp_path: Path) -> None:
    assert load(None, None).of("Lahti") is None
    assert load("mon-fri 9-15", None).of("Lahti") == parse_hours("mon-fri 9-15")
    with pytest.raises(ValueError, match="both"):
        load("mon-fri 9-15", tmp_path / "hours.yml")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-22T21:59:59", date(2026, 11, 22)),  # winter: two hours before UTC's midnight
        ("2026-11-22T22:00:00", date(2026, 11, 23)),
        ("2026-06-22T20:59:59", date(2026, 6, 22)),  # summer: three
        ("2026-06-22T21:00:00", date(2026, 6, 23)),
    ],
)
def test_the_day_in_finland_begins_before_that_of_utc(moment: str, expected: date) -> None:
    assert day_in_finland(datetime.fromisoformat(moment).replace(tzinfo=UTC)) == expected
