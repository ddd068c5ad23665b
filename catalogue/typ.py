"""The assessment of multisectoral joint service (TYP): when it would be looked at, and what that rests on.

Until 31.12.2024 law 1369/2014 named durations of unemployment (002). Since 1.1.2025 law 381/2023 asks for need, which
an authority assesses; an unmet duration alone then says nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from catalogue.contract import AREAS, SKIPPED
from catalogue.models import Basis, TypAssessment
from catalogue.selfcheck import AREA_NAMES, area_answered, area_barrier

REFORM = dt.date(2025, 1, 1)
"""The first day of law 381/2023."""
SUBSIDY_DAYS = 300
ADULT_AGE = 25
ADULT_MONTHS = 12
YOUNG_MONTHS = 6
BARRIER_AREAS = 2
"""In how many of the three areas a barrier must show."""

DURATIONS = "002 TUNNISTA, kohdat 1–3"
LAW_NOW = "facts law_381_2023"
LAW_BEFORE = "facts typ_law_1369_2014"

AUTHORITY = Basis(
    text="Viranomainen arvioi tarpeen ja päättää asiasta. Tämä on vain suuntaa antava arvio.", source=LAW_NOW
)
AUTHORITY_BEFORE = Basis(
    text="Viranomainen arvioi tarpeen ja päättää asiasta. Tämä on vain suuntaa antava arvio.", source=LAW_BEFORE
)
NOT_UNEMPLOYED = Basis(
    text="Kerroit, että et ole työtön. Monialainen yhteispalvelu on tarkoitettu työttömille.", source="002 TUNNISTA"
)


def _duration(answers: Mapping[str, Any]) -> tuple[bool | None, Basis]:
    """Whether a duration of 002 is met; None when too little was told to know."""
    age, months, days = (answers[k] for k in ("age", "unemployed_months", "labour_market_subsidy_days"))
    if days != SKIPPED and days >= SUBSIDY_DAYS:
        text = f"Kerroit saaneesi työmarkkinatukea {days} päivää. Raja on {SUBSIDY_DAYS} päivää."
        return True, Basis(text=text, source=DURATIONS)
    if months != SKIPPED:
        if months >= ADULT_MONTHS:
            text = f"Kerroit olleesi työttömänä {months} kuukautta. Raja on 25 vuotta täyttäneillä 12 ja nuoremmilla 6."
            return True, Basis(text=text, source=DURATIONS)
        if age != SKIPPED and age < ADULT_AGE and months >= YOUNG_MONTHS:
            text = f"Kerroit olleesi työttömänä {months} kuukautta. Alle 25-vuotiaalla raja on 6 kuukautta."
            return True, Basis(text=text, source=DURATIONS)
        if age == SKIPPED and months >= YOUNG_MONTHS:
            text = (
                f"Kerroit olleesi työttömänä {months} kuukautta. Alle 25-vuotiaalla se riittää, "
                "sitä vanhemmalla raja on 12 kuukautta. En tiedä ikääsi."
            )
            return None, Basis(text=text, source=DURATIONS)
    if months == SKIPPED and days == SKIPPED:
        text = "Et kertonut, kauanko olet ollut työttömänä tai saanut työmarkkinatukea."
        return None, Basis(text=text, source=DURATIONS)
    text = (
        "Kertomasi perusteella työttömyyden kesto ei täytä rajoja. "
        "Rajat ovat 300 tukipäivää tai 12 kuukautta, alle 25-vuotiaalla 6 kuukautta."
    )
    return False, Basis(text=text, source=DURATIONS)


def _areas(answers: Mapping[str, Any]) -> tuple[int, bool, Basis]:
    """How many areas show a barrier, whether every area was answered, and that in words."""
    weak = [area for area in AREAS if area_barrier(answers, area)]
    answered = all(area_answered(answers, area) for area in AREAS)
    if weak:
        names = ", ".join(AREA_NAMES[area] for area in weak)
        text = f"Vastauksissasi tuen tarve näkyy {len(weak)} alueella kolmesta: {names}."
    else:
        text = "Vastauksissasi ei näy tuen tarvetta millään kolmesta alueesta."
    if not answered:
        text += " Osa kysymyksistä jäi auki."
    return len(weak), answered, Basis(text=text, source="001 Työllistymisen edellytysten arviointi")


def assess(answers: Mapping[str, Any], on: dt.date) -> TypAssessment:
    """The assessment for complete answers (:func:`catalogue.selfcheck.complete`) on that day."""
    authority = AUTHORITY if on >= REFORM else AUTHORITY_BEFORE
    if answers["unemployed_months"] == 0:
        return TypAssessment(eligible=False, basis=(NOT_UNEMPLOYED, authority))
    met, duration = _duration(answers)
    barriers, answered, areas = _areas(answers)
    eligible: bool | None
    basis = [duration, areas]
    if met and barriers >= BARRIER_AREAS:
        eligible = True
    elif answered and barriers < BARRIER_AREAS:
        eligible = False
        basis = [areas]
    elif met is False and on < REFORM:
        eligible = False
        basis = [duration]
    else:
        eligible = None
        if met is False:
            text = (
                "Vuoden 2025 alusta ratkaisee tuen tarve eikä pelkkä kesto. "
                "Siksi lyhytkään työttömyys ei yksin sulje palvelua pois."
            )
            basis.append(Basis(text=text, source=LAW_NOW))
    return TypAssessment(eligible=eligible, basis=(*basis, authority))
