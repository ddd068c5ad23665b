"""What a number in the text is a number of: months unemployed, days of benefit, a score of work ability, or nothing.

A number takes its meaning from its words ("2 vuotta työttömänä") or from the question that waits for an answer.
Outside the question's range it stays a bare number.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from bot.components.finnish.durations import Duration, find_durations
from bot.components.finnish.numbers import Number, find_numbers
from bot.components.finnish.spans import Span

_Add = Callable[[int, int, str, float], None]
_Free = Callable[[int, int], bool]

RANGES = {
    "age": (15, 75),
    "unemployed_months": (0, 600),
    "labour_market_subsidy_days": (0, 10_000),
    "work_ability_score": (0, 10),
}
"""Smallest and largest answer, as in contract/self_check.yml."""

_UNEMPLOYED = re.compile(
    r"\btyot(?:on|toma|to|on)|tyottom|tyotomy|tyotom|ilman\s+(?:toita|tyota|duunia|hommia)|vailla\s+(?:tyota|toita)|ei\s+(?:\w+\s+){0,3}(?:toita|tyota|duunia|hommia)|tyokkarin|tyonhakija"
    r"|(?:ei|en)\s+(?:\w+\s+){0,3}ollu\w*\s+(?:\w+\s+){0,2}(?:toissa|duunissa|tois|duunis|hommissa)|\bpotku|irtisano|lomaut|tyot\s+loppu|tyo(?:suhde|paikka)?\s+(?:paatty|loppu)|hommat\s+loppu|duuni\w*\s+loppu|kotona\s+oll|kortisto|tyottana|tyotonna|pois\s+toista|toita\s+vailla|viimeksi\s+toissa|firma\s+(?:kaatu|meni)"
)
_OTHER_LENGTH = re.compile(
    r"kokemu|alalla|tyoura|uraa|naimis|asunu|asuin|sairaslom|saikku|saikul|sairasta|opiskel|koulu[ns]|opinn|toissa\s+(?:oon|olen|olin)|(?:olin|tein|tehny|tehnyt|teki|ollu|ollut|oli)\s+(?:(?!ilman|vailla|ei\b)\w+\s+){0,4}(?:toissa|toita|duunissa|hommissa|raksalla|kaupassa|tehtaalla|alan)"
    r"|kuntouttava|tyokokeilu|\btein\b|\bkavin\b|hoitanu|omaishoit|vankil|raitti|juonu|lapsi|vanha|ikais|vuotias|syntyny|velkaa|asuntolaina|\bsuom[ei]|muutin|kortti|kestaa|kestaako|kesto|paasta\b|kuluttua|odot|jono"
)
_NOT_UNEMPLOYED = re.compile(
    r"\b(?:en|emma|ma en)\s+(?:\w+\s+){0,2}(?:tyoton|tyottomana|tyottomana)\b|\b(?:oon|olen)\s+(?:\w+\s+){0,2}(?:toissa|tyossa|tyoelamassa|duunissa)\b|\ben\s+(?:paivaakaan|lainkaan|ollenkaan)|\bei\s+(?:paivaakaan|yhtaan)"
)
_NO_UNEMPLOYMENT = re.compile(
    r"\b(?:en|emma)\s+(?:(?:ole|oo|oon|mie|ma|mina|edes|nyt|tal|talla|hetkella)\s+)*(?:tyoton|tyottomana)\b"
)
_JUST_NOW = re.compile(
    r"\b(?:eilen|tanaan|toissapaivana|juuri|just|viime viikolla|talla viikolla|vasta|nyt)\s+(?:\w+\s+)?jai(?:n|in)?\s+(?:\w+\s+)?tyottomaks\w*"
    r"|\bjain?\s+(?:juuri|just|eilen|tanaan|toissapaivana|vasta|viime viikolla|talla viikolla)\s+(?:\w+\s+)?tyottomaks\w*"
    r"|\bjain?\s+tyottomaks\w*\s+(?:juuri|just|eilen|tanaan|toissapaivana|viime viikolla|talla viikolla)"
)
_DAYS_UNIT = re.compile(
    r"\s*(?P<unit>paivaa?n?|paivia|paivaan|paiv|paivee|paevee|pv\w*|pva|p\.|paivarahapaiv\w*|tukipaiv\w*|vrk)(?!\w)"
)
SUBSIDY = re.compile(
    r"tyomarkkinatu|markkinatu|tmt\b|tukipaiv|yleistuk|tyottomyysetuu|tyottomyyspaiva|\btukea\b|\btukee\b|tuella|tuel\b|tukipv|kelan?\s+(?:tuki|tukea|tuella|raha|paivaraha|kassa)|peruspaiva|paivaraha"
)
_NO_DAYS = re.compile(
    r"\b(?:en|ei|emma)\s+(?:\w+\s+){0,3}(?:saa|saanu|saanut|ollu|ollut|oo|ole|paivaakaan|yhtaan|lainkaan|ollenkaan|nosta\w*)\b"
)
_OF_TEN = re.compile(
    r"\s*(?:/|kautta|kautt|\\)\s*(?:10|kymmenen|kymppi|kympi)\b|\s*(?:kympista|kymmenesta|kympist|kymmenest)\b"
)
_SCORE_WORD = re.compile(
    r"\bpiste|pistet|asteikol|arvosan|numero\w*\s+(?:ois|on|olis)|numeroks|numerol|antaisin|antasin|antaisi|annan\b|annetaan|sanoisin|sanosin|laittaisin|laitan|laitetaan|tyokyky\w*\s+(?:\w+\s+){0,3}(?:on|ois|olis|noin|luokkaa)|tyokykyni|toimintakyky\w*"
)
_PERCENT = re.compile(r"\s*(?:%|pros\w*)")
_BETWEEN = re.compile(r"\s*(?:-|ja|tai|tahi|viiva|vai|va)\s*")
_PRONOUN = re.compile(r"yks|yht|yhd|yhe")
_NOT_COUNT_AFTER = re.compile(r"\s*(?:kysymys|kysymyk|lasta|laps|kert|eri|vuotta|vuot)")


def find_amounts(text: str, today: date, awaiting: str | None, taken: list[Span]) -> list[Span]:
    """Every amount in a readable text that is not inside of what was already found.

    Args:
        text: made :func:`~bot.components.finnish.spans.readable`.
        today: the day against which a beginning is counted.
        awaiting: the question that waits for an answer, or None.
        taken: spans in which numbers mean something else, as a phone number or an age.
    """
    found: list[Span] = []

    def free(start: int, end: int) -> bool:
        return not any(span.start < end and start < span.end for span in [*taken, *found])

    def add(start: int, end: int, entity: str, value: float) -> None:
        low, high = RANGES.get(entity, (0, 10**9))
        whole = int(value)
        found.append(Span(start, end, entity if low <= whole <= high else "number", whole))

    numbers = [n for n in find_numbers(text) if free(n.start, n.end)]
    durations = [d for d in find_durations(text, today) if free(d.start, d.end)]

    _scores(text, numbers, awaiting, add, free)
    _days(text, numbers, durations, awaiting, add, free)
    _months(text, durations, awaiting, today, numbers, taken, add, free)
    if not any(span.entity == "unemployed_months" for span in found):
        fresh = _JUST_NOW.search(text) or (_NOT_UNEMPLOYED.search(text) if awaiting == "unemployed_months" else None)
        fresh = fresh or (_NO_UNEMPLOYMENT.search(text) if awaiting is None else None)
        if fresh and free(fresh.start(), fresh.end()):
            add(fresh.start(), fresh.end(), "unemployed_months", 0)
    if awaiting == "labour_market_subsidy_days" and not found and not numbers and (match := _NO_DAYS.search(text)):
        add(match.start(), match.end(), "labour_market_subsidy_days", 0)

    answered = any(span.entity == awaiting for span in [*found, *taken])
    for number in numbers:
        if not free(number.start, number.end) or any(d.start <= number.start < d.end for d in durations):
            continue
        if (
            number.form == "word"
            and _PRONOUN.match(text[number.start :])
            and text.strip(" .!?") != text[number.start : number.end]
        ):
            continue
        entity = "number"
        if awaiting in RANGES and not answered and not _NOT_COUNT_AFTER.match(text[number.end :]):
            entity, answered = awaiting, True
        add(number.start, number.end, entity, number.value)
    return found


def _scores(text: str, numbers: list[Number], awaiting: str | None, add: _Add, free: _Free) -> None:
    asked = awaiting == "work_ability_score"
    spoken_of = bool(_SCORE_WORD.search(text))
    skip = -1
    for i, number in enumerate(numbers):
        if i <= skip or not free(number.start, number.end):
            continue
        of_ten = _OF_TEN.match(text, number.end)
        if of_ten and 0 <= number.value <= 10:
            add(number.start, of_ten.end(), "work_ability_score", number.value)
            skip = i + 1 if i + 1 < len(numbers) and numbers[i + 1].start < of_ten.end() else i
            continue
        if asked and (percent := _PERCENT.match(text, number.end)) and number.value <= 100:
            add(number.start, percent.end(), "work_ability_score", number.value / 10 + 0.5)
            continue
        if not (asked or (spoken_of and number.value <= 10)):
            continue
        following = numbers[i + 1] if i + 1 < len(numbers) else None
        if following and _BETWEEN.fullmatch(text[number.end : following.start]) and following.value <= 10:
            end = following.end
            of_ten = _OF_TEN.match(text, end)
            # Between two scores the lower one is taken: support is looked at rather too early than too late.
            add(number.start, of_ten.end() if of_ten else end, "work_ability_score", min(number.value, following.value))
            skip = i + 1
        elif not asked and not re.match(r"\s*(?:vuo|kk|kuuk|pv|paiv|v\b|kert|kysym)", text[number.end :]):
            add(number.start, number.end, "work_ability_score", number.value)


def _days(
    text: str, numbers: list[Number], durations: list[Duration], awaiting: str | None, add: _Add, free: _Free
) -> None:
    asked = awaiting == "labour_market_subsidy_days"
    subsidy = bool(SUBSIDY.search(text))
    for number in numbers:
        unit = _DAYS_UNIT.match(text, number.end)
        if not free(number.start, number.end) or number.form == "mark":
            continue
        if unit and (asked or subsidy or unit["unit"].startswith(("tukip", "paivarahap"))):
            add(number.start, unit.end(), "labour_market_subsidy_days", number.value)
    if asked:
        for duration in durations:
            if duration.kind != "when" and free(duration.start, duration.end):
                # Benefits are paid for five days a week.
                add(duration.start, duration.end, "labour_market_subsidy_days", duration.months * 260 / 12)


def _months(
    text: str,
    durations: list[Duration],
    awaiting: str | None,
    today: date,
    numbers: list[Number],
    taken: list[Span],
    add: _Add,
    free: _Free,
) -> None:
    asked = awaiting == "unemployed_months"
    unemployed = bool(_UNEMPLOYED.search(text))
    candidates: list[Duration] = [d for d in durations if free(d.start, d.end)]
    if asked and not candidates:
        for number in numbers:
            if number.form == "digits" and 1950 <= number.value <= today.year and free(number.start, number.end):
                months = (today.year - int(number.value)) * 12 + today.month - 1
                add(number.start, number.end, "unemployed_months", months)
                return
    if awaiting not in {None, "unemployed_months"} and not unemployed:
        return
    # What was taken for an age is no cue for another length.
    cues = _Cues.of(_AGE_WORDS.sub(lambda match: " " * len(match.group()), _blanked(text, taken)))
    best: tuple[float, bool, int, Duration] | None = None
    for duration in candidates:
        if duration.kind == "when" and not (unemployed or asked):
            continue
        alone = len(text.split()) <= len(text[duration.start : duration.end].split()) + 2
        to_unemployed, to_other = cues.distances(duration)
        said = asked or (unemployed and to_unemployed <= to_other)
        said = said or (alone and awaiting is None and not _OTHER_LENGTH.search(text))
        order = (
            to_unemployed if to_unemployed <= to_other else _FAR,
            duration.kind == "when",
            duration.start,
            duration,
        )
        if said and (best is None or order[:3] < best[:3]):
            best = order
    if best is not None:
        duration = best[3]
        add(duration.start, duration.end, "unemployed_months", duration.months)


def _blanked(text: str, spans: list[Span]) -> str:
    for span in spans:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text


def _past_word(text: str, place: int) -> int:
    while place < len(text) and text[place].isalnum():
        place += 1
    return place


@dataclass(frozen=True)
class _Cues:
    """Places of words that say what a length of time is about."""

    text: str
    unemployed: list[tuple[int, int]]
    other: list[tuple[int, int]]

    @classmethod
    def of(cls, text: str) -> _Cues:
        def places(pattern: re.Pattern[str]) -> list[tuple[int, int]]:
            # To the end of the word: "työttömän vuoden" has one space between, not three letters more.
            return [(match.start(), _past_word(text, match.end())) for match in pattern.finditer(text)]

        return cls(text, places(_UNEMPLOYED), places(_OTHER_LENGTH))

    def distances(self, duration: Duration) -> tuple[float, float]:
        """How far the nearest word about being without work is, and the nearest one about something else."""
        unemployed = min((self._distance(cue, duration) for cue in self.unemployed), default=_FAR)
        other = min((self._distance(cue, duration) for cue in self.other), default=_FAR)
        # "Viisi vuotta sitten" is a time and no length, unless the same clause says that work ended.
        if _AGO.match(self.text, duration.end) and unemployed >= _CLAUSE:
            other = 0.0
        return unemployed, other

    def _distance(self, cue: tuple[int, int], duration: Duration) -> float:
        """Characters in between; the end of a clause counts for many."""
        end = duration.end - self.text[: duration.end].endswith(".")  # "8 kk." may end the sentence too
        low, high = (cue[1], duration.start) if cue[1] <= duration.start else (end, cue[0])
        between = self.text[low:high]
        return len(between) + _CLAUSE * len(_CLAUSE_END.findall(between))


_FAR = 10_000.0
_CLAUSE = 40.0
_CLAUSE_END = re.compile(r"(?<!\d)[.,](?!\d)|[!?;\n]|\s(?:ja|mutta|mut|nyt)\s")
_AGO = re.compile(r"\s*sitt?e?n?\b")
_AGE_WORDS = re.compile(r"\bik(?:a|aa|ani)(?:ki|kin|han)?\b|\bvuotias\w*|\bvanha\w*")
