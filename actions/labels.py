"""Short Finnish names of questions, values, areas and intents, from ``labels.yml``."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from actions.questions import questions
from actions.state import Value


@lru_cache
def _labels() -> dict[str, Any]:
    with Path(__file__).with_name("labels.yml").open(encoding="utf-8") as file:
        loaded: dict[str, Any] = yaml.safe_load(file)
    return loaded


def area_label(area: str) -> str:
    """The area's name as residents see it."""
    return str(_labels()["areas"][area])


def question_label(question_id: str) -> str:
    """The question in a few words, for a summary."""
    return str(_labels()["questions"][question_id])


def value_label(question_id: str, value: Value) -> str:
    """An answer as a resident would read it: "kyllä", "14 kuukautta", "perhe ja raha"."""
    labels = _labels()
    kind = questions()[question_id].kind
    names = labels["values"][kind]
    if isinstance(value, list):
        words = [str(names[item]) for item in value]
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} ja {words[-1]}"
    if isinstance(value, int):
        if question_id == "unemployed_months" and value == 0:
            return "en ole työtön"
        text = str(labels["units"][question_id]).format(value)
        # One of a thing is singular in Finnish; every other number takes the partitive.
        singular = {"1 vuotta": "1 vuosi", "1 kuukautta": "1 kuukausi", "1 päivää": "1 päivä"}
        return singular.get(text, text)
    return str(names.get(value, value))


def intent_label(intent: str) -> str | None:
    """What to call an intent on a button, or None when it is not one to offer."""
    label = _labels()["intents"].get(intent)
    return None if label is None else str(label)
