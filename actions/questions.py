"""The questions of the self-check, read from the contract, and which of them comes next.

Identifiers, order and values come from ``contract/self_check.yml``; wording from ``bot/domain/responses``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import yaml

from actions.state import Progress, Value
from settings import ROOT

SKIPPED = "skipped"
YES_NO = ("yes", "no", "unsure")
BARRIERS = ("family", "housing", "money", "other")

Kind = Literal["yes_no", "integer", "barriers", "municipality"]


@dataclass(frozen=True)
class Question:
    """One question or background item of the contract."""

    id: str
    area: str
    """Area id of the contract, or ``background``."""
    kind: Kind
    low: int = 0
    high: int = 0

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is an answer that the contract allows."""
        if value == SKIPPED:
            return True
        if self.kind == "yes_no":
            return value in YES_NO
        if self.kind == "integer":
            return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high
        if self.kind == "barriers":
            return isinstance(value, list) and bool(value) and all(item in BARRIERS for item in value)
        return isinstance(value, str) and bool(value)


def _question(entry: Mapping[str, Any], area: str) -> Question:
    values = entry["values"]
    if isinstance(values, list):
        return Question(entry["id"], area, "yes_no")
    bounds = re.match(r"integer (\d+)\.\.(\d+)", values)
    if bounds:
        return Question(entry["id"], area, "integer", int(bounds[1]), int(bounds[2]))
    if "family" in values:
        return Question(entry["id"], area, "barriers")
    return Question(entry["id"], area, "municipality")


@lru_cache
def questions() -> dict[str, Question]:
    """All questions and background items by id, in the order in which they are asked."""
    with (ROOT / "contract" / "self_check.yml").open(encoding="utf-8") as file:
        # The contract writes yes and no bare; BaseLoader keeps them as words.
        contract = yaml.load(file, Loader=yaml.BaseLoader)  # noqa: S506
    found = [_question(entry, entry["area"]) for entry in contract["questions"]]
    found += [_question(entry, "background") for entry in contract["background"]]
    return {question.id: question for question in found}


def area_ids() -> list[str]:
    """The three areas, in order."""
    return list(dict.fromkeys(question.area for question in questions().values() if question.area != "background"))


def applies(question_id: str, answers: Mapping[str, Value]) -> bool:
    """Whether the question is asked at all, given the other answers."""
    if question_id == "life_situation_barriers":
        return answers.get("life_situation_allows_work") in ("no", "unsure")
    return True


def next_question(answers: Mapping[str, Value]) -> str | None:
    """The first question without an answer, or None when all have one."""
    for question_id in questions():
        if question_id not in answers and applies(question_id, answers):
            return question_id
    return None


def drop_inapplicable(answers: dict[str, Value]) -> None:
    """Remove answers to questions that the other answers no longer raise."""
    for question_id in list(answers):
        if not applies(question_id, answers):
            del answers[question_id]


def progress_at(question_id: str | None) -> Progress | None:
    """Where ``question_id`` stands in the three areas; background counts with the last of them."""
    if question_id not in questions():
        return None
    areas = area_ids()
    area = questions()[question_id].area
    index = areas.index(area) + 1 if area in areas else len(areas)
    return Progress(area=area, index=index, of=len(areas))
