"""The estimate of a wait: what it learns from, and when it says nothing."""

from __future__ import annotations

import random

import pytest

from api.handoff.estimate import LEAST, SHORTEST_S, Wait, estimate_s, pace_s


def waits(*seconds: float | None, place: int = 1, advisers: int = 1) -> list[Wait]:
    return [Wait(one, place, advisers) for one in seconds]


FIVE_MINUTES = waits(*[300] * LEAST)


def test_it_is_the_usual_time_of_a_place_by_the_place_and_the_advisers() -> None:
    assert estimate_s(FIVE_MINUTES, place=1, advisers=1) == 300
    assert estimate_s(FIVE_MINUTES, place=3, advisers=1) == 900
    assert estimate_s(FIVE_MINUTES, place=3, advisers=2) == 450


def test_a_wait_behind_others_or_before_many_advisers_counts_by_place_and_advisers() -> None:
    assert pace_s(waits(*[600] * LEAST, place=2)) == 300
    assert pace_s(waits(*[100] * LEAST, advisers=3)) == 300


def test_too_few_waits_say_nothing() -> None:
    assert estimate_s(FIVE_MINUTES[1:], place=1, advisers=1) is None
    assert estimate_s(FIVE_MINUTES, place=1, advisers=1) is not None


def test_without_anybody_present_it_says_nothing() -> None:
    assert estimate_s(FIVE_MINUTES, place=1, advisers=0) is None


def test_waits_from_before_an_adviser_was_there_say_nothing_of_the_pace() -> None:
    assert pace_s(waits(*[300] * LEAST, advisers=0)) is None


@pytest.mark.parametrize(("missed", "expected"), [(2, 300), (3, None)])
def test_those_who_were_never_reached_count_as_long_waits(missed: int, expected: int | None) -> None:
    recent = waits(*[300] * (LEAST - missed), *[None] * missed)
    assert estimate_s(recent, place=1, advisers=1) == expected


def test_who_has_waited_far_longer_than_guessed_is_told_no_new_guess() -> None:
    assert estimate_s(FIVE_MINUTES, place=1, advisers=1, waited_s=600, first_place=1) == 300
    assert estimate_s(FIVE_MINUTES, place=1, advisers=1, waited_s=601, first_place=1) is None
    assert estimate_s(FIVE_MINUTES, place=1, advisers=1, waited_s=601, first_place=2) == 300


def test_it_never_promises_less_than_half_a_minute() -> None:
    assert estimate_s(waits(*[1] * LEAST), place=1, advisers=3) == SHORTEST_S


def test_it_grows_with_the_place_and_shrinks_with_the_advisers() -> None:
    chance = random.Random(7)
    for _ in range(200):
        recent = [Wait(chance.uniform(10, 2000), chance.randint(1, 6), chance.randint(1, 4)) for _ in range(LEAST + 3)]
        place, advisers = chance.randint(1, 8), chance.randint(1, 5)
        now = estimate_s(recent, place=place, advisers=advisers)
        further = estimate_s(recent, place=place + 1, advisers=advisers)
        helped = estimate_s(recent, place=place, advisers=advisers + 1)
        assert now is not None
        assert further is not None
        assert helped is not None
        assert helped <= now <= further
