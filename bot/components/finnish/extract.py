"""Everything that a text tells besides its intent: docs/architecture.md has the table of entities."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.components.finnish.ages import find_ages
from bot.components.finnish.amounts import SUBSIDY, find_amounts
from bot.components.finnish.barriers import find_barriers
from bot.components.finnish.contacts import find_callback_time, find_contacts
from bot.components.finnish.municipalities import Municipalities
from bot.components.finnish.questions import find_questions
from bot.components.finnish.services import ServiceNames
from bot.components.finnish.spans import Span, readable, without_overlaps

_CONTACT_QUESTIONS = frozenset({"callback_time", "handoff_contact"})
_LONGEST = 4000


@dataclass(frozen=True)
class Extractor:
    """Finds entities by rules, with names from the catalogue.

    Attributes:
        municipalities: the places that are told apart.
        services: the names of the services.
    """

    municipalities: Municipalities
    services: ServiceNames

    def find(self, text: str, *, today: date, awaiting: str | None = None) -> list[Span]:
        """The entities of a text, in its order, none on top of another.

        Args:
            text: as it was written; what comes after 4,000 characters is not read.
            today: the day against which ages and lengths of time are counted.
            awaiting: the question that waits for an answer: it gives a bare number its meaning.
        """
        text = text[:_LONGEST]
        plain = readable(text)
        found = find_contacts(plain)
        asked_time = awaiting in _CONTACT_QUESTIONS
        times = find_callback_time(_blank(plain, found), text, asked=asked_time)
        found += times
        places = self.municipalities.find(plain, text, asked=awaiting == "municipality")
        # A place stands between what is about the age and what follows: "23v Lahesta ollu työttömänä vuoden".
        found += find_ages(_blank(_blank(plain, places, mark=","), found), today, asked=awaiting == "age")[:1]
        found += find_amounts(_blank(plain, found, keep="age"), today, awaiting, found)
        found += places
        found += find_questions(plain)
        # "300 päivää työmarkkinatukea" tells the days; it does not ask about the benefit.
        days = any(span.entity == "labour_market_subsidy_days" for span in found)
        found += self.services.find(_blank_pattern(plain, SUBSIDY) if days else plain)
        asked_barriers = awaiting == "life_situation_barriers"
        barriers = find_barriers(plain, awaiting)
        return without_overlaps([*barriers, *found] if asked_barriers else [*found, *barriers])


def _blank_pattern(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda match: " " * len(match.group()), text)


def _blank(text: str, spans: list[Span], keep: str = "", mark: str = " ") -> str:
    """The text with what was found blanked out, so that its digits are not read again."""
    for span in spans:
        if span.entity != keep:
            text = text[: span.start] + mark * (span.end - span.start) + text[span.end :]
    return text
