"""Everyday words and what they mean in the language of services, kept as data in `content/thesaurus.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from catalogue.words import stem, tokens

FILE = Path(__file__).resolve().parent / "content" / "thesaurus.yml"
_TYPO = 85.0
_SHORTEST_TYPO = 6
"""Shorter words have too many neighbours to be guessed at."""


class Thesaurus:
    """Phrases of everyday language with their meanings.

    A phrase is a set of words; a word is compared by its stem, or by its beginning where it ends in a star. A phrase
    matches when every one of its words is in the query. One mistyped letter or two are forgiven in long words.
    """

    def __init__(self, items: Iterable[Mapping[str, Any]] = ()) -> None:
        self._phrases: list[tuple[frozenset[str], str]] = []
        self._by_stem: dict[str, list[int]] = {}
        self._by_prefix: dict[str, list[int]] = {}
        for item in items:
            meaning = ", ".join(item["mean"])
            for phrase in item["say"]:
                words = [self._key(word) for word in str(phrase).split()]
                words = [word for word in words if word]
                for word in words:
                    index = self._by_prefix if word.endswith("*") else self._by_stem
                    index.setdefault(word.rstrip("*"), []).append(len(self._phrases))
                if words:
                    self._phrases.append((frozenset(words), meaning))
        self._longest = max(map(len, self._by_prefix), default=0)
        self._typo_words = [w for w in {*self._by_stem, *self._by_prefix} if len(w) >= _SHORTEST_TYPO - 1]

    @staticmethod
    def _key(word: str) -> str:
        folded = "".join(tokens(word))
        if word.endswith("*"):
            return f"{folded}*"
        return stem(folded) if folded else ""

    @property
    def meanings(self) -> tuple[str, ...]:
        """Every meaning, once."""
        return tuple(dict.fromkeys(meaning for _, meaning in self._phrases))

    def _keys_of(self, word: str) -> set[str]:
        """The thesaurus's words that the folded word of a query stands for."""
        keys = set()
        stemmed = stem(word)
        if stemmed in self._by_stem:
            keys.add(stemmed)
        for end in range(min(len(word), self._longest), 1, -1):
            if word[:end] in self._by_prefix:
                keys.add(f"{word[:end]}*")
        if not keys and len(word) >= _SHORTEST_TYPO:
            # The beginning of the word is compared with beginnings, its stem with stems.
            for candidate, _, _ in process.extract(
                stemmed, self._typo_words, scorer=fuzz.ratio, limit=2, score_cutoff=_TYPO
            ):
                keys |= {k for k in (candidate, f"{candidate}*") if k.rstrip("*") == candidate}
        return keys

    def expand(self, words: Sequence[str]) -> list[str]:
        """What the folded words of a query mean, the most specific phrase first, each meaning once."""
        keys: set[str] = set()
        for word in dict.fromkeys(words):
            keys |= self._keys_of(word)
        candidates = {
            number
            for key in keys
            for number in (self._by_prefix if key.endswith("*") else self._by_stem).get(key.rstrip("*"), ())
        }
        found = [self._phrases[n] for n in sorted(candidates) if self._phrases[n][0] <= keys]
        found.sort(key=lambda phrase: -len(phrase[0]))
        return list(dict.fromkeys(meaning for _, meaning in found))


@lru_cache
def load_thesaurus(path: Path = FILE) -> Thesaurus:
    """The thesaurus of the file, read once; empty when there is none.

    Raises:
        ValueError: when the file is not a list of `say` and `mean` lists; the message names the file.
    """
    if not path.exists():
        return Thesaurus()
    try:
        items = YAML(typ="safe", pure=True).load(path) or []
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ValueError(
            f"{path.name}:{line}: YAML on rikki: {error.problem or error.context}. Tarkista rivi."
        ) from error
    if not isinstance(items, list):
        raise ValueError(f"{path.name}: tiedostossa pitää olla luettelo.")
    for number, item in enumerate(items, start=1):
        if (
            not isinstance(item, dict)
            or set(item) != {"say", "mean"}
            or not all(isinstance(v, list) and v for v in item.values())
        ):
            raise ValueError(f"{path.name}: kohdan {number} pitää olla muotoa {{say: [...], mean: [...]}}.")
    return Thesaurus(items)
