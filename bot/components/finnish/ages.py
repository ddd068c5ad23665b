"""How old the writer is: "58v", "kolmikymppinen", "oon syntyny -85"."""

from __future__ import annotations

import re
from datetime import date

from bot.components.finnish.numbers import find_numbers
from bot.components.finnish.spans import Span

OLDEST, YOUNGEST = 75, 15

_AFTER = re.compile(
    r"\s*-?\s*(?:(?P<sure>vuotia\w*|vuotta?s\w*|vuotiaa\w*|v(?:uotta|uot|uotte?n?|\.)?\s+van\w*|vuotta\s+ikaa|vuoden\s+ikainen"
    r"|vuotinen|vuotene|vuotie\w*|vuottias\w*|vuoden\s+iassa|-?vee\s+van\w*|(?:tayt(?:in|tany\w*))|ikavuo\w*|vuo[td]ist\w*)|(?P<maybe>vuotta|vuot|vuotena|vee|v)\b\.?)"
)
_BEFORE = re.compile(
    r"(?:(?P<sure>\bik(?:a|aa|ani|as|aa on|ani on|ana)(?:ki|kin|han)?\b\s*(?:(?:on|oli)(?:ki|kin|pi|han|ki? ?on)?|:|=|mulla|minulla)?"
    r"(?:\s+(?:mulla|minulla|jo|nyt|noin|vasta|ois|olis|oliski))*"
    r"|\btayt(?:in|tany|tanyt|anyt|ti)\b(?:\s+(?:\w+\s+){0,2})?|\b(?:vuosia|vuossia|ikaa)\s+(?:(?:on|loytyy|tulee|mulla|minulla|mittarissa|kertyny\w*|jo|nyt|takana)\s+)*)"
    r"|(?P<turning>\btayt(?:an|taa)\b(?:\s+\w+){0,2})"
    r"|(?P<maybe>\b(?:olen|oon|mina|ma|mie|mia|maa|meitsi on|olin|olevani|oisin))(?:\s+(?:nyt|jo|vasta|kohta|melkein|noin|semmonen|sellainen|tammonen|tallainen|vaan|vain|just|ite))*)\s*$"
)
_PAST = re.compile(r"\bolin(?:\s+\w+){0,2}\s*$")
_NOT_AGE_BEFORE = re.compile(r"(?:\byli|\balle|\bnoin|\bn\.|\bkohta|\bmelkein)\s*$")
_NOT_AGE_AFTER = re.compile(
    r"\s*(?:(?!(?:ja|mies|nainen|aiti|isa|poika|tytto|tyyppi)\b)\w+\s+){0,2}?(?:tyoton|tyottom|tyotta|toissa|toita|kokemu|sitten|alalla|alan|tyoura|ura\b|tehny|tehnyt|naimis|asunu|asunut"
    r"|hoita|sairas|putke|ollu|tyokok|ilman|kotona|elakk|sama|yhdess|istu|juonu|raitti|kestan|rekka|duuni|opiskel)"
)
_NOT_PERSON_AFTER = re.compile(
    r"\s*(?:%|pros|pv|paiv|kk|kuuk|eur|€|e\b|tunt|h\b|min|asteik|/|[.,:]\d|kilo|kg|km|vrk|viikk|kert|lasta|laps|vuotta ollu)"
)
_DECADE = {
    "kaksi": 20, "kaks": 20, "pari": 20, "kolmi": 30, "kolme": 30, "kol": 30, "kolm": 30, "neli": 40, "nel": 40, "nelja": 40,
    "viisi": 50, "viis": 50, "vii": 50, "kuusi": 60, "kuus": 60, "kuu": 60, "seitseman": 70, "seittematta": 70, "seit": 70,
    "seiten": 70, "seitsen": 70, "seitseen": 70,
}  # fmt: skip
_ROUND = re.compile(
    rf"(?<!\w)(?P<tens>{'|'.join(sorted(_DECADE, key=len, reverse=True))})-?\s?(?:kymppi(?:nen|sena|sen|set|ne|s|sia|sii|nenkin)|kymppi\b|kymmppi\w+"
    rf"|kymmeninen|kymmenvuotias|kymmentavuotias|kytvuotias)(?!\w)|(?<!\w)(?P<digits>[2-7])0?\s?-?\s?kymppi(?:nen|sena|sen|set|ne|s)(?!\w)"
)
_ROUND_NOT = re.compile(r"(?:\balle|\byli|\blahes|\bkohta)\s*$")
_BORN = re.compile(
    r"(?<!\w)(?:(?:synt|syntyny|syntynyt|syntynyt|syntyny|syntynu|synnyin|synnyi|s|syntymavuosi(?:ni)?|syntymavuos|vuosimalli\w*|vm|vuosikerta\w*|synt)"
    r"[\s.:]*(?:on|oon|olen|ole|mulla|minulla)?[\s:]*(?:jo\s+)?(?:vuonna|vuon|vuotta|vuosina|v\.?)?\s*(?:\d{1,2}\.\d{1,2}\.)?[\s'-]*"
    r"(?P<year>(?:19|20)\d\d|\d\d)\b"
    r"|(?:vuonna\s+)?(?:\d{1,2}\.\d{1,2}\.)?(?P<year_before>(?:19|20)\d\d|[-']\s?\d\d|\b\d\d)\s*-?\s*(?:synt\w+|vuosimalli\w*|vuosikerta\w*))"
)
_FULL_DATE = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)\d\d)")


