"""Finds where somebody lives: a street with its number, a post-office box, a postal code. Pure.

A town's name alone is left: the self-check asks for the municipality. A street's name without a number is left too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Endings of Finnish and Swedish street names, with the consonant changes of inflection.
_STREETS = (
    "katu|kadu|tie|kuja|polku|polu|raitti|raiti|kaari|kaare|väylä|puistikko|puistiko|penger|penkere|bulevardi|"
    "esplanadi|gata|gatan|väg|vägen|gränd|gränden|stig|stigen"
)
# These end names of other places as well, so the word must begin with a capital.
_PLACES = (
    "aukio|ranta|ranna|rinne|rintee|mäki|mäe|piha|portti|porti|kierto|kierro|kehä|laita|laida|lenkki|lenki|silta|silla|"
    "kulma|rivi|tanhua|tori|taival|taipalee|törmä|vainio|niitty|niity|varsi|varre|kallio|harju|linja|mutka|kumpu|kummu"
)
_CASES = "(?:n|lla|llä|lle|lta|ltä|ssa|ssä|sta|stä|a|ä|ta|tä|an|än|un)?"
_ORDINARY = re.compile(
    r"(?:valta|kanta|maan|seutu|yhdys|moottori|moottoriliikenne|rauta|kävely|pyörä|hengitys?|umpi|metsäauto|sivu|pää|"
    r"työ|ura|opinto|opiskelu|hoito|palvelu|kuntoutus|oppimis|koulutus|luonto|hoiva|asiakas|elämän|kehitys|sateen|"
    r"lappeen|riihi|keri|joka|siirtymä|työllisyys|seuranta|veri|lymfa)-?(?:" + _STREETS + "|" + _PLACES + r")\w*",
    re.IGNORECASE,
)
"""Words that end like a street and are none: roads by number, paths through services, towns."""

_UNIT = (
    r"(?!\s*(?:vuo|vk\b|viik|päiv|pv\b|kk\b|kuukau|kuu\b|h\b|tunt|min\b|minuut|eur|€|e\b|%|prosen|km\b|kilo|m\b|metri|"
    r"kerta|krt\b|kpl\b|aste|kg\b|litra|henk|hlö|ihmi|lasta\b|§|mom|luku\b|luvu|art)|[.,:]\d|[-/]\d|\d)"
)
_HOUSE = r"\d{1,4}(?:\s?-\s?\d{1,4})?"
_DOOR = r"(?:\s?(?:[a-zåäö](?![^\W\d_])|as\b\.?|asunto|lh\b|huoneisto)(?:\s?(?:as\b\.?\s?)?\d{1,3}(?!\d|[.,:]\d))?)?"
_NUMBER = rf"(?:\s?(?:numero|nro|n:o))?\s{{1,2}}{_HOUSE}(?!\d){_UNIT}{_DOOR}"
_POSTAL = r"(?:[\s,]{1,3}\d{5}(?!\d))?"
_SIDE = r"(?:(?:pohjoinen|eteläinen|itäinen|läntinen|vanha|uusi|iso|pieni|ylä|ala|pitkä)\s)?"

_STREET = re.compile(
    rf"(?<![\w-]){_SIDE}(?P<name>[^\W\d_][\w'-]+?(?:{_STREETS}){_CASES}){_NUMBER}{_POSTAL}", re.IGNORECASE
)
_CAPITAL = re.compile(rf"(?<![\w-])(?P<name>[A-ZÅÄÖ][\w'-]{{2,}}?(?:{_PLACES}){_CASES})(?i:{_NUMBER}){_POSTAL}")
_IN_WORDS = re.compile(
    rf"(?<![\w-])(?P<name>(?:[A-ZÅÄÖ][\w'-]+\s){{0,2}}[A-ZÅÄÖ][\w'-]+n\s(?:{_STREETS}){_CASES})(?i:{_NUMBER}){_POSTAL}"
)
_TOLD = re.compile(
    rf"(?<![\w\[])(?:koti|katu|posti)?osoit\w*(?:\s+on)?[\s:=]{{1,3}}"
    rf"(?P<place>(?P<name>[^\W\d_][\w'-]{{2,}}(?:\s[^\W\d_][\w'-]{{2,}})?){_NUMBER}{_POSTAL})",
    re.IGNORECASE,
)
_BOX = re.compile(
    rf"(?<![\w.])(?:pl|p\.l\.|postilokero|po\sbox|p\.o\.\sbox)\s?\d{{1,6}}(?!\d)(?!\s*(?:§|mom|luku|luvu|art)){_POSTAL}",
    re.IGNORECASE,
)
_POSTAL_AND_TOWN = re.compile(r"(?<![\w.,-])(?!\d{2}000)\d{4}[015](?=\s[A-ZÅÄÖ][a-zåäö-]{2,})")
_POSTAL_TOLD = re.compile(
    r"(?<![\w\[])(?:postinumero\w*|postinro)(?:\s+on)?[\s:=]{1,3}(?P<place>\d{5})(?!\d)", re.IGNORECASE
)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of every address in ``text``, whose dashes are plain ones. They may overlap."""
    for pattern in (_STREET, _CAPITAL, _IN_WORDS, _TOLD):
        for match in pattern.finditer(text):
            if not _ORDINARY.fullmatch(match["name"]):
                yield match.span("place" if pattern is _TOLD else 0)
    for pattern in (_BOX, _POSTAL_AND_TOWN):
        yield from (match.span() for match in pattern.finditer(text))
    yield from (match.span("place") for match in _POSTAL_TOLD.finditer(text))
