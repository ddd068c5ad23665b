"""Short Finnish names of questions, values, areas and intents, from ``labels.yml``."""

from __future__ import annotations

import re
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
            return phrase_label("not_unemployed")
        # One of a thing is singular in Finnish; every other number takes the partitive.
        units = labels["units"][question_id]
        return str(units["one"] if value == 1 else units["many"]).format(value)
    return str(names.get(value, value))


def button_label(name: str) -> tuple[str, str]:
    """What the button called ``name`` reads, and the payload that it sends."""
    entry = _labels()["buttons"][name]
    return str(entry["title"]), str(entry["payload"])


def phrase_label(name: str) -> str:
    """A few words that are filled into a text or into the adviser's summary."""
    return str(_labels()["phrases"][name])


def follow_up_labels() -> dict[str, str]:
    """What the buttons of a follow-up read, by the value that each answers."""
    return {str(value): str(title) for value, title in _labels()["follow_up"].items()}


def intent_label(intent: str) -> str | None:
    """What to call an intent on a button, or None when it is not one to offer."""
    label = _labels()["intents"].get(intent)
    return None if label is None else str(label)


@lru_cache
def reject_reasons() -> dict[str, tuple[str, re.Pattern[str]]]:
    """Usual reasons why a service does not suit: what each is called, and the words by which it is known."""
    return {
        key: (str(entry["label"]), re.compile(entry["words"])) for key, entry in _labels()["reject_reasons"].items()
    }
