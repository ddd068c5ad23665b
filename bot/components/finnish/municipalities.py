"""The municipality that a text names, in any case form, written or spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.components.finnish.spans import Span, readable

OTHER = "other"
PLACES = Path(__file__).with_name("places.yml")

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# Case endings after the vowel stem, in written and spoken forms, with a possible particle.
_ENDING = re.compile(
    r"(?:n|a|aa|ee|oo|uu|ii|yy|ta|na|nna|tta|ksi|ks|an|en|in|on|un|yn|hin|hen|han|hon|hun|seen|ssa|s|sa|ss|sta|st|ssta|sa|hi|lla|ll|la|l|lta|lt|lle|ssaki|ssakin|stakin|staki|aan|een|iin|oon|uun|yyn"
    r"|teen|ten|dessa|des|desta|dest|den|ssahan|stahan|ssa|stapa|ssapa|stako|ssako|ssan|stan|ssaoon|ti|tin|tten|"
    r"lai(?:nen|sia|set|sena|sten|nenki|nenkin|seksi)|lai(?:s\w*)?|laane|lane|i|ihi|ihin|t|ttii|tii|hun|hu|ja|)(?:ki|kin|kaan|han|hahan|pa|ko|kos|ks)?$"
)
_LOCAL = re.compile(r"(?:ss?a?|st(?:a)?|ll?a?|lt(?:a)?|lle|an|en|in|on|un|yn|hin|seen|ssaki\w*|staki\w*|n)$")
_ELSEWHERE = re.compile(
    r"\b(?:joku|jokin|jossain|jostain|johonkin|ihan|toinen|toisessa|toisesta)\s+(?:muu|muualla|muualta|muussa|muusta|toinen|kunta|kunnassa)\w*(?:\s+kun\w+)?|\bmuu(?:alla|alta|al|alt|alle|ssa|sta|kalla)\b|\bmuu\s+kunta\w*|\b(?:en|ei)\s+(?:\w+\s+)?(?:noista|naista|noissa|missaan)\b(?:\s+missaan)?|\bei\s+mikaan\s+(?:noista|naista)|\bulkomai\w+|\btoisella\s+paikkakunnalla|\beri\s+(?:kunta|kunnassa|paikkakun\w+)"
)
_LEAVE = frozenset(
    ("lahtien lahtea lahdin lahtia lahdet lahdetaan lahdetta lahtisi lahtisin lahtis lahteny lahtenyt lahtee lahdettava"
     " lahtemaan lahtemassa lahtemisen").split()
)  # fmt: skip
_LIVES = re.compile(
    r"\basu|\bmuut(?:in|an|imme|taa|tan|ettiin|etaan|anu)|kotoisin|kirjoilla|\bkotikun|kunta|\bkun(?:nas|nan)|kotona|\btaalla|\btaal\b|\boon\b|\bolen\b|\btulen\b|kaupun[kg]|\basun"
)


def stems_of(name: str) -> set[str]:
    """Beginnings that all case forms of a Finnish place name share, in lower case without ä and ö.

    Knows consonant gradation in the last syllable ("Helsinki": helsinki, helsingi) and the common last parts of
    names ("-joki": joe, "-lahti": lahde).
    """
    plain = readable(name)
    stems = {plain}
    for ending, others in _PARTS.items():
        if plain.endswith(ending) and len(plain) >= len(ending):
            stems |= {plain[: -len(ending)] + other for other in others}
    for strong, weak in _GRADATION:
        if re.search(rf"{strong}[aeiouy]$", plain):
            stems.add(re.sub(rf"{strong}([aeiouy])$", rf"{weak}\1", plain))
    if plain.endswith("nen"):
        stems.add(plain[:-3] + "s")
    if plain.endswith("s"):
        stems |= {plain[:-1] + "k", plain[:-1] + "ks", plain[:-1]} if plain.endswith(("us", "es")) else {plain[:-1]}
    if re.search(r"[^aeiouy]e$", plain):
        stems |= {plain + "e"}
    return stems


_PARTS = {
    "lahti": ["lahde", "lahte", "lahe"], "joki": ["joe", "jok"], "jarvi": ["jarve"], "koski": ["koske"],
    "niemi": ["nieme"], "salmi": ["salme"], "saari": ["saare"], "vesi": ["vede", "vete"], "maki": ["mae"],
    "lampi": ["lamme"], "virta": ["virra"], "ranta": ["ranna"], "linna": ["linna"], "nummi": ["numme"],
    "kaupunki": ["kaupungi"], "virrat": ["virtoi", "virro"], "uusikaupunki": ["uudenkaupungi", "uuteenkaupunki"],
    "tampere": ["tamperee", "tampe", "tampesee", "manse"], "turku": ["turu"], "helsinki": ["helsingi", "hesa", "hesas", "stadi", "helsinkii"],
    "jyvaskyla": ["jkl", "jyvasky"], "hameenlinna": ["hml"], "kouvola": ["kouvol", "kouvosto"], "lappeenranta": ["lpr", "lappeenran"],
    "varkaus": ["varkaud", "varkaut"], "tornio": ["torni"], "huittinen": ["huittis"], "kajaani": ["kajaan"],
}  # fmt: skip
_GRADATION = (
    ("nk", "ng"), ("mp", "mm"), ("nt", "nn"), ("lt", "ll"), ("rt", "rr"), ("kk", "k"), ("pp", "p"), ("tt", "t"),
    (r"(?<=[aeiouyhlrn])k", ""), (r"(?<=[aeiouyhlrn])t", "d"), (r"(?<=[aeiouylrn])p", "v"),
)  # fmt: skip


@dataclass(frozen=True)
class Municipalities:
    """Stems of names, each with the value it means.

    Attributes:
        stems: value by stem, without ä and ö.
        ambiguous: stems that are ordinary words too.
    """

    stems: Mapping[str, str]
    ambiguous: frozenset[str]

    @classmethod
    def build(cls, catalogue: Sequence[Mapping[str, Any]], places: Path = PLACES) -> Municipalities:
        """From the catalogue's list and the places around it; the catalogue wins."""
        content = yaml.safe_load(places.read_text(encoding="utf-8"))
        stems: dict[str, str] = {}
        for name in content["others"]:
            stems |= dict.fromkeys(stems_of(name), OTHER)
        names = {str(entry["name"]) for entry in catalogue}
        for municipality, parts in content["within"].items():
            for name in parts:
                stems |= dict.fromkeys(stems_of(name), municipality if municipality in names else OTHER)
        for entry in catalogue:
            forms = {readable(str(stem)) for stem in entry.get("stems", [])} | stems_of(str(entry["name"]))
            stems |= dict.fromkeys(forms, str(entry["name"]))
        doubtful = {stem for name in content["ambiguous"] if name not in names for stem in stems_of(name)}
        return cls(stems, frozenset(doubtful - {stem for stem, value in stems.items() if value in names}))

    def find(self, text: str, original: str, *, asked: bool = False) -> list[Span]:
        """The municipalities that a readable text names; a listed one before others.

        Args:
            text: the readable text.
            original: the text itself, for its capital letters.
            asked: the municipality was just asked: slips are forgiven, and "muualla" means another one.
        """
        found: list[Span] = []
        for match in _WORD.finditer(text):
            value = self._value(match, text, original, asked)
            if value is not None and not _another_word(original[match.start() : match.end()], match.group()):
                found.append(Span(match.start(), match.end(), "municipality", value))
        if asked and not found and (elsewhere := _ELSEWHERE.search(text)):
            return [Span(elsewhere.start(), elsewhere.end(), "municipality", OTHER)]
        listed = [span for span in found if span.value != OTHER]
        # "Muutin Kouvolasta Lahteen": who names a listed one too lives there.
        return (listed or found)[-1:] if len({s.value for s in found}) > 1 else found[:1]

    def _value(self, match: re.Match[str], text: str, original: str, asked: bool) -> str | None:
        word = match.group()
        stem = _longest_stem(word, self.stems)
        if stem is None and len(word) >= 5:
            squeezed = re.sub(r"(.)\1{2,}", r"\1\1", word)
            stem = _longest_stem(squeezed, self.stems)
        if stem is None:
            if not (asked or (len(word) >= 7 and _LIVES.search(text) and _LOCAL.search(word))) or len(word) < 4:
                return None
            stem = _close_stem(word, self.stems)
            if stem is None or (not asked and self.stems[stem] == OTHER):
                return None
            return self.stems[stem]
        if stem in self.ambiguous and not asked:
            capital = original[match.start()].isupper() and match.start() > 0 and not original.isupper()
            lives = word != stem and _LOCAL.search(word) and _LIVES.search(text)
            if not (capital or lives):
                return None
        return self.stems[stem]


