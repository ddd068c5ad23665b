"""The recommendation's shape, what it accepts, and dates and places at their limits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from catalogue.models import Catalogue
from catalogue.recommend import InvalidAnswer, recommend

TODAY = dt.date(2026, 11, 22)


def ids(catalogue: Catalogue, answers: dict[str, Any], on: dt.date = TODAY, **background: Any) -> list[str]:
    return [r.service.id for r in recommend(catalogue, answers, background, on).recommendations]


def test_the_json_is_what_the_contract_says(catalogue: Catalogue) -> None:
    data = recommend(catalogue, {"wants_work": "yes"}, {}, TODAY).model_dump(mode="json")
    assert {"recommendations", "typ"} <= set(data)
    for rank, item in enumerate(data["recommendations"], start=1):
        assert set(item) == {"service", "group", "rank", "reasons"}
        assert set(item["service"]) == {"id", "name", "summary", "url", "phone"}
        assert item["rank"] == rank
        assert item["reasons"]
        for reason in item["reasons"]:
            assert set(reason) == {"text", "rule", "source"}
            assert all(isinstance(v, str) and v for v in reason.values())
    assert set(data["typ"]) == {"eligible", "basis"}
    assert all(set(b) == {"text", "source"} for b in data["typ"]["basis"])


def test_background_may_come_among_the_answers(catalogue: Catalogue) -> None:
    answers = {"wants_work": "yes", "has_usable_skills": "no"}
    background = {"age": 20, "municipality": "Lahti", "unemployed_months": 3}
    assert recommend(catalogue, answers, background, TODAY) == recommend(catalogue, {**answers, **background}, on=TODAY)


def test_it_is_pure(catalogue: Catalogue) -> None:
    answers = {"wants_work": "unsure", "life_situation_allows_work": "no", "life_situation_barriers": ["money"]}
    before = {key: list(v) if isinstance(v, list) else v for key, v in answers.items()}
    first = recommend(catalogue, answers, {}, TODAY)
    assert recommend(catalogue, answers, {}, TODAY) == first
    assert answers == before


@pytest.mark.parametrize(
    "answers",
    [
        {"wants_job": "yes"},
        {"wants_work": "maybe"},
        {"wants_work": True},
        {"wants_work": ["yes"]},
        {"work_ability_score": 11},
        {"work_ability_score": -1},
        {"work_ability_score": "7"},
        {"work_ability_score": 7.0},
        {"work_ability_score": True},
        {"life_situation_barriers": ["love"]},
        {"life_situation_barriers": {"money": 1}},
        {"life_situation_barriers": 3},
        {"age": 14},
        {"age": 76},
        {"municipality": "Helsinki"},
        {"municipality": 5},
        {"unemployed_months": 601},
        {"labour_market_subsidy_days": 10001},
    ],
)
def test_what_the_contract_does_not_allow_is_refused_in_finnish(catalogue: Catalogue, answers: dict[str, Any]) -> None:
    with pytest.raises(InvalidAnswer) as caught:
        recommend(catalogue, answers, {}, TODAY)
    assert next(iter(answers)) in str(caught.value)
    assert any(word in str(caught.value) for word in ("ei voi käyttää", "ei tunneta"))


@pytest.mark.parametrize(
    "answers",
    [
        {"work_ability_score": 0},
        {"work_ability_score": 10},
        {"work_ability_score": None},
        {"life_situation_barriers": "skipped"},
        {"life_situation_barriers": ["skipped"]},
        {"life_situation_barriers": ("money", "family")},
        {"life_situation_barriers": "money"},
        {"age": 15},
        {"age": 75},
        {"municipality": "lahti"},
        {"municipality": "SYSMÄ"},
        {"municipality": "other"},
        {"unemployed_months": 600},
        {"labour_market_subsidy_days": 10000},
    ],
)
def test_limits_of_the_contract_are_accepted(catalogue: Catalogue, answers: dict[str, Any]) -> None:
    assert ids(catalogue, answers)


@pytest.mark.parametrize(
    ("age", "municipality", "expected"),
    [
        (15, "Lahti", True),
        (29, "Lahti", True),
        (30, "Lahti", False),
        (20, "Hollola", False),
        ("skipped", "Lahti", False),
        (20, "skipped", False),
        (20, "other", False),
    ],
)
def test_ohjaamo_is_for_young_people_of_lahti(
    catalogue: Catalogue, age: Any, municipality: str, expected: bool
) -> None:
    found = ids(catalogue, {"wants_work": "yes"}, age=age, municipality=municipality)
    assert ("ohjaamo_lahti" in found) is expected


@pytest.mark.parametrize(
    ("municipality", "before", "after"),
    [
        ("Lahti", "te_palvelut", "lahden_tyollisyyspalvelut"),
        ("Heinola", "te_palvelut", "paijat_hameen_tyollisyysalue"),
        ("Pukkila", "te_palvelut", "oman_alueen_tyollisyyspalvelut"),
        ("other", "te_palvelut", "oman_alueen_tyollisyyspalvelut"),
        ("skipped", "te_palvelut", "oman_alueen_tyollisyyspalvelut"),
    ],
)
def test_the_employment_authority_changes_with_the_year(
    catalogue: Catalogue, municipality: str, before: str, after: str
) -> None:
    answers = {"wants_work": "yes"}
    assert before in ids(catalogue, answers, dt.date(2024, 12, 31), municipality=municipality)
    now = ids(catalogue, answers, dt.date(2025, 1, 1), municipality=municipality)
    assert after in now
    assert before not in now


def test_barriers_of_a_corrected_life_situation_are_void(catalogue: Catalogue) -> None:
    barriers = {"life_situation_barriers": ["money"]}
    assert "toimeentulotuki" in ids(catalogue, {**barriers, "life_situation_allows_work": "unsure"})
    assert "toimeentulotuki" not in ids(catalogue, {**barriers, "life_situation_allows_work": "yes"})


def test_reasons_say_the_value_that_was_given(catalogue: Catalogue) -> None:
    def texts(answers: dict[str, Any]) -> str:
        result = recommend(catalogue, answers, {}, TODAY)
        return " ".join(reason.text for r in result.recommendations for reason in r.reasons)

    assert "arvosanan 5 " in texts({"work_ability_score": 5})
    assert "et koe olevasi työkykyinen" in texts({"feels_able_to_work": "no"})
    assert "et ole varma työkyvystäsi" in texts({"feels_able_to_work": "unsure"})


def test_a_future_service_is_not_recommended_early(catalogue: Catalogue) -> None:
    """`valid_from` is the first day: one day before, the predecessor is offered."""
    first = catalogue.by_id["lahden_tyollisyyspalvelut"]
    assert first.valid_from is not None
    assert not first.valid_on(first.valid_from - dt.timedelta(days=1))
    assert first.valid_on(first.valid_from)
