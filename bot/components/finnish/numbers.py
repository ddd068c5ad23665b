"""Finnish numbers in digits and words, written and spoken: 58, "viisikymmentäkahdeksan", "viiskytkaheksan"."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Spellings without ä and ö; the longest is tried first. Spoken Finnish drops the d and the last vowel.
_UNITS: dict[int, tuple[str, ...]] = {
    1: ("yksi", "yks", "yhden", "yhen", "yhta", "yht", "yhessa", "yhdessa"),
    2: ("kaksi", "kaks", "kahden", "kahen", "kahta", "kaht", "kahdessa", "kahes", "kahdes", "kakx"),
    3: ("kolme", "kolmen", "kolmea", "kolmee", "kolmessa", "kolmes", "kol", "kolm", "kolome", "kolomen"),
    4: ("nelja", "neljan", "neljaa", "neljassa", "nelj", "nelija", "nel", "neli"),
    5: ("viisi", "viis", "viiden", "viien", "viitta", "viidessa", "viiessa", "viies", "vii"),
    6: ("kuusi", "kuus", "kuuden", "kuuen", "kuutta", "kuudessa", "kuuessa", "kuues", "kuu"),
    7: ("seitseman", "seittseman", "seitteman", "seittema", "seitsema", "seitsemaa", "seitteen", "seit", "seitten",
        "seitkyt", "seiteman", "seitsemassa"),
    8: ("kahdeksan", "kaheksan", "kaheksaa", "kaheksa", "kahdeksa", "kahdeksaa", "kaheks", "kasi", "kaheksas"),
    9: ("yhdeksan", "yheksan", "yheksa", "yheksaa", "yhdeksa", "yhdeksaa", "yheks", "ysi", "yheksas"),
}  # fmt: skip
_TEN = ("kymmenen", "kymmenta", "kymmenessa", "kymmenes", "kymmene", "kymment", "kymmen", "kymme")
_TENS = ("kymmenta", "kymmenenta", "kymmenen", "kymment", "kymmen", "kymppia", "kymppi", "kytta", "kyta", "kyt", "kyn")
_MARKS: dict[int, tuple[str, ...]] = {
    0: ("nolla", "nollan", "nollaa", "nollasta"),
    1: ("ykkonen", "ykkosen", "ykkosta", "ykkone"),
    2: ("kakkonen", "kakkosen", "kakkosta", "kakkone"),
    3: ("kolmonen", "kolmosen", "kolmosta", "kolmone"),
    4: ("nelonen", "nelosen", "nelosta", "nelone"),
    5: ("viitonen", "vitonen", "viitosen", "vitosen", "viitosta", "vitosta", "vitone"),
    6: ("kutonen", "kuutonen", "kutosen", "kuutosen", "kutosta", "kuutosta", "kutone"),
    7: ("seiska", "seiskan", "seiskaa", "seska", "seittonen"),
    8: ("kasi", "kasin", "kasia", "kaheksikko", "kahdeksikko"),
    9: ("ysi", "ysin", "ysia"),
    10: ("kymppi", "kympin", "kymppia", "kymp", "taysi kymppi"),
}


def _any(words: tuple[str, ...]) -> str:
    return "|".join(sorted(set(words), key=lambda word: (-len(word), word)))


_UNIT_VALUE = {word: value for value, words in _UNITS.items() for word in words}
_UNIT = _any(tuple(_UNIT_VALUE))
# Short for a number only before "kyt" and the like; alone they are other words ("kuu") or none.
_NOT_ALONE = {"kuu", "vii", "kol", "kolm", "nel", "neli", "nelj", "seit", "seitten", "seitkyt", "yht", "kaht"}
_UNIT_ALONE = _any(tuple(word for word in _UNIT_VALUE if word not in _NOT_ALONE))
_MARK_VALUE = {word: value for value, words in _MARKS.items() for word in words}
_MARK_ALONE = _any(tuple(word for word, value in _MARK_VALUE.items() if 0 < value < 10))
_END = r"(?!\w)"

_DIGITS = re.compile(r"(?<![\w.,])(?P<whole>\d{1,3}(?: \d{3})+|\d{1,9})(?:[.,](?P<part>\d))?(?P<half>\s?½)?(?![\d])")
_WORDS = re.compile(
    rf"(?<!\w)(?:"
    rf"(?P<few>pari)\s?(?:(?P<few_tens>{_any(_TENS)})|(?P<few_hundreds>sataa))"
    rf"|(?:(?P<thousands>{_UNIT})?\s?(?P<thousand>tuhat(?:ta)?|tonni)\s?)?"
    rf"(?:(?P<hundreds>{_UNIT})?\s?(?P<hundred>sataa|sata|sadan)\s?)?"
    rf"(?:(?P<teen>{_UNIT})\s?(?:toista|toist|tosta|toistta)"
    rf"|(?P<tens>{_UNIT})\s?(?:{_any(_TENS)})(?:\s?(?P<rest>{_UNIT_ALONE}|{_MARK_ALONE}))?"
    rf"|(?P<ten>{_any(_TEN)})"
    rf"|(?P<unit>{_UNIT_ALONE}))?"
    rf"){_END}"
)
_MARK = re.compile(rf"(?<!\w)(?P<mark>{_any(tuple(_MARK_VALUE))}){_END}")


@dataclass(frozen=True)
class Number:
    """A number in a text.

    Attributes:
        start, end: its place.
        value: it may have a half ("2,5").
        form: digits, a word ("viisi"), or the name of a mark ("seiska").
    """

    start: int
    end: int
    value: float
    form: str


def find_numbers(text: str) -> list[Number]:
    """All numbers of a text that was made :func:`~bot.components.finnish.spans.readable`, in its order.

    The word "yksi" counts too; who uses it as a pronoun is for the caller to tell.
    """
    found: list[Number] = []
    for match in _DIGITS.finditer(text):
        value = float(match["whole"].replace(" ", "")) + (int(match["part"]) / 10 if match["part"] else 0)
        found.append(Number(match.start(), match.end(), value + (0.5 if match["half"] else 0), "digits"))
    for match in _WORDS.finditer(text):
        if not match.group().strip():
            continue
        start, end = match.start(), match.start() + len(match.group().rstrip())
        found.append(Number(start, end, float(_value(match)), "word"))
    taken = [(number.start, number.end) for number in found if number.form != "word"]
    words = {(number.start, number.end) for number in found}
    for match in _MARK.finditer(text):
        if (match.start(), match.end()) in words:  # "kasi" and "ysi" are both
            found = [n for n in found if (n.start, n.end) != (match.start(), match.end())]
        elif any(start < match.end() and match.start() < end for start, end in taken):
            continue
        found.append(Number(match.start(), match.end(), float(_MARK_VALUE[match["mark"]]), "mark"))
    return sorted(found, key=lambda number: number.start)


def _value(match: re.Match[str]) -> int:
    if match["few_tens"]:
        return 20
    if match["few_hundreds"]:
        return 200
    value = 0
    if match["thousand"]:
        value += 1000 * _UNIT_VALUE.get(match["thousands"] or "yksi", 1)
    if match["hundred"]:
        value += 100 * _UNIT_VALUE.get(match["hundreds"] or "yksi", 1)
    if match["teen"]:
        value += 10 + _UNIT_VALUE[match["teen"]]
    elif match["tens"]:
        value += 10 * _UNIT_VALUE[match["tens"]]
        if match["rest"]:
            value += _UNIT_VALUE.get(match["rest"]) or _MARK_VALUE[match["rest"]]
    elif match["ten"]:
        value += 10
    elif match["unit"]:
        value += _UNIT_VALUE[match["unit"]]
    return value
