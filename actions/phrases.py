"""Turns of phrase by name, from ``phrases.yml``: what a few words mean where they are said."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("phrases.yml")


@lru_cache
def _phrases() -> dict[str, list[re.Pattern[str]]]:
    loaded: dict[str, list[str]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {name: [re.compile(pattern) for pattern in patterns] for name, patterns in loaded.items()}


def says(name: str, text: str) -> bool:
    """Whether ``text`` has one of the phrases called ``name``.

    Raises:
        KeyError: there are no phrases of that name.
    """
    lower = text.casefold()
    return any(pattern.search(lower) for pattern in _phrases()[name])


def ordinal(text: str, number: int) -> int | None:
    """Which of so many is meant, from 0: "se eka" is 0, "se vika" the last; None when none of them is."""
    lower = text.casefold()
    if number and says("the_last", text):
        return number - 1
    return next((n for n, pattern in enumerate(_phrases()["ordinals"][:number]) if pattern.search(lower)), None)


def without_opening(text: str) -> str | None:
    """What follows "ei kun" and its like at the beginning; None when the text does not begin so."""
    lower = text.casefold().strip()
    for pattern in _phrases()["oops"]:
        if found := pattern.match(lower):
            return lower[found.end() :].strip(" ,.!")
    return None
