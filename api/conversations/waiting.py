"""Side questions of a resident who waits for an adviser. Pure.

The dialogue is silent then, and the message goes to the adviser. What the catalogue or a fixed text answers is told at
once all the same, as a notice, so that nobody waits for an adviser to learn what a service is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from api.engine.client import Understood
from api.texts import say
from catalogue.answers import AnswerKind, service_answer
from catalogue.models import Catalogue

LEAST_CONFIDENCE = 0.6
"""Below this a message is the adviser's alone: a wrong answer in between is worse than none."""

ABOUT_SERVICES: Mapping[str, AnswerKind] = {
    "ask_service": "what",
    "ask_eligibility": "for_whom",
    "ask_how_to_apply": "how_to_apply",
    "ask_contact": "contact",
    "ask_benefits": "money",
}
FIXED = frozenset({"ask_privacy", "bot_challenge", "ask_capabilities"})


def answer(heard: Understood, catalogue: Catalogue, on: dt.date) -> str | None:
    """The answer to a side question; None for anything else, and for a service that is not named."""
    if heard.confidence < LEAST_CONFIDENCE:
        return None
    if heard.intent in FIXED:
        return say("waiting.answer", answer=say(f"waiting.{heard.intent}"))
    kind = ABOUT_SERVICES.get(heard.intent)
    service = next((s for s in catalogue.services if s.id in heard.services), None)
    if kind is None or service is None:
        return None
    return say("waiting.answer", answer=service_answer(service, kind, on, catalogue))
