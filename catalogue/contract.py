"""The contract's questions, values and groups, read from `contract/self_check.yml`, and checked answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

SKIPPED = "skipped"
CONTRACT_FILE = Path(__file__).resolve().parent.parent / "contract" / "self_check.yml"
AREAS = ("motivation", "health_and_social", "skills")
WEAK = ("no", "unsure")
"""Answers that show a barrier."""
SCORE_LIMIT = 7
"""A work ability score of this or less is worth a closer look (004 Työkykykysymys)."""


class InvalidAnswer(ValueError):
    """An answer that the contract does not allow. The message is Finnish and may be shown to a resident."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question or background item. `values` is empty for numbers and municipalities."""

    id: str
    type: Literal["choice", "integer", "set", "municipality"]
    area: str | None = None
    values: frozenset[str] = frozenset()
    low: int = 0
    high: int = 0

    def accepts_number(self, value: Any) -> bool:
        """Whether the value is a whole number in the question's range."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Contract:
    """Questions and background items by id, in the order in which they are asked, and the service groups' names."""

    questions: Mapping[str, Question]
    groups: Mapping[str, str]


@lru_cache
def contract(path: Path = CONTRACT_FILE) -> Contract:
    """The contract, read once."""
    data = YAML(typ="safe", pure=True).load(path)
    questions: dict[str, Question] = {}
    for item in [*data["questions"], *data["background"]]:
        values, area = item["values"], item.get("area")
        if isinstance(values, list):
            # YAML 1.1 tools read yes and no as booleans; take both.
            names = frozenset(str({True: "yes", False: "no"}.get(v, v)) for v in values)
            question = Question(item["id"], "choice", area, names)
        elif found := re.match(r"integer (\d+)\.\.(\d+)", values):
            question = Question(item["id"], "integer", area, low=int(found[1]), high=int(found[2]))
        elif values.startswith("any of "):
            listed: list[str] = re.findall(r"[a-z_]+", values.removeprefix("any of ").split(";")[0])
            question = Question(item["id"], "set", area, frozenset(listed) - {"or", SKIPPED})
        else:
            question = Question(item["id"], "municipality", area)
        questions[question.id] = question
    return Contract(questions, {g["id"]: g["name_fi"] for g in data["service_groups"]})
