"""What identifies a person is left out of a text before anything is stored, logged or sent on. Pure.

Checks are those of python-stdnum and phonenumbers, so that an ordinary number (a date, a sum, a business id) stays.
What is announced by its name ("hetuni on …") goes even with a slip in it.
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

from api.privacy import addresses
from api.texts import say

Kind = Literal["hetu", "iban", "phone", "email", "address"]

_BORN, _REST = r"(?<![0-9])(\d{2}[ .]?\d{2}[ .]?\d{2})\s?", r"\s?(\d{3}\s?[0-9A-FHJ-NPR-Y])(?![0-9A-ZÅÄÖ])"
_HETU = re.compile(rf"{_BORN}([-+A-FU-Y]){_REST}", re.IGNORECASE)
_HETU_WITHOUT_SIGN = re.compile(rf"{_BORN}(){_REST}", re.IGNORECASE)
_HETU_TOLD = re.compile(
    r"(?<![\w\[])(?:hetu|sotu|henkilötunnu|hlötunnu|hlö-tunnu|henkilönumero|sosiaaliturvatunnu)\w*[^\d\[\]|]{0,12}"
    r"(?P<code>\d{2}[ .]?\d{2}[ .]?(?:19|20)?\d{2}\s?[-+A-FU-Y]?\s?\d{3}\s?[0-9A-Z])(?![0-9A-ZÅÄÖ])",
    re.IGNORECASE,
)
_IBAN_START = re.compile(r"(?<![0-9A-Z])[A-Z]{2}\s?\d{2}", re.IGNORECASE)
_IBAN_LONGEST, _IBAN_SHORTEST = 34, 15
_AT = r"(?:\(\s?(?:at|ät|a)\s?\)|\[\s?(?:at|ät|a)\s?\]|\{\s?(?:at|ät|a)\s?\}|<\s?(?:at|ät|a)\s?>)"
_EMAIL = re.compile(rf"(?<![\w.+%'&-])[\w.+%'&-]+(?:\s?(?:@|{_AT})\s?[\w-]+(?:\.[\w-]+)+|@[\w-]+)", re.IGNORECASE)
_DOMAIN_ENDS = "fi|com|net|org|eu|info|se|ee|de|uk|no|dk|ru|io|me|edu|pro|nu|ax"
_EMAIL_SPOKEN = re.compile(
    r"(?<![\w.+-])[\w.+-]+(?:\s(?:piste|viiva|alaviiva)\s[\w.+-]+){0,3}\s(?:at|ät|ätmerkki|ät-merkki|miuku|miukumauku)\s"
    rf"[\w-]+(?:(?:\s?\.\s?|\spiste\s)[\w-]+){{0,2}}(?:\s?\.\s?|\spiste\s)(?:{_DOMAIN_ENDS})(?!\w)",
    re.IGNORECASE,
)
_DIGIT_WORDS = {
    "nolla": "0", "yksi": "1", "yks": "1", "kaksi": "2", "kaks": "2", "kolme": "3", "neljä": "4", "viisi": "5",
    "viis": "5", "kuusi": "6", "kuus": "6", "seitsemän": "7", "seittemän": "7", "kahdeksan": "8", "kaheksan": "8",
    "yhdeksän": "9", "yheksän": "9",
}  # fmt: skip
_DIGIT = "|".join(_DIGIT_WORDS) + r"|\d"
_SPOKEN_NUMBER = re.compile(
    rf"(?<!\w)(?:plus\s?)?(?:{_DIGIT})(?:[\s,.-]{{0,2}}(?:{_DIGIT})){{6,13}}(?!\w)", re.IGNORECASE
)
_Y_TUNNUS = re.compile(r"(?<![0-9-])\d{7}\s?-\s?\d(?![0-9])")
_BARE_COUNTRY_CODE = re.compile(r"(?<![0-9+])358(?:[ -]?\d){6,10}(?![0-9])")
_BLANK = "|"
_DASHES = {"−", "⁃", "˗", "﹘", "⸺"}  # minus and friends that are not of the dash category or fold oddly


@dataclass(frozen=True)
class Redaction:
    """A text without what identifies a person, and which kinds were left out."""

    text: str
    kinds: frozenset[Kind]


@dataclass(frozen=True)
class Found:
    """Something that identifies a person: from ``start`` up to ``end`` in the text."""

    start: int
    end: int
    kind: Kind


class _Span(Found):
    """The same in the folded text."""


def _plain(text: str) -> tuple[str, list[int]]:
    """``text`` with look-alikes folded and invisible characters dropped, and where each character came from.

    A bar in it becomes a comma: bars stand for what was found.
    """
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
            elif piece == _BLANK:
                piece = ","
            characters.append(piece)
            origins.append(index)
    return "".join(characters), origins


def _is_hetu(born: str, sign: str, rest: str) -> bool:
    """Whether these make a code. Without its sign the check character must be a letter, or sums would be taken."""
    signs = [sign] if sign else ["-", "A"] if rest[-1].isalpha() else []
    return any(hetu.is_valid(born + one + rest, allow_temporary=True) for one in signs)


def _hetus(text: str) -> Iterable[_Span]:
    for pattern in (_HETU, _HETU_WITHOUT_SIGN):
        for match in pattern.finditer(text):
            if _is_hetu(re.sub(r"[\s.]", "", match[1]), match[2], re.sub(r"\s", "", match[3])):
                yield _Span(match.start(), match.end(), "hetu")
    for match in _HETU_TOLD.finditer(text):
        yield _Span(*match.span("code"), "hetu")


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
            elif character not in " -" or text[max(index - 2, 0) : index].strip(" -") == "":
                break
        # Words may follow without a stop, so the longest valid beginning is taken.
        for length in range(len(compact), _IBAN_SHORTEST - 1, -1):
            if iban.is_valid(compact[:length]):
                yield _Span(match.start(), ends[length - 1], "iban")
                break


def _emails(text: str) -> Iterable[_Span]:
    for pattern in (_EMAIL, _EMAIL_SPOKEN):
        for match in pattern.finditer(text):
            yield _Span(match.start(), match.end(), "email")


def _is_phone(digits: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, "FI"))
    except phonenumbers.NumberParseException:
        return False


def _spoken_phones(text: str) -> Iterable[tuple[int, int]]:
    """Numbers that are written digit by digit in words, as they are said."""
    for match in _SPOKEN_NUMBER.finditer(text):
        parts = re.findall(_DIGIT, match[0], re.IGNORECASE)
        plus = "+" if match[0].lower().startswith("plus") else ""
        digits = plus + "".join(_DIGIT_WORDS.get(part.lower(), part) for part in parts)
        if not all(part.isdigit() for part in parts) and _is_phone(digits):
            yield match.span()


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
        if _is_phone("+" + re.sub(r"\D", "", bare[0])):
            found.append((bare.start(), bare.end()))
    found += _spoken_phones(text)
    taken = business_ids
    for start, end in found:
        if not any(start < taken_end and taken_start < end for taken_start, taken_end in taken):
            taken.append((start, end))
            yield _Span(start, end, "phone")


def _addresses(text: str) -> Iterable[_Span]:
    end_of_last = 0
    for start, end in sorted(addresses.find(text), key=lambda span: (span[0], -span[1])):
        if start >= end_of_last:
            end_of_last = end
            yield _Span(start, end, "address")


_FINDERS = (_hetus, _ibans, _emails, _phones, _addresses)


def find(text: str) -> list[Found]:
    """What identifies a person in ``text``, in order and apart."""
    plain, origins = _plain(text)
    taken: list[_Span] = []
    count = -1
    # Again until nothing is found: two side by side can hide each other. Blanking keeps places, joins nothing across.
    while count < len(taken):
        count = len(taken)
        for finder in _FINDERS:
            for span in list(finder(plain)):
                if span.start < span.end and _BLANK not in plain[span.start : span.end]:
                    taken.append(span)
                    plain = plain[: span.start] + _BLANK * (span.end - span.start) + plain[span.end :]
    taken.sort(key=lambda span: span.start)
    return [Found(origins[span.start], origins[span.end - 1] + 1, span.kind) for span in taken]


def redact(text: str, *, keep: Set[Kind] = frozenset()) -> Redaction:
    """``text`` without identity codes, account numbers, phone numbers, e-mail addresses and street addresses.

    Args:
        text: what a resident wrote.
        keep: kinds that stay, for the contact details of a callback. They are found all the same, so that no other
            kind takes a part of them.
    """
    out, position = [], 0
    kinds: set[Kind] = set()
    for found in find(text):
        if found.kind in keep:
            continue
        out += [text[position : found.start], say(f"placeholders.{found.kind}")]
        position = found.end
        kinds.add(found.kind)
    out.append(text[position:])
    return Redaction("".join(out), frozenset(kinds))
