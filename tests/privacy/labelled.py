"""Reads ``redaction.yml`` and measures a finder of what identifies a person against it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

LABEL = re.compile(r"\[\[(\w+):(.*?)\]\](?!\])")
Span = tuple[int, int, str]
"""Start, end, kind."""
Finder = Callable[[str], Iterable[Span]]


@dataclass(frozen=True)
class Text:
    """A text without its marks, and the spans that were marked."""

    text: str
    labels: tuple[Span, ...]


@dataclass
class Figures:
    """Of one kind: how many were marked, found whole, taken, and taken rightly."""

    marked: int = 0
    found: int = 0
    taken: int = 0
    right: int = 0
    slips: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        return self.found / self.marked if self.marked else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.taken if self.taken else 1.0


def parse(line: str) -> Text:
    """A line of the file."""
    plain, labels, position = "", [], 0
    for match in LABEL.finditer(line):
        plain += line[position : match.start()]
        labels.append((len(plain), len(plain) + len(match[2]), match[1]))
        plain += match[2]
        position = match.end()
    return Text(plain + line[position:], tuple(labels))


def read(half: str, path: Path = Path(__file__).with_name("redaction.yml")) -> list[Text]:
    """The texts of a half."""
    topics = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))[half]
    return [parse(line) for block in topics.values() for line in block.splitlines() if line.strip()]


def _letters(text: str, spans: Iterable[Span], kind: str | None = None) -> set[int]:
    return {
        index
        for start, end, name in spans
        if kind in {None, name}
        for index in range(start, end)
        if text[index].isalnum()
    }


def measure(texts: Iterable[Text], find: Finder) -> dict[str, Figures]:
    """Figures by kind. A mark counts as found when every letter and digit of it is taken, by its own kind; what is
    taken counts as right when it overlaps a mark of its kind and takes nothing that is not marked.
    """
    figures: dict[str, Figures] = {}
    for text in texts:
        spans = list(find(text.text))
        everything = _letters(text.text, text.labels)
        for label in text.labels:
            one = figures.setdefault(label[2], Figures())
            one.marked += 1
            if _letters(text.text, [label]) <= _letters(text.text, spans, label[2]):
                one.found += 1
            else:
                one.slips.append(f"missed in: {text.text}")
        for span in spans:
            one = figures.setdefault(span[2], Figures())
            one.taken += 1
            letters = _letters(text.text, [span])
            if letters <= everything and letters & _letters(text.text, text.labels, span[2]):
                one.right += 1
            else:
                one.slips.append(f"took {text.text[span[0] : span[1]]!r} of: {text.text}")
    return figures


def table(figures: dict[str, Figures]) -> str:
    """The figures as rows of a Markdown table."""
    total: Counter[str] = Counter()
    for one in figures.values():
        total.update(marked=one.marked, found=one.found, taken=one.taken, right=one.right)
    rows = []
    for kind, one in [*sorted(figures.items()), ("all", Figures(**total))]:
        rows.append(
            f"| {kind} | {one.found}/{one.marked} | {one.recall:.3f} | {one.right}/{one.taken} | {one.precision:.3f} |"
        )
    return "\n".join(rows)
