"""Whether a message tells of a crisis or of danger: by patterns, and by a model that is asked about every part of it.

A missed crisis is the worst thing that this can do, and a false alarm a small one, so each signal alone is enough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray

from bot.components.finnish.text import fold, normalise

Kind = Literal["crisis", "danger"]
KINDS: tuple[Kind, ...] = ("crisis", "danger")
PATTERNS = Path(__file__).with_name("patterns.yml")

_MARKS = re.compile(r"[^\w\s-]+")
_WORD = r"[\w-]+"


@dataclass(frozen=True)
class Patterns:
    """Compiled patterns of each kind, and what is struck out before they are tried."""

    kinds: dict[Kind, tuple[re.Pattern[str], ...]]
    exceptions: tuple[re.Pattern[str], ...]

    def find(self, text: str) -> Kind | None:
        """The kind that the text's words tell of, crisis before danger, or None."""
        prepared = prepare(text)
        for exception in self.exceptions:
            prepared = exception.sub(" ; ", prepared)
        for kind in KINDS:
            if any(pattern.search(prepared) for pattern in self.kinds[kind]):
                return kind
        return None


def prepare(text: str) -> str:
    """The text as patterns see it: lower case, ä as a, marks as spaces."""
    return re.sub(r"\s+", " ", _MARKS.sub(" ", fold(normalise(text)))).strip()


def compile_pattern(source: str, words: dict[str, str]) -> re.Pattern[str]:
    """A pattern of the file as a regular expression.

    Raises:
        ValueError: it is not a regular expression, names a list that is not there, or matches an empty text.
    """
    expanded = source
    for name, group in words.items():
        expanded = expanded.replace("{" + name + "}", group)
    expanded = expanded.replace("{W3}", f"(?:{_WORD} ){{0,3}}").replace("{W}", _WORD)
    if left := re.findall(r"\{[A-Z]\w*\}", expanded):
        raise ValueError(f"no word list {', '.join(left)}")
    # Alternatives at the top level begin and end at a word's edge.
    try:
        pattern = re.compile(rf"(?<![\w])(?:{fold(expanded)})")
    except re.error as error:
        raise ValueError(f"not a regular expression ({error}): {source}") from error
    if pattern.search(""):
        raise ValueError(f"matches everything: {source}")
    return pattern


def read_patterns(path: Path = PATTERNS) -> Patterns:
    """The patterns of a file, checked.

    Raises:
        ValueError: the file lacks a part, or a pattern is wrong; the message names it.
    """
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    missing = {"words", "exceptions", *KINDS} - set(content)
    if missing:
        raise ValueError(f"{path.name} lacks {', '.join(sorted(missing))}")
    words = {str(name): str(group) for name, group in content["words"].items()}

    def compiled(part: str) -> tuple[re.Pattern[str], ...]:
        if not content[part]:
            raise ValueError(f"{path.name}: {part} is empty")
        return tuple(compile_pattern(str(source), words) for source in content[part])

    return Patterns({kind: compiled(kind) for kind in KINDS}, compiled("exceptions"))


@lru_cache(maxsize=1)
def default_patterns() -> Patterns:
    """The patterns that ship with the bot."""
    return read_patterns()


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes:
        kind: crisis or danger.
        confidence: how sure, above 0.9 so that no threshold for uncertain intents catches it.
        by: which signal told it.
    """

    kind: Kind
    confidence: float
    by: Literal["pattern", "model"]


def judge(
    patterns: Patterns,
    text: str,
    odds: NDArray[np.float32] | None,
    classes: Sequence[str],
    thresholds: dict[Kind, float],
    part_threshold: float = 0.6,
) -> Finding | None:
    """Weigh the signals.

    Args:
        patterns: the patterns to try.
        text: the whole message.
        odds: a row for the message and then one for each part of it, a column for each of ``classes``; None without
            a model.
        classes: names of the columns, crisis and danger among them.
        thresholds: how likely each kind must be in the message to be an alarm.
        part_threshold: how likely in a part of it. A part is short of what stands around it, so this is higher.
    """
    found = patterns.find(text)
    likeliest: tuple[float, Kind] | None = None
    if odds is not None:
        for kind in KINDS:
            if kind in classes:
                column = odds[:, list(classes).index(kind)]
                needed = thresholds.get(kind, 1.0)
                alarming = [float(column[0])] if column[0] >= needed else []
                alarming += [float(share) for share in column[1:] if share >= np.float32(max(needed, part_threshold))]
                if alarming and (likeliest is None or max(alarming) > likeliest[0]):
                    likeliest = (max(alarming), kind)
    if found is not None:
        return Finding(found, 1.0, "pattern")
    if likeliest is not None:
        return Finding(likeliest[1], 0.9 + 0.1 * likeliest[0], "model")
    return None


def pick_threshold(odds: NDArray[np.float32], share_of_alarms: float, lowest: float, highest: float) -> float:
    """The lowest threshold at which at most a given share of harmless messages is an alarm.

    Args:
        odds: how likely harmless messages are the kind, by a model that did not see them.
        share_of_alarms: 0..1.
        lowest: the answer is not below this.
        highest: nor above this.
    """
    if not len(odds):
        return highest
    allowed = int(share_of_alarms * len(odds))
    ordered = np.sort(odds)[::-1]
    above = float(ordered[allowed]) if allowed < len(ordered) else 0.0
    return float(min(max(above + 1e-6, lowest), highest))
