"""Whether a message tells of a crisis or of danger: by patterns, and by a model that is asked about every part of it.

A missed crisis is the worst thing that this can do, and a false alarm a small one, so each signal alone is enough.
"""

from __future__ import annotations

import re
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

SURE_OF_THE_KIND = 0.9
"""How likely an alarm must be by the model for it to choose between crisis and danger where a pattern was found."""

_MARKS = re.compile(r"[^\w\s-]+")
_PIECE_END = re.compile(r"[^\w\s-]+|\n")
_WORD = r"[\w-]+"


@dataclass(frozen=True)
class Patterns:
    """Compiled patterns of each kind, and what is struck out before they are tried."""

    kinds: dict[Kind, tuple[re.Pattern[str], ...]]
    exceptions: tuple[re.Pattern[str], ...]

    def find(self, text: str) -> Kind | None:
        """The kind that the text's words tell of, crisis before danger, or None."""
        # An idiom ends at a mark, so that it cannot hide what the next sentence says; a pattern may reach over one.
        pieces = [prepare(piece) for piece in _PIECE_END.split(text)]
        for exception in self.exceptions:
            pieces = [exception.sub(" ; ", piece) for piece in pieces]
        prepared = " ".join(" ".join(pieces).split())
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
    threshold: float = 0.2,
    part_threshold: float = 0.6,
) -> Finding | None:
    """Weigh the signals.

    Args:
        patterns: the patterns to try.
        text: the whole message.
        odds: a row for the message and then one for each part of it, a column for each of :data:`KINDS`; None without
            a model.
        threshold: how likely the kinds together must be in the message to be an alarm.
        part_threshold: the same in a part of it. A part is short of what stands around it, so this is higher.
    """
    found = patterns.find(text)
    likeliest: tuple[float, Kind] | None = None
    if odds is not None and len(odds):
        together = odds.sum(axis=1)
        needed = np.full(len(odds), max(threshold, part_threshold), dtype=np.float32)
        needed[0] = threshold
        if (alarming := np.flatnonzero(together >= needed)).size:
            row = alarming[int(together[alarming].argmax())]
            likeliest = (min(1.0, float(together[row])), KINDS[int(odds[row].argmax())])
    if found is not None:
        # Whose life it is can hang on a word that no pattern knows: where the model is sure, it says which kind.
        sure = likeliest is not None and likeliest[0] >= SURE_OF_THE_KIND
        return Finding(likeliest[1] if likeliest is not None and sure else found, 1.0, "pattern")
    if likeliest is not None:
        return Finding(likeliest[1], 0.9 + 0.1 * likeliest[0], "model")
    return None
