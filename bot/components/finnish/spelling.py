"""Words as they were meant: dots that were left out, and one slip of the finger, put right by the words that are known.

A word that is known stays as it is, and so does one that no known word is close to. Among words that are close, the
kind of slip and how common the word is decide. What is put right is read by the machine only; nobody is shown it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from bot.components.finnish.noise import NEIGHBOURS
from bot.components.finnish.text import fold, normalise

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 3
"""Letters of the shortest word that may be misspelt."""

_SURE_LENGTH = 6
"""From so many letters on, a word that the examples have once may be what was meant."""

# How likely each slip is, as a logarithm. A wrong letter from the other end of the keyboard is no slip: in Finnish it is
# rather another form of another word.
_SWAPPED, _DOUBLED, _DROPPED, _NEIGHBOUR, _FIRST_LETTER = 3.0, 3.0, 3.0, 2.0, -2.0


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word is in the texts."""
    return Counter(word for text in texts for word in _WORD.findall(normalise(text)))


class Speller:
    """Puts words right by a vocabulary.

    Args:
        counts: how often each word was seen.
        least: a slip in a short word is only put right by a word that was seen at least this often.
    """

    def __init__(self, counts: Mapping[str, int], least: int = 2) -> None:
        self.counts = dict(counts)
        self._known = set(self.counts)
        best: dict[str, str] = {}
        for word in sorted(self.counts, key=lambda word: (self.counts[word], word)):
            best[fold(word)] = word  # the most frequent one last
        self._dotted = best
        self._near: dict[str, list[str]] = {}
        for folded, word in best.items():
            if len(folded) > _SHORTEST and (self.counts[word] >= least or len(folded) >= _SURE_LENGTH):
                for key in _shortened(folded):
                    self._near.setdefault(key, []).append(folded)

    def text(self, text: str) -> str:
        """The normalised text with each word put right."""
        return _WORD.sub(lambda match: self.word(match.group()), normalise(text))

    def word(self, word: str) -> str:
        """One word in lower case, put right."""
        folded = fold(word)
        if word in self._known and (folded != word or self._dotted[folded] == word):
            return word
        if folded in self._dotted:
            dotted = self._dotted[folded]
            # "tyoton" is known too, from somebody's example; who leaves the dots out means the common word.
            return dotted if folded == word and self.counts[dotted] > self.counts.get(word, 0) else word
        if len(folded) < _SHORTEST:
            return word
        close = {known for key in _shortened(folded) for known in self._near.get(key, ())}
        scored = [(score, known) for known in close if (score := self._score(folded, known)) is not None]
        return self._dotted[max(scored)[1]] if scored else word

    def _score(self, typed: str, known: str) -> float | None:
        likely = slip_score(typed, known)
        if likely is None or (len(typed) == _SHORTEST and len(known) == _SHORTEST):
            return None
        return likely + math.log(self.counts[self._dotted[known]])


def slip_score(typed: str, meant: str) -> float | None:
    """How likely one slip makes ``meant`` into ``typed``, as a logarithm; None when no slip does.

    Both without ä and ö.
    """
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    end = 0
    while end < min(len(typed), len(meant)) - start and typed[-1 - end] == meant[-1 - end]:
        end += 1
    had, has = meant[start : len(meant) - end], typed[start : len(typed) - end]
    first = _FIRST_LETTER if start == 0 else 0.0
    if not had and not has:
        return 0.0
    if len(had) == 2 and has == had[::-1]:
        return _SWAPPED + first
    if len(had) == 1 and len(has) == 1:
        return _NEIGHBOUR + first if has in _BESIDE_KEY.get(had, "") else None
    if not had and len(has) == 1:
        beside = {typed[start - 1] if start else "", typed[start + 1] if start + 1 < len(typed) else ""}
        return _DOUBLED + first if has in beside else None
    if not has and len(had) == 1:
        return _DROPPED + first
    return None


_BESIDE_KEY = {key: fold(keys) for key, keys in NEIGHBOURS.items() if fold(key) == key}
_BESIDE_KEY["a"] += _BESIDE_KEY["o"] + fold(NEIGHBOURS["ä"])
_BESIDE_KEY["o"] += fold(NEIGHBOURS["ö"])


def _shortened(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}
