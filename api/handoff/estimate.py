"""How long a resident will wait: an honest guess, or none. Pure.

Each recent wait says how much adviser time one place in the queue took: ``seconds × advisers / place``, with the place
and the number of advisers at the moment of asking. Their median, times the place now, by the advisers now, is the
estimate. Nothing is said rather than guessed: with nobody present, with fewer than ``LEAST`` recent waits, when half
of those who asked lately were never reached, or when this resident has waited far longer than the guess allows for.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 5
"""Fewer waits than this are an anecdote."""
WRONG_BY = 2.0
"""A resident who has waited this many times the first guess is told no new one: the guess was wrong."""
SHORTEST_S = 30


@dataclass(frozen=True)
class Wait:
    """A recent wait. ``seconds`` is until an adviser came, or None when none did before the time was up."""

    seconds: float | None
    place: int
    advisers: int


def pace_s(recent: Sequence[Wait]) -> float | None:
    """Seconds of one adviser's time that a place in the queue takes; None when too little is known."""
    known = [wait for wait in recent if wait.place >= 1 and wait.advisers >= 1]
    if len(known) < LEAST:
        return None
    # Who was never reached waited longer than anybody can tell; left out, they would make the guess too good.
    paces = [math.inf if wait.seconds is None else wait.seconds * wait.advisers / wait.place for wait in known]
    median = statistics.median_high(paces)
    return None if math.isinf(median) else median


def estimate_s(
    recent: Sequence[Wait], *, place: int, advisers: int, waited_s: float = 0.0, first_place: int | None = None
) -> int | None:
    """Seconds still to wait at ``place`` with ``advisers`` present; None when an honest guess is not possible.

    Args:
        recent: the latest waits.
        place: in the queue now, 1 is next.
        advisers: how many are present now.
        waited_s: how long this resident has waited already.
        first_place: the place at which they began, if it is known.
    """
    pace = pace_s(recent)
    if pace is None or advisers < 1 or place < 1:
        return None
    if waited_s > WRONG_BY * max(SHORTEST_S, pace * (first_place or place) / advisers):
        return None
    return max(SHORTEST_S, round(pace * place / advisers))
