"""Short plain answers about a service, for the chat: what, for whom, how to apply, contact, money, why.

What no source tells is said to be not known, with the way to someone who knows. Nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal

from catalogue.models import Catalogue, Service

AnswerKind = Literal["what", "for_whom", "how_to_apply", "contact", "money", "why"]

OLD_AFTER = dt.timedelta(days=365)
"""Information older than this is shown with its age where it is likely to have changed."""
SENTENCES = 4
"""The most sentences of an answer."""

UNKNOWN = "Tätä en tiedä varmasti."
ASK = "Oma asiantuntijasi työllisyyspalveluissa tai sosiaalihuollon neuvonta osaa kertoa."


def _sentences(text: str) -> list[str]:
    """The text's sentences. A full stop within a date or a number ends none: what follows must be a capital."""
    return re.split(r"(?<=[.?])\s+(?=[A-ZÅÄÖ])", text.strip())


def _short(*parts: str | None) -> str:
    """The parts as one text of at most :data:`SENTENCES` sentences; later ones give way first."""
    sentences = [s for part in parts if part for s in _sentences(part)]
    return " ".join(sentences[:SENTENCES])


def _age_note(service: Service, on: dt.date) -> str | None:
    if on - service.checked_on <= OLD_AFTER:
        return None
    return f"Tieto on vuodelta {service.checked_on.year}, joten tarkista se."


def _ended(service: Service, on: dt.date, catalogue: Catalogue | None) -> str | None:
    """That the service ended, and what is in its place; None for a service that goes on."""
    if service.valid_to is None or on <= service.valid_to:
        return None
    end = service.valid_to
    text = f"{service.name} päättyi {end.day}.{end.month}.{end.year}."
    successor = catalogue.successor(service, on) if catalogue else None
    if successor is not None and successor is not service:
        return f"{text} Sen tilalla on nyt {successor.name}."
    return text


def _contact(service: Service, on: dt.date) -> str:
    known: list[str] = []
    for contact in service.contacts:
        details = [f"puhelin {contact.phone}" if contact.phone else None, contact.email, contact.address, contact.hours]
        if told := ", ".join(d for d in details if d):
            known.append(f"{contact.name}: {told}.")
    link = service.urls[0] if service.urls else None
    if link is not None:
        known.append(f"Verkkosivu on {link.title}, {link.url}.")
    if service.phone is None:
        known.append("Puhelinnumeroa en tiedä varmasti.")
    if link is None and not service.contacts:
        return _short("Yhteystietoja en tiedä varmasti.", ASK)
    # An address holds full stops, so the sentences are not counted here.
    return " ".join([*known, *([note] if (note := _age_note(service, on)) else [])])


def service_answer(
    service: Service,
    kind: AnswerKind,
    on: dt.date | None = None,
    catalogue: Catalogue | None = None,
) -> str:
    """One to four plain Finnish sentences about the service.

    Args:
        service: the service that was asked about.
        kind: what was asked.
        on: the day of the answer (default: today). An ended service is said to have ended.
        catalogue: names the successor of an ended service; without it only the end is told.
    """
    day = on or dt.date.today()
    ended = _ended(service, day, catalogue)
    if ended is not None:
        now = service.how_to_apply if kind in ("how_to_apply", "contact") else service.plain
        return _short(ended, now)
    match kind:
        case "what":
            return _short(service.what, service.how)
        case "for_whom":
            return _short(service.for_whom or f"{UNKNOWN} {ASK}")
        case "how_to_apply":
            referral = {
                True: "Palveluun tarvitaan lähete tai päätös.",
                False: "Lähetettä ei tarvita.",
                None: None if service.how_to_apply else UNKNOWN,
            }[service.referral_required]
            told = service.how_to_apply or ASK
            if referral and re.search(r"lähete|päätö", told, re.IGNORECASE):
                referral = None
            return _short(told, referral, _age_note(service, day))
        case "contact":
            return _contact(service, day)
        case "money":
            return (
                _short(service.money, _age_note(service, day))
                if service.money
                else _short(
                    UNKNOWN,
                    "Lähteemme eivät kerro rahasta tai etuuksista tämän palvelun aikana.",
                    "Kela tai palvelun työntekijä osaa kertoa.",
                )
            )
        case "why":
            return _short(service.why or service.summary)
