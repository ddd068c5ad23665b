"""Answers in words, for an adviser or a transcript, when the dialogue itself did not put them so. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML

from api.texts import node, say
from settings import ROOT

CONTRACT = ROOT / "contract" / "self_check.yml"


@lru_cache
def _area_of() -> dict[str, str]:
    contract = YAML(typ="safe").load(CONTRACT.read_text(encoding="utf-8"))
    areas = {question["id"]: question["area"] for question in contract["questions"]}
    return areas | {item["id"]: "background" for item in contract["background"]}


def value_in_words(value: Any) -> str:
    """An answer as one says it."""
    if isinstance(value, bool):
        # YAML and JSON may turn yes and no into truth values.
        value = "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value_in_words(item) for item in value)
    words: dict[str, str] = node("values")
    return words.get(str(value), str(value))


def of_answers(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answers by area, in the order of the contract: ``[{area, items: [{question, answer}]}]``."""
    areas: dict[str, list[dict[str, str]]] = {}
    for question, area in _area_of().items():
        if answers.get(question) is not None:
            item = {"question": say(f"questions.{question}"), "answer": value_in_words(answers[question])}
            areas.setdefault(area, []).append(item)
    return [{"area": say(f"areas.{area}"), "items": items} for area, items in areas.items()]
