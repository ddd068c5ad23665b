"""Plots as numbers that a template draws as SVG: across in per cent of the width, so that they fit any screen and
their letters keep their size; down in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 180
TOP, BOTTOM = 22, 152
"""Where the highest value and zero are."""
MOST_LABELS = 6
NICE = (1, 2, 5, 10)


def nice_top(most: float) -> int:
    """The top of an axis: 1, 2 or 5 times a power of ten, and at least 2."""
    if most <= 2:
        return 2
    power = 10 ** math.floor(math.log10(most))
    return int(next(step * power for step in NICE if step * power >= most))


def _y(value: float, top: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * value / top, 1)


@dataclass(frozen=True)
class Mark:
    """A bar or a point; ``y`` is None where the value is hidden or there is none."""

    label: str
    value: float | None
    x: float
    width: float
    middle: float
    y: float | None
    height: float
    has_label: bool


@dataclass(frozen=True)
class Line:
    """A horizontal line of the scale."""

    y: float
    value: float


@dataclass(frozen=True)
class Plot:
    """Marks of one or more series on a common scale."""

    series: list[list[Mark]]
    scale: list[Line]
    height: int = HEIGHT
    bottom: int = BOTTOM


def plot(labels: Sequence[str], *series: Sequence[float | None]) -> Plot:
    """A plot of series that share their labels."""
    top = nice_top(max((value for one in series for value in one if value is not None), default=0))
    slot = 100 / max(1, len(labels))
    every = math.ceil(len(labels) / MOST_LABELS)
    return Plot(
        series=[
            [
                Mark(
                    label=label,
                    value=value,
                    x=round(slot * (number + 0.15), 2),
                    width=round(slot * 0.7, 2),
                    middle=round(slot * (number + 0.5), 2),
                    y=None if value is None else _y(value, top),
                    height=0 if value is None else round(BOTTOM - _y(value, top), 1),
                    has_label=number % every == 0,
                )
                for number, (label, value) in enumerate(zip(labels, one, strict=True))
            ]
            for one in series
        ],
        scale=[Line(_y(value, top), value) for value in (0, top / 2, top)],
    )
