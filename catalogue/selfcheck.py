"""Answers to the self-check, checked and completed, and what can be derived from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from catalogue.contract import AREAS, SCORE_LIMIT, SKIPPED, WEAK, InvalidAnswer, Question, contract
from catalogue.models import Catalogue

OTHER = "other"
"""The answer of someone who lives outside the catalogue's municipalities."""

YES_NO = (
    "wants_work",
    "open_labour_market_goal",
    "feels_able_to_work",
    "life_situation_allows_work",
    "has_usable_skills",
    "has_working_life_habits",
)


AREA_NAMES = {
    "motivation": "motivaatio",
    "health_and_social": "terveys ja elämäntilanne",
    "skills": "osaaminen",
}
"""The areas as a resident sees them."""


def _invalid(question: Question, value: Any) -> InvalidAnswer:
    if question.type == "integer":
        expected = f"kokonaisluku {question.low}–{question.high} tai skipped"
    elif question.type == "municipality":
        expected = "kunnan nimi, other tai skipped"
    elif question.type == "set":
        expected = f"luettelo arvoista {', '.join(sorted(question.values))}, tai skipped"
    else:
        expected = ", ".join(sorted(question.values))
    shown = repr(value)[:60]
    return InvalidAnswer(f"Kohdan {question.id} vastausta {shown} ei voi käyttää. Sallittu: {expected}.")


def _check(question: Question, value: Any, catalogue: Catalogue) -> Any:
    if value is None or value == SKIPPED:
        return frozenset() if question.type == "set" else SKIPPED
    if question.type == "choice":
        if isinstance(value, str) and value in question.values:
            return value
    elif question.type == "integer":
        if question.accepts_number(value):
            return value
    elif question.type == "set":
        items = [value] if isinstance(value, str) else value
        if isinstance(items, Collection) and not isinstance(items, Mapping):
            named = [item for item in items if item != SKIPPED]
            if all(isinstance(item, str) and item in question.values for item in named):
                return frozenset(named)
    elif isinstance(value, str):
        if value.strip().casefold() == OTHER:
            return OTHER
        municipality = catalogue.municipality(value)
        if municipality is not None:
            return municipality.name
    raise _invalid(question, value)


def complete(
    catalogue: Catalogue, answers: Mapping[str, Any], background: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """All questions and background items with a checked value; what was not told is `skipped`.

    Keys may come in either mapping. Barriers of the life situation count only while the life situation does not
    allow work or that was not told: a corrected "yes" makes an earlier list of barriers void.

    Raises:
        InvalidAnswer: for an unknown key or a value that the contract does not allow.
    """
    given = {**answers, **{k: v for k, v in (background or {}).items() if k not in answers or v is not None}}
    questions = contract().questions
    for key in given:
        if key not in questions:
            raise InvalidAnswer(f"Kysymystä {str(key)[:60]!r} ei tunneta.")
    checked = {key: _check(question, given.get(key), catalogue) for key, question in questions.items()}
    if checked["life_situation_allows_work"] == "yes":
        checked["life_situation_barriers"] = frozenset()
    derive(checked)
    return checked


def area_barrier(answers: Mapping[str, Any], area: str) -> bool:
    """Whether an answer of the area is no or unsure, or the score at most 7."""
    if area == "motivation":
        return answers["wants_work"] in WEAK or answers["open_labour_market_goal"] in WEAK
    if area == "skills":
        return answers["has_usable_skills"] in WEAK or answers["has_working_life_habits"] in WEAK
    score = answers["work_ability_score"]
    return (
        answers["feels_able_to_work"] in WEAK
        or answers["life_situation_allows_work"] in WEAK
        or (score != SKIPPED and score <= SCORE_LIMIT)
    )


def area_answered(answers: Mapping[str, Any], area: str) -> bool:
    """Whether no question of the area was left open (the list of barriers is a follow-up and does not count)."""
    return all(
        answers[question.id] != SKIPPED
        for question in contract().questions.values()
        if question.area == area and question.type != "set"
    )


def derive(answers: dict[str, Any]) -> None:
    """Add the numbers of :data:`catalogue.conditions.DERIVED`, and `weak_areas`: the areas with a barrier in words."""
    skipped = sum(answers[name] == SKIPPED for name in YES_NO)
    answers["barrier_areas"] = sum(area_barrier(answers, area) for area in AREAS)
    answers["weak_areas"] = ", ".join(name for area, name in AREA_NAMES.items() if area_barrier(answers, area))
    answers["skipped_questions"] = skipped
    answers["answered_questions"] = len(YES_NO) - skipped + (answers["work_ability_score"] != SKIPPED)