def _another_word(written: str, word: str) -> bool:
    """Whether this is a form of "lähteä" and not of Lahti."""
    return word in _LEAVE or (word.startswith("laht") and "ä" in written.lower())


def _longest_stem(word: str, stems: Mapping[str, str]) -> str | None:
    fitting = [
        word[:length] for length in range(2, len(word) + 1) if word[:length] in stems and _ENDING.match(word[length:])
    ]
    return max(fitting, key=len) if fitting else None


def _close_stem(word: str, stems: Mapping[str, str]) -> str | None:
    """A stem that the word begins with but for one slip; None where two meanings are as close."""
    close = {}
    for stem in stems:
        if len(stem) < 5 or word[0] != stem[0]:
            continue
        for length in (len(stem) - 1, len(stem), len(stem) + 1):
            if len(word) >= length and within_one_edit(word[:length], stem) and _ENDING.match(word[length:]):
                close[stems[stem]] = stem
                break
    return next(iter(close.values())) if len(close) == 1 else None


@lru_cache(maxsize=50_000)
def within_one_edit(a: str, b: str) -> bool:
    """Whether one letter left out, added, replaced or swapped with its neighbour makes one word the other."""
    if a == b:
        return True
    if abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    rest_a, rest_b = a[start:], b[start:]
    if len(a) == len(b):
        swapped = len(rest_a) > 1 and rest_a[0] == rest_b[1] and rest_a[1] == rest_b[0] and rest_a[2:] == rest_b[2:]
        return rest_a[1:] == rest_b[1:] or swapped
    return rest_a[1:] == rest_b or rest_a == rest_b[1:]
