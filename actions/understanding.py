"""From one message to the answers that it gives: to the question asked, and to others that it volunteers.

Pure functions. Rasa says what the intent and the entities are; what they mean for a question of the contract is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from actions.labels import value_label
from actions.questions import BARRIERS, SKIPPED, questions
from actions.state import Value
from actions.turn import Turn

POLARITY = {"affirm": "yes", "deny": "no", "unsure": "unsure"}

# What a statement says of a question, whichever question was asked.
STATEMENT_FACTS: Mapping[str, Mapping[str, Value]] = {
    "inform_wants_work": {"wants_work": "yes"},
    "inform_not_motivated": {"wants_work": "no"},
    "inform_able_to_work": {"feels_able_to_work": "yes"},
    "inform_health_limits": {"feels_able_to_work": "no"},
    "inform_life_situation": {"life_situation_allows_work": "no"},
    "inform_life_in_order": {"life_situation_allows_work": "yes"},
    "inform_skills": {"has_usable_skills": "yes"},
    "inform_lacks_skills": {"has_usable_skills": "no"},
}

# The same statement said as an answer to a question of its own subject.
STATEMENT_ANSWERS: Mapping[tuple[str, str], Value] = {
    ("open_labour_market_goal", "inform_wants_work"): "yes",
    ("open_labour_market_goal", "inform_not_motivated"): "no",
    ("open_labour_market_goal", "inform_wants_study"): "no",
    ("open_labour_market_goal", "inform_wants_participation"): "no",
    ("feels_able_to_work", "inform_not_motivated"): "no",
    ("life_situation_allows_work", "inform_not_motivated"): "no",
    ("wants_work", "inform_wants_study"): "unsure",
    ("wants_work", "inform_wants_participation"): "unsure",
    ("wants_work", "inform_able_to_work"): "yes",
    ("has_working_life_habits", "inform_skills"): "yes",
    ("has_working_life_habits", "inform_able_to_work"): "yes",
    ("has_working_life_habits", "inform_lacks_skills"): "no",
    ("has_working_life_habits", "inform_health_limits"): "no",
    ("has_working_life_habits", "inform_life_in_order"): "yes",
    ("has_usable_skills", "inform_wants_study"): "no",
    ("life_situation_allows_work", "inform_wants_work"): "yes",
    ("life_situation_allows_work", "inform_able_to_work"): "yes",
    ("life_situation_allows_work", "inform_health_limits"): "unsure",
    ("feels_able_to_work", "inform_wants_work"): "yes",
}

# Statements that are as good as "no barrier" or "none" to a question about an amount.
NOTHING = {
    "unemployed_months": 0,
    "labour_market_subsidy_days": 0,
}

SECOND_MEANING = 0.12
"""Likelihood from which a statement counts beside background facts, if it is also twice as likely as the next one."""

BETWEEN_MEANINGS = 0.2
"""Likelihood from which a meaning counts as one of two that a message is between."""

# Told in answer to "what makes it hard", these are a hindrance even without a name.
HINDRANCES = frozenset(
    "inform_life_situation inform_health_limits inform_lacks_skills inform_not_motivated "
    "inform_wants_participation".split()
)

INTEGERS = ("age", "unemployed_months", "labour_market_subsidy_days", "work_ability_score")


def button_answers(turn: Turn) -> dict[str, Value]:
    """The answers that a button carries; anything that the contract does not allow is left out."""
    found: dict[str, Value] = {}
    for entity in turn.entities:
        question = questions().get(entity.name)
        if question is None:
            continue
        value = entity.value
        if question.kind == "barriers" and isinstance(value, str) and value != SKIPPED:
            value = [value]
        if question.accepts(value):
            found[entity.name] = value
    return found


def volunteered(turn: Turn) -> dict[str, Value]:
    """Answers that the message gives by itself, to whichever question."""
    found: dict[str, Value] = {}
    for name in INTEGERS:
        value = turn.entity(name)
        if isinstance(value, int) and questions()[name].accepts(value):
            found[name] = value
    municipality = turn.entity("municipality")
    if isinstance(municipality, str):
        found["municipality"] = municipality
    barriers = _barriers(turn)
    if barriers and turn.intent == "inform_life_situation":
        found["life_situation_barriers"] = barriers
    of_habits = turn.state.awaiting == "has_working_life_habits"
    if not (of_habits and turn.intent in ("inform_skills", "inform_lacks_skills")):
        # Asked about working hours, "en herää aamulla" says nothing of a trade.
        found.update(STATEMENT_FACTS.get(_statement(turn), {}))
    return found


def _statement(turn: Turn) -> str:
    """The statement that the message makes. Beside its age and home town a message often says one thing more."""
    if turn.intent != "inform_background":
        return turn.intent
    others = [(name, share) for name, share in turn.ranking if name in STATEMENT_FACTS]
    shares = [share for _, share in others] + [0.0, 0.0]
    clear = shares[0] >= SECOND_MEANING and shares[0] >= 2 * shares[1]
    return others[0][0] if clear else turn.intent


def answer_to(question_id: str, turn: Turn) -> Value | None:
    """What the message answers to ``question_id``, the question that was asked; None when it is no answer to it."""
    kind = questions()[question_id].kind
    return _BY_KIND[kind](question_id, turn)


def _yes_no(question_id: str, turn: Turn) -> Value | None:
    if turn.intent in POLARITY:
        return POLARITY[turn.intent]
    specific = STATEMENT_ANSWERS.get((question_id, turn.intent))
    if specific is not None:
        return specific
    fact = _fact(turn.intent, question_id)
    if fact is None and turn.intent.startswith("inform_"):
        # "Kyllä, käyn työtoiminnassa": the first word answers, the rest tells more.
        opening = _OPENING.match(turn.text.casefold())
        return None if opening is None else "no" if opening[1].startswith("ei") else "yes"
    return fact


def agreed_meaning(question_id: str, turn: Turn) -> str | None:
    """For a message between two meanings: the likelier one, if both give the question the same answer; else None.

    "En todellakaan jaksa" may be a no or tell of health; asked whether one is able to work it is the same.
    """
    if questions()[question_id].kind != "yes_no":
        return None
    likely = [name for name, share in turn.ranking if name != "nlu_fallback" and share >= BETWEEN_MEANINGS][:2]
    answers = {POLARITY.get(n) or STATEMENT_ANSWERS.get((question_id, n)) or _fact(n, question_id) for n in likely}
    return likely[0] if len(likely) == 2 and len(answers) == 1 and None not in answers else None


def _fact(intent: str, question_id: str) -> Value | None:
    return STATEMENT_FACTS.get(intent, {}).get(question_id)


_OPENING = re.compile(r"\s*(kyllä|joo|juu|jep|ei|eipä)\b")


def _integer(question_id: str, turn: Turn) -> Value | None:
    question = questions()[question_id]
    for name in (question_id, "number"):
        value = turn.entity(name)
        if isinstance(value, int) and question.accepts(value):
            return value
    if turn.intent == "deny" and question_id in NOTHING:
        return NOTHING[question_id]
    return None


def _barriers(turn: Turn) -> list[str]:
    told = {e.value for e in turn.entities if e.name == "barrier"}
    if turn.state.awaiting == "life_situation_barriers":
        # What the buttons say, written instead of pressed.
        words = turn.text.casefold().replace(",", " ").split()
        told |= {name for name in BARRIERS if value_label("life_situation_barriers", [name]) in words}
    return [name for name in BARRIERS if name in told]


def names_barriers(turn: Turn) -> bool:
    """Whether the message names something that makes working hard."""
    return bool(_barriers(turn))


def _barrier_answer(_question_id: str, turn: Turn) -> Value | None:
    found = _barriers(turn)
    if found:
        return found
    # What is said in answer to "what makes it hard" is a hindrance even if we have no name for it.
    said_something = turn.intent in HINDRANCES
    return ["other"] if said_something else None


def _municipality(_question_id: str, turn: Turn) -> Value | None:
    value = turn.entity("municipality")
    return value if isinstance(value, str) else None


# Every reader takes the question it reads for, though not all differ by it.
_BY_KIND: Mapping[str, Callable[[str, Turn], Value | None]] = {
    "yes_no": _yes_no,
    "integer": _integer,
    "barriers": _barrier_answer,
    "municipality": _municipality,
}


def number_out_of_range(question_id: str, turn: Turn) -> int | None:
    """A number that was given but that the question cannot take, or None."""
    question = questions()[question_id]
    if question.kind != "integer":
        return None
    value = turn.entity(question_id)
    if value is None:
        value = turn.entity("number")
    return value if isinstance(value, int) and not question.accepts(value) else None


_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    "the is are you your what how help with work job need want can speak english hello please and not".split()
)
_SWEDISH = frozenset(
    "jag är inte och hej hur vad kan du på svenska arbete jobb hjälp behöver vill talar tack med".split()
)


def other_language(text: str) -> str | None:
    """``"en"`` or ``"sv"`` for a message that is plainly in English or Swedish, else None."""
    words = [word.lower() for word in _WORD.findall(text)]
    if len(words) < 3:
        return None
    shares = {
        language: sum(word in vocabulary for word in words) / len(words)
        for language, vocabulary in (("en", _ENGLISH), ("sv", _SWEDISH))
    }
    best = max(shares, key=lambda language: shares[language])
    return best if shares[best] >= 0.4 else None
