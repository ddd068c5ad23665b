"""A piece of text and what it means, and the form of a text that the rules here read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.components.finnish.text import fold


@dataclass(frozen=True, order=True)
class Span:
    """A piece of a text and its meaning.

    Attributes:
        start, end: its place in the original text.
        entity: the kind, as in docs/architecture.md.
        value: the normalised value.
    """

    start: int
    end: int
    entity: str
    value: str | int

    def overlaps(self, other: Span) -> bool:
        """Whether they share a character."""
        return self.start < other.end and other.start < self.end


def readable(text: str) -> str:
    """Lower case with ä as a and ö as o, each character in its place, so that spans fit the original."""
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return fold(lowered).replace("\u2013", "-").replace("\u2014", "-").replace("\u2212", "-").replace("\u2019", "'")


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The spans in the text's order; of two that overlap the one that was given first stays."""
    kept: list[Span] = []
    for span in spans:
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: (span.start, span.end))
