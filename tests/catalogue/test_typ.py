"""The assessment of joint service, with a case on each side of every limit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from catalogue.models import Catalogue, TypAssessment
from catalogue.recommend import recommend

LAST_DAY = dt.date(2024, 12, 31)
FIRST_DAY = dt.date(2025, 1, 1)
TWO_BARRIERS = {
    "wants_work": "yes",
    "open_labour_market_goal": "yes",
    "feels_able_to_work": "no",
    "work_ability_score": 8,
    "life_situation_allows_work": "yes",
    "has_usable_skills": "no",
    "has_working_life_habits": "yes",
}
ONE_BARRIER = {**TWO_BARRIERS, "has_usable_skills": "yes"}


def assess(
    catalogue: Catalogue, on: dt.date, answers: dict[str, Any] = TWO_BARRIERS, **background: Any
) -> TypAssessment:
    return recommend(catalogue, answers, background, on).typ


@pytest.mark.parametrize(
    ("background", "before", "after"),
    [
        ({"labour_market_subsidy_days": 300}, True, True),
        ({"labour_market_subsidy_days": 299}, False, None),
        ({"labour_market_subsidy_days": 299, "unemployed_months": 5}, False, None),
        ({"age": 25, "unemployed_months": 12}, True, True),
        ({"age": 25, "unemployed_months": 11}, False, None),
        ({"age": 60, "unemployed_months": 11}, False, None),
        ({"age": 24, "unemployed_months": 6}, True, True),
        ({"age": 24, "unemployed_months": 5}, False, None),
        ({"age": 25, "unemployed_months": 6}, False, None),
        # Without an age twelve months meet a limit in any case; six might.
        ({"unemployed_months": 12}, True, True),
        ({"unemployed_months": 11}, None, None),
        ({"unemployed_months": 6}, None, None),
        ({"unemployed_months": 5}, False, None),
        ({"age": 30}, None, None),
        ({}, None, None),
        # Not unemployed: nothing else counts.
        ({"age": 30, "unemployed_months": 0, "labour_market_subsidy_days": 400}, False, False),
        ({"age": 30, "unemployed_months": 1, "labour_market_subsidy_days": 400}, True, True),
    ],
)
def test_durations(catalogue: Catalogue, background: dict[str, int], before: bool | None, after: bool | None) -> None:
    assert assess(catalogue, LAST_DAY, **background).eligible is before
    assert assess(catalogue, FIRST_DAY, **background).eligible is after


LONG = {"age": 40, "unemployed_months": 24}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"feels_able_to_work": "unsure"}, True),
        ({"has_usable_skills": "unsure"}, True),
        # One area is not enough, however many of its answers are weak.
        ({"has_usable_skills": "yes"}, False),
        ({"has_usable_skills": "yes", "life_situation_allows_work": "no", "work_ability_score": 2}, False),
        # The score's limit is 7.
        ({"feels_able_to_work": "yes", "work_ability_score": 7}, True),
        ({"feels_able_to_work": "yes", "work_ability_score": 8}, False),
        # Two barriers elsewhere.
        ({"feels_able_to_work": "yes", "wants_work": "no"}, True),
        ({"feels_able_to_work": "yes", "open_labour_market_goal": "unsure"}, True),
        # An open question leaves it open, unless two areas already show a barrier.
        ({"has_usable_skills": "skipped"}, None),
        ({"has_usable_skills": "yes", "wants_work": "skipped"}, None),
        ({"work_ability_score": "skipped"}, True),
    ],
)
def test_areas(catalogue: Catalogue, changes: dict[str, Any], expected: bool | None) -> None:
    assert assess(catalogue, FIRST_DAY, {**TWO_BARRIERS, **changes}, **LONG).eligible is expected


def test_all_skipped_is_not_known(catalogue: Catalogue) -> None:
    assert assess(catalogue, FIRST_DAY, {}).eligible is None
    assert assess(catalogue, FIRST_DAY, {}, **LONG).eligible is None


def test_the_basis_says_what_it_rests_on_and_who_decides(catalogue: Catalogue) -> None:
    for on, law in ((LAST_DAY, "1369"), (FIRST_DAY, "381")):
        result = assess(catalogue, on, **LONG)
        assert all(basis.source for basis in result.basis)
        assert "24 kuukautta" in result.basis[0].text
        assert "Viranomainen" in result.basis[-1].text
        assert law in result.basis[-1].source


def test_since_2025_an_unmet_duration_is_explained(catalogue: Catalogue) -> None:
    result = assess(catalogue, FIRST_DAY, age=40, unemployed_months=3)
    assert result.eligible is None
    assert any("tuen tarve" in b.text and "kesto" in b.text and "381" in b.source for b in result.basis)


def test_the_service_follows_the_law_in_force(catalogue: Catalogue) -> None:
    def ids(on: dt.date, **background: Any) -> list[str]:
        return [r.service.id for r in recommend(catalogue, TWO_BARRIERS, background, on).recommendations]

    assert "typ_lahti" in ids(LAST_DAY, municipality="Lahti", **LONG)
    assert "typ" in ids(LAST_DAY, municipality="Heinola", **LONG)
    assert not {"typ", "typ_lahti", "tyollistymisen_monialainen_edistaminen"} & set(
        ids(LAST_DAY, municipality="Lahti", age=40, unemployed_months=11)
    )
    now = ids(FIRST_DAY, municipality="Lahti", age=40, unemployed_months=11)
    assert "tyollistymisen_monialainen_edistaminen" in now
    assert not {"typ", "typ_lahti"} & set(now)
