"""Words as they were meant: dots that were left out, and one slip of the finger, put right by the words that are known.

A word that is known stays as it is, and so does one that no known word is close to. What is put right is read by the
machine only; nobody is shown it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from bot.components.finnish.municipalities import within_one_edit
from bot.components.finnish.text import fold, normalise

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 4


def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each word is in the texts."""
    return Counter(word for text in texts for word in _WORD.findall(normalise(text)))


class Speller:
    """Puts words right by a vocabulary.

    Args:
        counts: how often each word was seen.
        least: a slip is only put right by a word that was seen at least this often.
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
            if len(folded) >= _SHORTEST and self.counts[word] >= least:
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
        close = {
            known for key in _shortened(folded) for known in self._near.get(key, ()) if within_one_edit(folded, known)
        }
        if not close:
            return word
        # A first letter is seldom wrong; then the more frequent word.
        chosen = max(close, key=lambda known: (known[0] == folded[0], self.counts[self._dotted[known]], known))
        return self._dotted[chosen]


def _shortened(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}