_PAIRS = re.compile(
    r"(?<!\w)(?P<tens>kaks|kaksi|kolme|kol|nelja|viis|viisi|kuus|kuusi|seiska)[\s-]?(?P<ones>nolla|yks|yksi|kaks|kaksi|kolme|nelja|viis|viisi|kuus|kuusi|seiska|seittema|kaheksa|kasi|yheksa|ysi)(?!\w)"
)


def find_ages(text: str, today: date, *, asked: bool = False) -> list[Span]:
    """The writer's age in a readable text; a number outside 15..75 is left for the caller.

    Args:
        text: made :func:`~bot.components.finnish.spans.readable`.
        today: the day against which a year of birth is counted.
        asked: the age was just asked, so a year ("1968") is a year of birth.
    """
    found: list[Span] = []
    for match in _BORN.finditer(text):
        year = _full_year(match["year"] or match["year_before"], today)
        dated = _FULL_DATE.search(match.group())
        age = today.year - year
        if dated and (int(dated["month"]), int(dated["day"])) > (today.month, today.day):
            age -= 1
        _add(found, match.start(), match.end(), age)
    for match in _ROUND.finditer(text):
        if not _ROUND_NOT.search(text[: match.start()]) or asked:
            _add(
                found,
                match.start(),
                match.end(),
                int(match["digits"]) * 10 if match["digits"] else _DECADE[match["tens"]],
            )
    if asked and (pair := _PAIRS.search(text)):
        tens, ones = (int(find_numbers(pair[part])[0].value) if pair[part] != "kol" else 3 for part in ("tens", "ones"))
        _add(found, pair.start(), pair.end(), 10 * tens + ones)
    for number in find_numbers(text):
        if number.value != int(number.value) or any(s.start < number.end and number.start < s.end for s in found):
            continue
        value = int(number.value)
        if asked and number.form == "digits" and 1900 <= value <= today.year:
            _add(found, number.start, number.end, today.year - value)
            continue
        before = _BEFORE.search(text[: number.start])
        before_loose = _BEFORE.search(_NOT_AGE_BEFORE.sub("", text[: number.start]))
        after = _AFTER.match(text, number.end)
        end = after.end() if after else number.end
        rest = text[end:]
        if (after and after["sure"]) or (before_loose and before_loose["sure"]):
            _add(found, number.start, end, value)
        elif before and before["turning"]:
            _add(found, number.start, end, value - 1)
        elif (
            value < YOUNGEST
            or number.form == "mark"
            or (
                # "23v. Ollut töissä …": the next sentence says nothing about this number.
                after and not after.group().endswith(".") and _NOT_AGE_AFTER.match(rest)
            )
        ):
            continue
        elif after and not asked and _PAST.search(text[: number.start]):
            continue  # "hitsari olin 20 vuotta", "olin 46v kun lopetin"
        elif after and (after["maybe"] in {"v", "vee"} or (before_loose and before_loose["maybe"]) or asked):
            if not re.search(r"(?:ollu\w*|kestany\w*|kesti|jo|viel|viime|ainakin)\s*$", text[: number.start]) or asked:
                _add(found, number.start, end, value)
        elif before_loose and before_loose["maybe"] and not _NOT_PERSON_AFTER.match(rest) and not after:
            _add(found, number.start, number.end, value)
    return sorted(found)


def _full_year(digits: str, today: date) -> int:
    year = int(re.sub(r"\D", "", digits))
    if year >= 100:
        return year
    return 2000 + year if year <= (today.year % 100) - YOUNGEST else 1900 + year


def _add(found: list[Span], start: int, end: int, age: int) -> None:
    if YOUNGEST <= age <= OLDEST:
        found.append(Span(start, end, "age", age))
