"""Which question of the self-check a text points at: "se terveyskohta", "korjaan ikäni"."""

from __future__ import annotations

import re

from bot.components.finnish.spans import Span

# In this order: what is more special comes first.
_QUESTIONS: dict[str, re.Pattern[str]] = {
    "labour_market_subsidy_days": re.compile(r"tyomarkkinatu\w*|markkinatu\w*|tukipaiv\w*|tmt\w*|paivarahapaiv\w*|paivamaara\w*|tukikysy\w*|tukikoh\w*|paivat\b|paivien\b"),
    "unemployed_months": re.compile(r"tyottomyys\w*|tyottomyyde\w*|tyottomyyen\w*|kauanko\s+\w+\s+tyot\w*|kuinka\s+kauan\w*|tyottomana\b\w*|tyottoman\s?oloaik\w*|tyottomyysaik\w*"),
    "has_working_life_habits": re.compile(r"tyoelamatai\w*|tyoaik\w*|tyoajat\w*|tyoohje\w*|ohjeiden\s\w*|pelisaan\w*|tyoelaman\s+tav\w*|tyotavat\w*|tyoelamakoh\w*"),
    "open_labour_market_goal": re.compile(r"avoimi\w*|avoime\w*|tyomarkkina\w*|tavoite\w*|tavoitte\w*"),
    "work_ability_score": re.compile(r"pistemaar\w*|pistei\w*|piste(?:et|kysy\w*|koh\w*|tta|ita|n)?\b|asteik\w*|arvosan\w*|numero\w*|0-10\w*|nollasta\s+kymm\w*|tyokykypist\w*|tyokykyarvo\w*|tyokykynumer\w*"),
    "feels_able_to_work": re.compile(r"terveys\w*|terveyt\w*|tervey\w*|tyokyky\w*|tyokyvy\w*|jaksami\w*|vointi\w*|toimintaky\w*|kunto\w*"),
    "life_situation_barriers": re.compile(r"\besteet\w*|\besteis\w*|\bestei\w*|mika\s+estaa\w*|\bestekysy\w*|\bestekoh\w*|\bestee\w*"),
    "life_situation_allows_work": re.compile(r"perhe\w*|elamantil\w*|asumi\w*|raha-?asia\w*|raha(?:koh|kysy)\w*|rahatil\w*|talous\w*|sosiaalinen\s+til\w*|elamatil\w*"),
    "has_usable_skills": re.compile(r"osaami\w*|osaamis\w*|taido\w*|taito\w*|ammattitai\w*|koulutus\w*|koulutuk\w*|ammatti\w*"),
    "municipality": re.compile(r"\bkun(?:ta|nan|taa|taan|nasta|takysy\w*|takoh\w*|nassa)\w*|kotikun\w*|paikkakun\w*|asuinpaik\w*|asuinkun\w*|kaupun[kg]i\w*|asuinpai\w*"),
    "age": re.compile(r"\bik(?:a|aa|aani|ani|akysy\w*|akoh\w*|akohta\w*|aan|aasta|asta|ajuttu\w*|avuo\w*)\b\w*|\bian\b|\biasta\b|syntymav\w*"),
    "wants_work": re.compile(r"motivaatio\w*|tyohalu\w*|halukkuu\w*|haluanko\s+(?:toihin|toita|tyota|ma)\w*|haluunko\w*|halukysy\w*|toihin\s?halu\w*|tyollistymishalu\w*|tyon\s?halu\w*|eka\w*\s+kysymy\w*|ensimmai\w*\s+(?:kysymy|koh|vastau)\w*|ihan\s+eka\w*"),
}  # fmt: skip
_POINTS_AT = re.compile(
    r"kysymy|kysymyk|\bkohta|\bkohda|\bkohti|\bkoht|kohtaa|vastaus|vastauk|vastasin|vastaan|\bkorja|\bkorjaa|korjaus|\bmuut(?:a|taa|taisin|tas|an|etaan|ettu|os)|\bvaihd|vaihta|\bvaari|vaarin|\bvirhe|erehdy|\bpalaa|palata|palataan|takaisin|takas|\bpieless|meni\s+vaarin|laitoin|laitoi|sanoin|uudestaan|uudelleen|edelli|tarkoittaa|tarkottaa|miks|mita\s+tark|\bjuttu|\bjutun|osio|osuus"
)


def find_questions(text: str) -> list[Span]:
    """The question that a readable text points at, if it points at one."""
    if not _POINTS_AT.search(text):
        return []
    for question, pattern in _QUESTIONS.items():
        match = pattern.search(text)
        if match:
            return [Span(match.start(), match.end(), "question", question)]
    return []
