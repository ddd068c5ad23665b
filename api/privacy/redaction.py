"""What identifies a person is left out of a text before anything is stored, logged or sent on. Pure.

Checks are those of python-stdnum and phonenumbers, so that an ordinary number (a date, a sum, a business id) stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from stdnum import iban
from stdnum.fi import hetu, ytunnus

from api.texts import say

Kind = Literal["hetu", "iban", "phone", "email"]

_HETU = re.compile(
    r"(?<![0-9])(\d{2}[ .]?\d{2}[ .]?\d{2})\s?([-+A-FU-Y])\s?(\d{3}\s?[0-9A-FHJ-NPR-Y])(?![0-9A-ZÅÄÖ])",
    re.IGNORECASE,
)
_IBAN_START = re.compile(r"(?<![0-9A-Z])[A-Z]{2}\d{2}", re.IGNORECASE)
_IBAN_LONGEST, _IBAN_SHORTEST = 34, 15
_EMAIL = re.compile(
    r"[\w.+%'&-]+\s?(?:@|\(\s?(?:at|ät|a)\s?\)|\[\s?(?:at|ät|a)\s?\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
_Y_TUNNUS = re.compile(r"(?<![0-9-])\d{7}\s?-\s?\d(?![0-9])")
_BARE_COUNTRY_CODE = re.compile(r"(?<![0-9+])358(?:[ -]?\d){6,10}(?![0-9])")
_DASHES = {"−", "⁃", "˗", "﹘", "⸺"}  # minus and friends that are not of the dash category or fold oddly


@dataclass(frozen=True)
class Redaction:
    """A text without what identifies a person, and which kinds were left out."""

    text: str
    kinds: frozenset[Kind]


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    kind: Kind


def _plain(text: str) -> tuple[str, list[int]]:
    """``text`` with look-alikes folded and invisible characters dropped, and where each character came from."""
    characters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        folded = unicodedata.normalize("NFKC", character)
        for piece in folded:
            if unicodedata.category(piece) == "Pd" or piece in _DASHES:
                piece = "-"
            elif piece.isdigit() and not piece.isascii():
                piece = str(unicodedata.digit(piece))
            elif piece.isspace() and piece != "\n":
                piece = " "
            characters.append(piece)
            origins.append(index)
    return "".join(characters), origins


def _hetus(text: str) -> Iterable[_Span]:
    for match in _HETU.finditer(text):
        compact = re.sub(r"[\s.]", "", match[1]) + match[2] + re.sub(r"\s", "", match[3])
        if hetu.is_valid(compact, allow_temporary=True):
            yield _Span(match.start(), match.end(), "hetu")


def _ibans(text: str) -> Iterable[_Span]:
    for match in _IBAN_START.finditer(text):
        compact, ends = "", []
        for index in range(match.start(), len(text)):
            character = text[index]
            if character.isascii() and character.isalnum():
                compact += character
                ends.append(index + 1)
                if len(compact) == _IBAN_LONGEST:
                    break
            elif character not in " -" or text[index - 1] in " -":
                break
        # Words may follow without a stop, so the longest valid beginning is taken.
        for length in range(len(compact), _IBAN_SHORTEST - 1, -1):
            if iban.is_valid(compact[:length]):
                yield _Span(match.start(), ends[length - 1], "iban")
                break


def _emails(text: str) -> Iterable[_Span]:
    for match in _EMAIL.finditer(text):
        yield _Span(match.start(), match.end(), "email")


def _phones(text: str) -> Iterable[_Span]:
    business_ids = [
        (match.start(), match.end())
        for match in _Y_TUNNUS.finditer(text)
        if ytunnus.is_valid(re.sub(r"\s", "", match[0]))
    ]
    found = [
        (match.start, match.end)
        for match in phonenumbers.PhoneNumberMatcher(text, "FI", leniency=phonenumbers.Leniency.VALID)
    ]
    for bare in _BARE_COUNTRY_CODE.finditer(text):
        number = phonenumbers.parse("+" + re.sub(r"\D", "", bare[0]))
        if phonenumbers.is_valid_number(number):
            found.append((bare.start(), bare.end()))
    taken = business_ids
    for start, end in found:
        if not any(start < taken_end and taken_start < end for taken_start, taken_end in taken):
            taken.append((start, end))
            yield _Span(start, end, "phone")


_FINDERS = (_hetus, _ibans, _emails, _phones)


def redact(text: str, *, keep: Set[Kind] = frozenset()) -> Redaction:
    """``text`` with identity codes, account numbers, phone numbers and e-mail addresses left out.

    Args:
        text: what a resident wrote.
        keep: kinds that stay, for the contact details of a callback.
    """
    plain, origins = _plain(text)
    taken: list[_Span] = []
    for finder in _FINDERS:
        # Again until nothing is found: two numbers side by side can hide each other. A kind that stays is found all
        # the same, so that no other finder takes a part of it. Blanking keeps places, and joins nothing across.
        while fresh := [span for span in finder(plain) if span.start < span.end]:
            for span in fresh:
                taken.append(span)
                plain = plain[: span.start] + "|" * (span.end - span.start) + plain[span.end :]
    out, position = [], 0
    kinds: set[Kind] = set()
    for span in sorted(taken, key=lambda item: item.start):
        if span.kind in keep:
            continue
        start, end = origins[span.start], origins[span.end - 1] + 1
        out += [text[position:start], say(f"placeholders.{span.kind}")]
        position = end
        kinds.add(span.kind)
    out.append(text[position:])
    return Redaction("".join(out), frozenset(kinds))
