"""Whether a city's colours can be read: the widget's check, for the one who chooses the colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from api.pages.bundle import STATIC

AA = 4.5
"""Contrast ratio that WCAG 2 asks of text (success criterion 1.4.3)."""

Scheme = Literal["light", "dark"]
_TOKEN = re.compile(r"(--tv-[\w-]+):\s*(#[0-9a-fA-F]{6})\s*;")
_STRONG = re.compile(r"color-mix\(in srgb, var\(--tv-primary\), var\(--away, #000\) (\d+)%\)")
_PAIR = re.compile(r'^  \["(--tv-[\w-]+)", "(--tv-[\w-]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Pair:
    """What is seen on what, and how well: ``ratio`` is 1 to 21."""

    name: str
    on: str
    ratio: float

    @property
    def legible(self) -> bool:
        """Whether text of any size may have these colours."""
        return self.ratio >= AA


def tokens(scheme: Scheme) -> dict[str, str]:
    """The colours of ``tokens.css``, as ``#rrggbb``."""
    light, _, dark = (
        (STATIC / "tokens.css").read_text(encoding="utf-8").partition("@media (prefers-color-scheme: dark)")
    )
    found = dict(_TOKEN.findall(light))
    return found | dict(_TOKEN.findall(dark)) if scheme == "dark" else found


def _parts(colour: str) -> list[int]:
    """Red, green and blue, 0 to 255.

    Raises:
        ValueError: when the colour is not written as ``#rgb`` or ``#rrggbb``.
    """
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{3}){1,2}", colour):
        raise ValueError(f"{colour!r} is not a colour like #0f4c6e")
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    return [int(digits[at : at + 2], 16) for at in (0, 2, 4)]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG, 0 to 1.

    Raises:
        ValueError: when the colour is not written as ``#rgb`` or ``#rrggbb``.
    """
    parts = [part / 255 for part in _parts(colour)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """A share of ``other`` in ``colour``, as ``color-mix(in srgb, …)`` does it."""
    parts = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(one * (1 - share) + another * share):02x}" for one, another in parts)


def strong(primary: str, on_primary: str) -> str:
    """What the widget makes of the main colour under the pointer where a city has set no such colour."""
    found = _STRONG.search((STATIC / "widget" / "widget.css").read_text(encoding="utf-8"))
    assert found, "widget.css derives the colour under the pointer"
    away = "#ffffff" if luminance(on_primary) < luminance(primary) else "#000000"
    return mix(primary, away, int(found[1]) / 100)


def pairs() -> list[tuple[str, str]]:
    """The pairs that the widget checks, read from its own list."""
    return _PAIR.findall((STATIC / "widget" / "colours.js").read_text(encoding="utf-8"))


def check(own: Mapping[str, str], scheme: Scheme) -> list[Pair]:
    """Every pair as it is when a city sets the variables of ``own``.

    Raises:
        ValueError: when a colour cannot be understood, or a variable is not one of ours.
    """
    known = tokens(scheme)
    for name in own:
        if name not in known:
            raise ValueError(f"{name} is not a colour of the widget; known are {', '.join(sorted(known))}")
    colours = known | dict(own)
    if "--tv-primary-strong" not in own:
        colours["--tv-primary-strong"] = strong(colours["--tv-primary"], colours["--tv-on-primary"])
    return [Pair(name, on, contrast(colours[name], colours[on])) for name, on in pairs()]
