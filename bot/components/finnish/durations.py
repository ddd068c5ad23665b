"""How long something has lasted, as people say it: "puoltoist vuotta", "viime syksystä", "helmikuusta 2024".

Lengths are counted in months. A length given by its beginning is counted against today's date: whole months from
the start of the month that is named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.components.finnish.numbers import find_numbers

_YEAR = r"(?:vuosikymmen\w*|vuot(?:ta|t|a|taki|takin)|vuo(?:si|den|s|teen|jen|en|tena)|vuuotta|vuetta|vuoren|vuue\w*|vv?|vee|vuodet|v)\b\.?"
_MONTH = r"(?:kuukau(?:si|tta|tt|den|en|ven|det|tia|sia|tena|s)|kuukkau\w*|kk\w{0,4}|kuuta)\b\.?"
_WEEK = r"(?:viikko(?:a|o|n)?|viikon|viikkoo|viikot|vko|vk|vkoa)\b\.?"
_UNIT = rf"(?P<unit>(?P<year>{_YEAR})|(?P<month>{_MONTH})|(?P<week>{_WEEK}))"

_ABOUT = {  # "kolmisen vuotta"
    "parisen": 2, "kolmisen": 3, "nelisen": 4, "viitisen": 5, "kuutisen": 6, "seitsemisen": 7, "kahdeksisen": 8,
    "yhdeksisen": 9, "kymmenisen": 10, "kymmenkunta": 10, "parikymmenta": 20,
}  # fmt: skip
_GOING_ON = {  # "kolmatta vuotta": two are full and the third is going on
    "toista": 1, "kolmatta": 2, "neljatta": 3, "viidetta": 4, "viietta": 4, "kuudetta": 5, "kuuetta": 5,
    "seitsematta": 6, "seittematta": 6, "kahdeksatta": 7, "kaheksatta": 7, "yhdeksatta": 8, "yheksatta": 8,
    "kymmenetta": 9,
}  # fmt: skip

_HALF_AND = r"(?:puoltois\w*|puolitois\w*|puol(?:i)? ?tois\w*|puolento\w*|puolentoista)"
_WORDED = re.compile(
    rf"(?<!\w)(?:(?P<half_and>{_HALF_AND})\s*{_UNIT.replace('?P<', '?P<a_')}"
    rf"|(?P<half>puol(?:i|en|ta|et)?)\s*{_UNIT.replace('?P<', '?P<b_')}"
    rf"|(?P<few>pari|parin|paria|muutama\w*|muutaman)\s*{_UNIT.replace('?P<', '?P<c_')}"
    rf"|(?P<about>{'|'.join(_ABOUT)})\s*{_UNIT.replace('?P<', '?P<d_')}"
    rf"|(?P<going>{'|'.join(_GOING_ON)})\s*{_UNIT.replace('?P<', '?P<e_')}"
    rf"|(?P<one>vuosikymmenen|vuosi|vuoden|vuos|vuojen|vuuen|vuueen|kuukausi|kuukauden|kuukauen|viikko|viikon)\b(?!\s*(?:paasta|paastä|\d{{4}})))"
)
_NUMBER_UNIT = re.compile(rf"\s*-?\s*(?:(?P<and_half>ja\s+(?:puol(?:i|en|ta|ikas)?|puolikas))\s*)?{_UNIT}")
_AND_HALF_AFTER = re.compile(r"\s*ja\s+(?:puol(?:i|en|ta|ikas)?|puolikas)\b(?!\s*(?:vuo|kuuk|kk|v\b))")

_MONTHS = (
    ("tammikuu", "tammi"), ("helmikuu", "helmi"), ("maaliskuu", "maalis"), ("huhtikuu", "huhti"),
    ("toukokuu", "touko"), ("kesakuu",), ("heinakuu", "heina"), ("elokuu",), ("syyskuu", "syys"),
    ("lokakuu", "loka"), ("marraskuu", "marras"), ("joulukuu",),
)  # fmt: skip
_SEASONS = {"kev": 3, "kes": 6, "syk": 9, "syys": 9, "talv": 1, "joul": 12, "juhannu": 6, "vap": 5, "paasiais": 4,
            "uude": 1, "vuodenvaih": 1}  # fmt: skip
_NAMED = "|".join(f"{names[0]}\\w*" for names in _MONTHS)
_SINCE_CASE = re.compile(r"(?:sta|st|lta|lt|staa?n|sta(?:ki|kin)?)$")
_SEASON = (
    r"kevaa(?:sta|st|lla|ll|na|n)?|keva(?:t|alla|asta|ast)|kesa(?:sta|st|lla|ll|na|n)?|syksy(?:sta|st|lla|ll|na|n)?"
    r"|talve(?:sta|st|lla|ll|na|n)|joulu(?:sta|st|na|n)|juhannukse(?:sta|st)|juhannuksena|vapu(?:sta|st)|vappuna"
    r"|paasiaise(?:sta|st)|paasiaisena|vuodenvaih\w+|uudesta vuodesta"
)
_YEAR_NUMBER = r"(?P<year>(?:19|20)\d\d)"
_WHEN = r"(?P<when>viime|viima|toissa|tan|taman|tana|tasta|tama)"
_SINCE = re.compile(
    rf"(?<!\w)(?:"
    rf"(?:{_WHEN}\s+(?:vuoden\s+|vuuen\s+)?)?(?P<named>{_NAMED})(?:\s+(?:vuonna\s+)?{_YEAR_NUMBER.replace('year', 'named_year')})?"
    rf"|(?:(?P<season_when>viime|toissa|tan|taman|tana)\s*)?(?:vuo(?:den|en)\s+)?(?P<season>{_SEASON})(?:\s+(?:vuonna\s+)?{_YEAR_NUMBER.replace('year', 'season_year')})?"
    rf"|vuo(?:de|e|u)sta\s+{_YEAR_NUMBER.replace('year', 'from_year')}|vuodest\s+{_YEAR_NUMBER.replace('year', 'from_year2')}"
    rf"|{_YEAR_NUMBER.replace('year', 'since_year')}\s*(?:-?\s*luvulta|asti|lahtien|alkaen|saakka|alusta)"
    rf"|vuonna\s+{_YEAR_NUMBER.replace('year', 'in_year')}"
    rf"|(?P<day>\d{{1,2}})\.(?P<day_month>\d{{1,2}})\.{_YEAR_NUMBER.replace('year', 'day_year')}"
    rf"|(?P<month_number>\d{{1,2}})[/.]{_YEAR_NUMBER.replace('year', 'month_year')}"
    rf"|(?P<last_year>viime vuo(?:desta|dest|esta|est|den alusta|en alusta|nna))"
    rf"|(?P<year_before>toissa ?vuo(?:desta|dest|esta|est|nna))"
    rf"|(?P<this_year>(?:taman|tan) vuoden alusta|vuoden alusta|vuoden vaihteesta)"
    rf")(?!\w)"
)


@dataclass(frozen=True)
class Duration:
    """A length of time in a text.

    Attributes:
        start, end: its place.
        months: how long, in whole months, rounded.
        kind: `length` ("2 vuotta"), `since` ("helmikuusta 2024": a beginning in the elative or with "asti"), or
            `when` ("vuonna 2020", "viime keväänä": a time at which something began, if the text says so).
    """

    start: int
    end: int
    months: int
    kind: str


def find_durations(text: str, today: date) -> list[Duration]:
    """All lengths of time in a text that was made :func:`~bot.components.finnish.spans.readable`, in its order.

    What stands side by side is added up: "vuosi ja kolme kuukautta" is 15 months.
    """
    since = _since(text, today)
    lengths = [d for d in _lengths(text) if not any(s.start < d[1] and d[0] < s.end for s in since)]
    joined: list[tuple[int, int, float]] = []
    for start, end, months in sorted(lengths):
        if (
            joined
            and re.fullmatch(r"[\s,]*(?:ja|plus|\+)?[\s]*", text[joined[-1][1] : start])
            and months < joined[-1][2]
        ):
            before = joined.pop()
            joined.append((before[0], end, before[2] + months))
        elif not joined or start >= joined[-1][1]:
            joined.append((start, end, months))
    found = [Duration(start, end, int(months + 0.5), "length") for start, end, months in joined]
    return sorted([*found, *since], key=lambda duration: duration.start)


def _unit_months(match: re.Match[str], prefix: str = "") -> float:
    if match[f"{prefix}year"]:
        return 120.0 if match[f"{prefix}year"].startswith("vuosikym") else 12.0
    return 1.0 if match[f"{prefix}month"] else 12 / 52


def _lengths(text: str) -> list[tuple[int, int, float]]:
    found: list[tuple[int, int, float]] = []
    for number in find_numbers(text):
        match = _NUMBER_UNIT.match(text, number.end)
        if match is None or number.form == "mark":
            continue
        if match["unit"].startswith("vuonna"):
            continue
        amount = number.value + (0.5 if match["and_half"] else 0)
        end = match.end()
        after = _AND_HALF_AFTER.match(text, end)
        if after:
            amount, end = amount + 0.5, after.end()
        found.append((number.start, end, amount * _unit_months(match)))
    for match in _WORDED.finditer(text):
        if any(start < match.end() and match.start() < end for start, end, _ in found):
            continue
        if match["half_and"]:
            months = 1.5 * _unit_months(match, "a_")
        elif match["half"]:
            months = 0.5 * _unit_months(match, "b_")
        elif match["few"]:
            months = (3 if match["few"].startswith("muutam") else 2) * _unit_months(match, "c_")
        elif match["about"]:
            months = _ABOUT[match["about"]] * _unit_months(match, "d_")
        elif match["going"]:
            months = (_GOING_ON[match["going"]] + 0.5) * _unit_months(match, "e_")
        else:
            months = (
                120.0
                if match["one"].startswith("vuosik")
                else 12.0
                if match["one"].startswith("vu")
                else 1.0
                if match["one"].startswith("kuu")
                else 12 / 52
            )
        end = match.end()
        after = _AND_HALF_AFTER.match(text, end)
        if match["one"] and after:
            months, end = months * 1.5, after.end()
        found.append((match.start(), end, months))
    return found


def _months_since(year: int, month: int, today: date) -> int:
    return (today.year - year) * 12 + today.month - month


def _recent(month: int, today: date, *, before_now: bool = False) -> int:
    """The year of the most recent such month; ``before_now`` leaves the current one out."""
    late = month > today.month or (before_now and month == today.month)
    return today.year - 1 if late else today.year


def _since(text: str, today: date) -> list[Duration]:
    found: list[Duration] = []
    for match in _SINCE.finditer(text):
        months, kind = _read_since(match, text, today)
        if months is not None and 0 <= months <= 12 * 70:
            found.append(Duration(match.start(), match.end(), months, kind))
    return found


def _read_since(match: re.Match[str], text: str, today: date) -> tuple[int | None, str]:
    after = text[match.end() : match.end() + 14]
    lasting = bool(re.match(r"\s*(?:asti|lahtien|alkaen|saakka|saak|ast|alk|lahtie)\b", after))
    if match["named"]:
        month = next(i for i, names in enumerate(_MONTHS, 1) if match["named"].startswith(names[0]))
        ending = match["named"][len(_MONTHS[month - 1][0]) :]
        year = (
            int(match["named_year"]) if match["named_year"] else _named_year(match["when"], match.group(), month, today)
        )
        kind = "since" if lasting or ending.startswith("st") else "when"
        return _months_since(year, month, today), kind
    if match["season"]:
        month = next(number for name, number in _SEASONS.items() if match["season"].startswith(name))
        kind = "since" if lasting or _SINCE_CASE.search(match["season"]) else "when"
        if match["season_year"]:
            year = int(match["season_year"])
        else:
            year = _recent(month, today)
            # In autumn "viime syksy" is the one a year ago; in spring it is the latest.
            going_on = 0 <= _months_since(year, month, today) < 3
            if match["season_when"] == "viime" and going_on:
                year -= 1
            elif match["season_when"] == "toissa":
                year -= 2 if going_on else 1
        return _months_since(year, month, today), kind
    for name, kind in [("from_year", "since"), ("from_year2", "since"), ("since_year", "since"), ("in_year", "when")]:
        if match[name]:
            return _months_since(int(match[name]), 1, today), "since" if lasting else kind
    if match["day"] or match["month_number"]:
        month = int(match["day_month"] or match["month_number"])
        year = int(match["day_year"] or match["month_year"])
        lasting = lasting or (match.group()[-1].isdigit() and bool(re.match(r"\s*-|:?st", after)))
        return (_months_since(year, month, today) if 1 <= month <= 12 else None), "since" if lasting else "when"
    if match["last_year"] or match["year_before"]:
        word = match["last_year"] or match["year_before"]
        year = today.year - (1 if match["last_year"] else 2)
        return _months_since(year, 1, today), "when" if word.endswith("nna") else "since"
    return _months_since(today.year, 1, today), "since"


def _named_year(when: str | None, phrase: str, month: int, today: date) -> int:
    if when in {"viime", "viima"} and re.search(r"vuo|vuu", phrase):
        return today.year - 1
    if when == "toissa":
        return today.year - 2
    return _recent(month, today, before_now=when in {"viime", "viima"})
