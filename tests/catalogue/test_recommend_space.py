"""What holds for every combination of answers, tried over the whole answer space.

The space: six questions with four values, the score around each limit, and all sets of barriers. Scores between
the limits behave alike, which `test_scores_between_the_limits_change_nothing` checks.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from catalogue import selfcheck
from catalogue.conditions import questions_of
from catalogue.models import Catalogue
from catalogue.recommend import LIMIT, Wanted, evaluate, recommend

TODAY = dt.date(2026, 11, 22)
BEFORE_REFORM = dt.date(2024, 12, 31)
YES_NO = ("yes", "no", "unsure", "skipped")
SCORES = (0, 1, 7, 8, 10, "skipped")
BARRIERS = ("family", "housing", "money", "other")
WEAK = ("no", "unsure")

UNKNOWN: dict[str, Any] = {}
LAHTI_YOUNG = {"age": 22, "municipality": "Lahti", "unemployed_months": 7}
LAHTI_OLDER = {"age": 51, "municipality": "Lahti", "unemployed_months": 36, "labour_market_subsidy_days": 500}
HOLLOLA = {"age": 31, "municipality": "Hollola", "unemployed_months": 2, "labour_market_subsidy_days": 0}
ELSEWHERE = {"age": 40, "municipality": "other", "unemployed_months": 13}
EMPLOYED = {"age": 45, "municipality": "Myrskylä", "unemployed_months": 0}

Answers = dict[str, Any]


def barrier_sets() -> list[frozenset[str]]:
    return [frozenset(c) for n in range(len(BARRIERS) + 1) for c in itertools.combinations(BARRIERS, n)]


def space(scores: tuple[Any, ...] = SCORES, sets: list[frozenset[str]] | None = None) -> Iterator[Answers]:
    sets = barrier_sets() if sets is None else sets
    for wants, goal, able, life, skills, habits in itertools.product(YES_NO, repeat=6):
        for score in scores:
            for barriers in sets if life in WEAK else [frozenset[str]()]:
                yield {
                    "wants_work": wants,
                    "open_labour_market_goal": goal,
                    "feels_able_to_work": able,
                    "work_ability_score": score,
                    "life_situation_allows_work": life,
                    "life_situation_barriers": barriers,
                    "has_usable_skills": skills,
                    "has_working_life_habits": habits,
                }


def completed(answers: Answers, background: Answers) -> Answers:
    """As `selfcheck.complete` gives it, without checking each of half a million answers."""
    whole = {
        "age": "skipped",
        "municipality": "skipped",
        "unemployed_months": "skipped",
        "labour_market_subsidy_days": "skipped",
        **answers,
        **background,
    }
    selfcheck.derive(whole)
    return whole


def check_one(catalogue: Catalogue, answers: Answers, on: dt.date) -> None:
    """The rules that the issue of the recommendations names, for one resident."""
    wanted = evaluate(catalogue, answers, on)
    shown = wanted[:LIMIT]
    groups = [w.service.group for w in shown]
    ids = {w.service.id for w in shown}
    told = {k: v for k, v in answers.items() if v not in ("skipped", frozenset())}
    assert shown, told
    assert len(ids) == len(shown), told
    for item in shown:
        service = item.service
        assert item.reasons, told
        assert service.valid_on(on), (service.id, told)
        municipality = answers["municipality"]
        if municipality == "skipped":
            assert not service.municipalities or len(service.municipalities) == len(catalogue.municipalities)
        else:
            assert service.serves_municipality(municipality), (service.id, told)
        if answers["age"] == "skipped":
            assert service.age_min is None
            assert service.age_max is None
        else:
            assert service.serves_age(answers["age"]), (service.id, told)

    wants, able, score = (answers[k] for k in ("wants_work", "feels_able_to_work", "work_ability_score"))
    life, skills, habits = (
        answers[k] for k in ("life_situation_allows_work", "has_usable_skills", "has_working_life_habits")
    )
    if answers["answered_questions"] == 0 and not answers["life_situation_barriers"]:
        assert groups[0] == "guidance", told
        assert not {"care", "assessment", "participation"} & set(groups), told
    fine = skills == "yes" and habits == "yes"
    if wants == "yes" and able == "yes" and score in (8, 9, 10) and life == "yes" and fine:
        assert groups[0] == "work", told
        assert not {"participation", "care", "assessment"} & set(groups), told
    if able in WEAK or (score != "skipped" and score <= 7):
        assert "assessment" in groups, told
    if score != "skipped" and score <= 7:
        cited = [
            r for w in shown if w.service.group == "assessment" for r in w.reasons if r.rule.startswith("low_score")
        ]
        assert cited, told
        assert all(r.source.startswith("004 ") and f"arvosanan {score} " in r.text for r in cited), told
    if wants == "yes" and skills in WEAK:
        assert "studies" in groups, told
        if "participation" in groups:
            assert groups.index("studies") < groups.index("participation"), told
    if habits in WEAK and wants != "no":
        assert {"employment_support", "coaching"} & set(groups), told
    if wants == "no" and (able == "no" or score == 0):
        assert "care" in groups, told
        place = groups.index("participation")
        assert all(place < i for i, g in enumerate(groups) if g in ("work", "studies")), told
    barriers = answers["life_situation_barriers"]
    if "money" in barriers:
        assert {"toimeentulotuki", "talous_ja_velkaneuvonta"} <= ids, told
    if {"housing", "family"} & barriers:
        assert {"sosiaalihuollon_ohjaus_ja_neuvonta", "sosiaaliohjaus"} & ids, told
    assert ("ohjaamo_lahti" in ids) <= (answers["municipality"] == "Lahti" and 15 <= (answers["age"]) <= 29), told


def test_every_combination_without_a_background(catalogue: Catalogue) -> None:
    for answers in space():
        check_one(catalogue, completed(answers, UNKNOWN), TODAY)


@pytest.mark.parametrize(
    ("background", "on"),
    [
        (LAHTI_YOUNG, TODAY),
        (LAHTI_OLDER, TODAY),
        (HOLLOLA, TODAY),
        (ELSEWHERE, TODAY),
        (EMPLOYED, TODAY),
        (LAHTI_OLDER, BEFORE_REFORM),
        (HOLLOLA, dt.date(2023, 6, 1)),
    ],
    ids=["young-lahti", "lahti", "hollola", "elsewhere", "employed", "lahti-2024", "hollola-2023"],
)
def test_every_combination_with_backgrounds(catalogue: Catalogue, background: Answers, on: dt.date) -> None:
    sets = [frozenset[str](), frozenset({"money"}), frozenset(BARRIERS)]
    for answers in space(scores=(0, 7, 8, "skipped"), sets=sets):
        check_one(catalogue, completed(answers, background), on)


WEAKER = {"yes": ("unsure", "no"), "unsure": ("no",)}


def weakened(answers: Answers) -> Iterator[tuple[str, Answers]]:
    """The question that became one step or more weaker, and the answers after it."""
    for question, value in answers.items():
        if question == "work_ability_score" and value in (8, 10):
            yield question, {**answers, question: 7}
        elif question == "work_ability_score" and value == 7:
            yield question, {**answers, question: 0}
        elif question == "life_situation_barriers" and answers["life_situation_allows_work"] in WEAK:
            for barrier in BARRIERS:
                if barrier not in value:
                    yield question, {**answers, question: value | {barrier}}
        elif isinstance(value, str):
            for weaker in WEAKER.get(value, ()):
                yield question, {**answers, question: weaker}


DERIVED = frozenset({"barrier_areas", "skipped_questions", "answered_questions"})


@pytest.mark.parametrize(
    ("background", "scores", "sets"),
    [
        (UNKNOWN, (0, 7, 8), [frozenset[str](), frozenset({"money", "family"})]),
        (LAHTI_YOUNG, (7, 8), [frozenset[str]()]),
        (EMPLOYED, (7, 8), [frozenset[str]()]),
    ],
    ids=["unknown", "young-lahti", "employed"],
)
def test_a_weaker_answer_takes_no_service_from_another_need(
    catalogue: Catalogue, background: Answers, scores: tuple[int, ...], sets: list[frozenset[str]]
) -> None:
    # What a rule depends on: the answers that it asks for, or everything when it counts answers.
    depends = {rule.id: questions_of(rule.when) for rule in catalogue.rules}
    seen: dict[tuple[Any, ...], list[Wanted]] = {}

    def wanted(answers: Answers) -> list[Wanted]:
        key = tuple(answers.values())
        if key not in seen:
            seen[key] = evaluate(catalogue, completed(answers, background), TODAY)
        return seen[key]

    for answers in space(scores=scores, sets=sets):
        if answers["open_labour_market_goal"] == "skipped":
            continue
        before = wanted(answers)
        for question, weaker in weakened(answers):
            after = wanted(weaker)
            kept = {w.service.id for w in after[:LIMIT]}
            lost = {
                item.service.id
                for item in before[:LIMIT]
                if item.service.id not in kept
                # A rule that does not look at the question met a need that has not changed.
                and any(question not in depends[r.rule] and not DERIVED & depends[r.rule] for r in item.reasons)
            }
            if not lost:
                continue
            # Only the limit of seven may take it, only the least urgent, and what is left out is counted.
            assert len(after) > LIMIT, (question, answers, lost)
            urgency = {w.service.id: w.urgency for w in after}
            least = after[LIMIT - 1].urgency
            assert all(urgency[i] <= least for i in lost), (question, answers, lost)


def test_what_is_left_out_is_counted(catalogue: Catalogue) -> None:
    answers = {
        "wants_work": "no",
        "feels_able_to_work": "no",
        "life_situation_allows_work": "no",
        "life_situation_barriers": ["money", "family"],
        "has_usable_skills": "no",
        "has_working_life_habits": "no",
    }
    result = recommend(catalogue, answers, on=TODAY)
    whole = evaluate(catalogue, selfcheck.complete(catalogue, answers), TODAY)
    assert len(result.recommendations) == LIMIT
    assert result.more == len(whole) - LIMIT > 0


@pytest.mark.parametrize("pair", [(1, 2), (3, 4), (5, 6), (6, 7), (8, 9), (9, 10)])
def test_scores_between_the_limits_change_nothing(catalogue: Catalogue, pair: tuple[int, int]) -> None:
    for wants, able in itertools.product(YES_NO, repeat=2):
        found = [
            [w.service.id for w in evaluate(catalogue, completed(answers, UNKNOWN), TODAY)]
            for score in pair
            for answers in space(scores=(score,), sets=[frozenset()])
            if answers["wants_work"] == wants and answers["feels_able_to_work"] == able
        ]
        half = len(found) // 2
        assert found[:half] == found[half:]
