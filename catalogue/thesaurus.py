"""Everyday words and what they mean in the language of services, kept as data in `content/thesaurus.yml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from catalogue.words import stem, tokens

FILE = Path(__file__).resolve().parent / "content" / "thesaurus.yml"


@dataclass(frozen=True)
class Thesaurus:
    """Entries by the stem of their first word. A phrase matches when all its words are near each other in the query."""

    entries: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Iterable[Mapping[str, Any]]) -> Thesaurus:
        """The thesaurus of `{say: [everyday words or phrases], mean: [words of services]}` items."""
        entries: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for item in items:
            meaning = " ".join(item["mean"])
            for phrase in item["say"]:
                words = tuple(stem(word) for word in tokens(phrase))
                if words:
                    entries.setdefault(words[0], []).append((words, meaning))
        return cls({first: tuple(found) for first, found in entries.items()})

    def expand(self, words: list[str]) -> list[str]:
        """What the stems of a query mean: the texts of every entry whose phrase is in it."""
        present = set(words)
        meanings: list[str] = []
        for word in dict.fromkeys(words):
            for phrase, meaning in self.entries.get(word, ()):
                if present.issuperset(phrase) and meaning not in meanings:
                    meanings.append(meaning)
        return meanings


@lru_cache
def load_thesaurus(path: Path = FILE) -> Thesaurus:
    """The thesaurus of the file, read once; empty when there is none."""
    if not path.exists():
        return Thesaurus()
    return Thesaurus.of(YAML(typ="safe", pure=True).load(path) or [])
