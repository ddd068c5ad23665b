"""Names of services in a text: inflected, abbreviated, in old or spoken forms, with small slips."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.components.finnish.municipalities import within_one_edit
from bot.components.finnish.spans import Span, readable

_WORD = re.compile(r"[^\W_]+(?:[:'][^\W_]+)*")
_SPLIT = re.compile(r"[^\W_]+")
# What may follow a stem: case, number, possessive, particle. Short, so that another word is not taken for one.
_TAIL = 9
_ABBREVIATION_TAIL = re.compile(
    r"(?::?(?:n|a|in|iin|ssa|ssä|sta|lla|lta|lle|t|ta|i|is|ista|issa|ist|ille|ia|ii|ien|ila|illa|ilta|een|an|s|st|en|hen))?$"
)
_COMMON = frozenset(
    "ja tai eli seka oma omat muu muut uusi kunnan kaupungin lahden paijat hameen alue alueen palvelu palvelut tuki apu aika haku"
    " tyo tyon tyot koulu koulutus kurssi testi hoito valmennus ryhma ohjaus neuvonta kela te laakari laakariin valmentaja".split()
)


def stem_of(word: str) -> str:
    """The beginning that the case forms of a Finnish word share, in lower case without ä and ö.

    Consonant gradation and changing last vowels are cut away: "palkkatuki" and "palkkatuen" share "palkkatu".
    """
    plain = readable(word)
    if len(plain) <= 4:
        return plain
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= 3:
            plain = plain[: -len(ending)]
            break
    else:
        plain = plain[:-1] if plain[-1] in "aeiouy" else plain
    # Double and gradating consonants at the end differ between forms: "kk" and "k", "nt" and "nn", "t" and "d".
    if len(plain) >= 5:
        for strong in ("kk", "pp", "tt", "nt", "nk", "mp", "lt", "rt", "ht"):
            if plain.endswith(strong):
                return plain[:-1]
        if plain[-1] in "ktpd" and plain[-2] in "aeiouyhlrn":
            return plain[:-1]
    return plain


_ENDINGS = (
    "minen", "misen", "inen", "isen", "nen", "sen", "utta", "uuden", "uus", "eus", "ous", "us", "yys", "ys", "os", "as", "is", "es", "en", "an", "in", "on", "un", "yn",
    "teen", "sta", "ssa", "lla", "lta", "lle", "ttava", "vat", "va", "oita", "eita", "iita", "et", "at", "it", "ot", "ut",
)  # fmt: skip


@dataclass(frozen=True)
class _Name:
    service: str
    stems: tuple[str, ...]
    words: tuple[str, ...]
    shown: int
    length: int


@dataclass(frozen=True)
class ServiceNames:
    """Names of the catalogue's services, ready to be found.

    Attributes:
        entries: (service id, name, rank); the lower the rank the more official the name.
    """

    entries: tuple[tuple[str, str, int], ...]
    _names: tuple[_Name, ...] = field(init=False, repr=False, compare=False)
    _by_letter: Mapping[str, tuple[_Name, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = []
        for service, name, rank in self.entries:
            words = tuple(readable(word) for word in _SPLIT.findall(name))
            if words and not (len(words) == 1 and words[0] in _COMMON):
                names.append(_Name(service, tuple(stem_of(word) for word in words), words, rank, len("".join(words))))
        # The longest name first, then the most official one, then by id.
        names.sort(key=lambda name: (-name.length, name.shown, name.service))
        by_letter: dict[str, list[_Name]] = {}
        for known in names:
            by_letter.setdefault(known.stems[0][0], []).append(known)
        object.__setattr__(self, "_names", tuple(names))
        object.__setattr__(self, "_by_letter", {letter: tuple(group) for letter, group in by_letter.items()})

    @classmethod
    def build(cls, services: Iterable[Mapping[str, Any]]) -> ServiceNames:
        """From the catalogue's services: `id`, `name`, `alternative_names`, `spoken_names`."""
        entries = []
        for service in services:
            named = [(service["name"], 0)]
            named += [(name, 1) for name in service.get("alternative_names") or []]
            named += [(name, 2) for name in service.get("spoken_names") or []]
            entries += [(str(service["id"]), str(name), rank) for name, rank in named]
        return cls(tuple(entries))

    def find(self, text: str) -> list[Span]:
        """The services that a readable text names, each once, in its order; of names that overlap the longest."""
        words = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]
        found: list[tuple[int, int, _Name, bool]] = []
        for position in range(len(words)):
            for exact in (True, False):
                best = self._at(words, position, exact)
                if best is not None:
                    found.append((words[position][0], words[best[1]][1], best[0], exact))
                    break
        # Longer names first; an exact one before one with a slip.
        found.sort(key=lambda hit: (not hit[3], -(hit[1] - hit[0]), hit[2].shown, hit[0]))
        kept: list[Span] = []
        for start, end, name, _ in found:
            span = Span(start, end, "service", name.service)
            if not any(span.overlaps(other) or span.value == other.value for other in kept):
                kept.append(span)
        return sorted(kept)

    def _at(self, words: Sequence[tuple[int, int, str]], position: int, exact: bool) -> tuple[_Name, int] | None:
        first = words[position][2]
        for name in self._by_letter.get(first[0], ()):
            last = position + len(name.stems) - 1
            if last < len(words) and all(
                _fits(words[position + i][2], stem, name.words[i], exact) for i, stem in enumerate(name.stems)
            ):
                return name, last
            if len(name.stems) > 1 and _written_together(first, name):
                return name, position
        return None


def _fits(token: str, stem: str, word: str, exact: bool) -> bool:
    if len(word) <= 4:
        if token == word:
            return True
        return (token.startswith(word) and bool(_ABBREVIATION_TAIL.match(token[len(word) :])) and len(word) >= 3) or (
            token.startswith(word + ":")
        )
    token = token.replace(":", "").replace("'", "")
    if len(stem) < 4 and word.endswith("s"):
        # Three letters begin many words: "hyvin" is no form of "Hyvis", "hyviksestä" is.
        return token.startswith((word, f"{word[:-1]}ks"))
    if token.startswith(stem) and len(token) - len(stem) <= _TAIL and _same_word(token, word, stem):
        return True
    if exact or len(stem) < 7:
        return False
    return any(
        len(token) >= length and len(token) - length <= _TAIL and within_one_edit(token[:length], stem)
        for length in (len(stem) - 1, len(stem), len(stem) + 1)
    )


def _same_word(token: str, word: str, stem: str) -> bool:
    """Whether what follows the stem is an ending and not the rest of another word."""
    tail = token[len(stem) :]
    if token == word or len(stem) >= 8:
        return True
    return len(tail) <= len(word) - len(stem) + 5


def _written_together(token: str, name: _Name) -> bool:
    joined = "".join(name.words[:-1]) + name.stems[-1]
    return len(joined) >= 8 and token.startswith(joined) and len(token) - len(joined) <= _TAIL
