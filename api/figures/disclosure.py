"""Small counts are hidden: "one request, on Tuesday, not helped" is a person whom somebody may know."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

LEAST_SHOWN = 5
"""Counts below this, other than none, are not shown, and nothing is computed from fewer values."""

Key = TypeVar("Key", bound=Hashable)


def shown(parts: Mapping[Key, int]) -> dict[Key, int | None]:
    """The parts of a whole with the small ones as None.

    Whoever knows the whole can subtract what is shown. So while what is hidden adds up to a small count, the next
    smallest part is hidden, too.
    """
    hidden = {key for key, count in parts.items() if 0 < count < LEAST_SHOWN}
    rest = sorted((key for key, count in parts.items() if count >= LEAST_SHOWN), key=lambda key: parts[key])
    while hidden and rest and sum(parts[key] for key in hidden) < LEAST_SHOWN:
        hidden.add(rest.pop(0))
    return {key: None if key in hidden else count for key, count in parts.items()}


def shown_total(count: int) -> int | None:
    """A count that is no part of a shown whole."""
    return None if 0 < count < LEAST_SHOWN else count
