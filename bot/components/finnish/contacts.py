"""Phone numbers, e-mail addresses, and times at which somebody may be called."""

from __future__ import annotations

import re

from bot.components.finnish.spans import Span

_PHONE = re.compile(r"(?<![\w.])(?:\+\d{1,3}|00\d{1,3}|0)(?:[ \u00a0().-]{0,2}\d){5,12}(?!\d)")
_EMAIL = re.compile(
    r"[a-z0-9._%+-]+\s?(?:@|\(at\)|\[at\]|\(a\)|\(at\.\)| at(?=\s?[a-z0-9-]+\s?\.)| miukumauku | kissanhanta )\s?[a-z0-9-]+(?:\s?(?:\.| piste )\s?[a-z0-9-]+)*\s?(?:\.| piste )\s?[a-z]{2,}"
)
_DAY = (
    r"(?:maanan|tiis|keskiviik|tors|perjan|lauan|lauvan|sunnun)\w*(?:\s?-?\s?(?:aamu\w*|ilta\w*|paiva\w*))?|(?<!\w)(?:ma|ti|ke|to|pe)(?!\w)(?:-(?:ma|ti|ke|to|pe))?"
    r"|(?:yli)?huomen(?:na|nna|issa|is|sa)?(?:aamu\w*)?|huome\w*|ylihuome\w*|tanaan|tana iltana|tanaa|(?:ensi|ens|tulevalla|seuraavalla|talla|tal|ylihuomisesta)\s+vi(?:ikolla|ikol|ikon|igol)\w*|arkisin|arki\w*|viikonlop\w*"
    r"|\d{1,2}\.\s?\d{1,2}\.(?:\s?\d{2,4})?|(?:heti|jo)\s+(?:aamu\w*|huomen\w*)|koska vaan|koska vain|milloin vaan|milloin vain|millon vaan|millon vain|ihan koska\w*|ihan sama milloin"
)
_PART = r"aamu(?:lla|ll|isin|paivalla|paivall|paivisin|paivasta|paiva|sta|yolla|un)?|ilta(?:paivalla|paivall|paivisin|paivasta|paiva|paivan|a)|ilalla|ilall|illalla|illal|iltaisin|iltasin|paivalla|paivall|paivisin|puoliltapaivin|puolenpaivan|puol(?:en)?paivan?|lounaa\w+|virka-?aika\w*|tyoajan\s+jalk\w+|toiden\s+jalk\w+"
_HOURWORD = r"(?:yhdelta|yhelta|kahdelta|kahelta|kaheltatoista|kolmelta|neljalta|viidelta|viielta|kuudelta|kuuelta|seitsemalta|seittemalta|kahdeksalta|kaheksalta|yhdeksalta|yheksalta|kymmenelta|kympilta|kybalta|yhdeltatoista|yheltatoista|kahdeltatoista|puol(?:i)?\s\w+lta|puol\s?\w+n|kasilta|ysilta|kolmen|neljan|kahden|kahen|kymmenen|kympin|yhdeksan|kahdeksan|yhdentoista|kahdentoista|puoli\s\w+)"
_CLOCK = (
    r"(?:k(?:e)?l(?:lo)?\.?o?\.?\s?(?:\d{1,2}(?:[.:]\d\d)?|"
    + _HOURWORD
    + r")|\d{1,2}[.:]\d\d|\d{1,2}\s?(?=-\s?\d{1,2}\b)|"
    + _HOURWORD
    + r"(?=\s(?:jalk|aikoih|maissa|aikaan|mais|pint|ja\s|va|ti))|\w+lta(?<=[nskm]elta|.alta|pilta|silta))"
    r"(?:\s?(?:-|–|ja|ja\s+klo|viiva)\s?(?:k(?:el)?lo\s?)?(?:\d{1,2}(?:[.:]\d\d)?|"
    + _HOURWORD
    + r"))?(?:\s?(?:valil\w*|valis\w*|jalkeen|jalkee|jalkeenkin|aikaan|aikoihin|aikoih|maissa|mais|pintaan|mennessa|asti|alkaen|eteenpain))*"
)
_HOURS_ONLY = re.compile(_HOURWORD + r"|\d")
_TIME = re.compile(
    rf"(?<!\w)(?:{_DAY}|{_PART}|{_CLOCK})(?:(?:\s*,)?\s+(?:(?:tai|ja|ennen|noin|joskus|vasta|mielu\w*|n\.|heti|siina|jotain|viimeistaan)\s+)*(?:{_DAY}|{_PART}|{_CLOCK}|jalkeen|aikaan|maissa))*"
)
_ABOUT_CALLING = re.compile(
    r"soit(?:ta|to|a|el|it)|soita|takaisinsoit|yhteyt|tavoit|tavata|tapaa|\baika\b|\bajan\b|\baikaa\b|kavis|kay\b|sopii|sopis|varaa|vapaa|puhelin|puhelu|vastaa|kasil|paasen|ehdin|ehtis|jouda|kerkee"
)


def phone_number(text: str) -> str | None:
    """A phone number in E.164 ("+358401234567"), or None where the digits are none; 0 stands for Finland."""
    digits = re.sub(r"[^\d+]", "", text)
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = "+358" + digits[1:]
    if digits.startswith("+3580"):
        digits = "+358" + digits[5:]
    return digits if re.fullmatch(r"\+[1-9]\d{6,14}", digits) else None


def find_contacts(text: str) -> list[Span]:
    """Phone numbers and e-mail addresses in a readable text."""
    found = []
    for match in _PHONE.finditer(text):
        number = phone_number(match.group())
        if number is not None and not re.fullmatch(r"0\d?\.\d{1,2}\.\d{4}", match.group()):
            found.append(Span(match.start(), match.end(), "phone_number", number))
    for match in _EMAIL.finditer(text):
        address = re.sub(r"\s?(?:\(at\.?\)|\[at\]|\(a\)| at| miukumauku | kissanhanta )\s?", "@", match.group())
        address = re.sub(r"\s?(?:\.| piste )\s?", ".", address).replace(" ", "")
        if re.fullmatch(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}", address):
            found.append(Span(match.start(), match.end(), "email", address))
    return found


def find_callback_time(text: str, original: str, *, asked: bool = False) -> list[Span]:
    """The first time for a call, in the writer's own words.

    Args:
        text: the readable text.
        original: the text itself, which the value is taken from.
        asked: a time or the contact details were just asked; otherwise the text must speak of calling.
    """
    if not asked and not _ABOUT_CALLING.search(text):
        return []
    match = _TIME.search(text)
    if match is None:
        return []
    return [Span(match.start(), match.end(), "callback_time", original[match.start() : match.end()].strip())]
