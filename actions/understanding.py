"""From one message to the answers that it gives: to the question asked, and to others that it volunteers.

Pure functions. Rasa says what the intent and the entities are; what they mean for a question of the contract is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from actions.labels import value_label
from actions.phrases import says
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

CLAUSE_MEANING = 0.6
"""Confidence from which what a part of a message says counts beside the meaning of the whole."""

BETWEEN_MEANINGS = 0.2
"""Likelihood from which a meaning counts as one of two that a message is between."""

# Told in answer to "what makes it hard", these are a hindrance even without a name.
HINDRANCES = frozenset(
    "inform_life_situation inform_health_limits inform_lacks_skills inform_not_motivated "
    "inform_wants_participation".split()
)

LIFE_QUESTIONS = ("life_situation_allows_work", "life_situation_barriers")
"""Questions in answer to which a bare word names what makes work hard."""
NAMED_BARRIERS = ("family", "housing", "money")

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
    barriers = told_barriers(turn)
    statements = _statements(turn)
    if barriers and "inform_life_situation" in statements:
        found["life_situation_barriers"] = barriers
    found.update(_facts(turn, statements))
    return found


def _facts(turn: Turn, statements: list[str]) -> dict[str, Value]:
    """What the statements say. Where two of one message say opposite things of a question, it is still to be asked."""
    if turn.state.awaiting == "life_situation_barriers" and denies_order(turn):
        statements = [name for name in statements if name != "inform_life_in_order"]
    if turn.state.awaiting == "has_working_life_habits":
        # Asked about working hours, "en herää aamulla" says nothing of a trade.
        statements = [name for name in statements if name not in ("inform_skills", "inform_lacks_skills")]
    told: dict[str, set[str]] = {}
    for statement in statements:
        for question_id, value in STATEMENT_FACTS.get(statement, {}).items():
            told.setdefault(question_id, set()).add("unsure" if hedges(question_id, turn) else str(value))
    return {question_id: values.pop() for question_id, values in told.items() if len(values) == 1}


def _statements(turn: Turn) -> list[str]:
    """The statements that the message makes: one a part, where it has parts, and that of the whole."""
    of_parts = [name for name in _sure_parts(turn) if name in STATEMENT_FACTS]
    whole = _statement(turn)
    agrees = not any(_opposite(whole, part) for part in of_parts)
    return list(dict.fromkeys([*([whole] if agrees else []), *of_parts]))


def _opposite(one: str, other: str) -> bool:
    """Whether two statements answer the same question differently."""
    first, second = STATEMENT_FACTS.get(one, {}), STATEMENT_FACTS.get(other, {})
    return any(question_id in second and second[question_id] != value for question_id, value in first.items())


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
    value = _definite(question_id, turn)
    # "Haluaisin mutta" says that there is more to it, "kai mä joo" that it is not sure.
    open_ended = says("trails_off", turn.text) or hedges(question_id, turn)
    return "unsure" if value in ("yes", "no") and open_ended else value


def hedges(question_id: str, turn: Turn) -> bool:
    """Whether what the message says of a question is hedged: "haluisin kai töihin". Its other parts are not read."""
    parts = [clause.text for clause in turn.clauses if _bears_on(question_id, clause.intent)] or [turn.text]
    return any(says("hedged", part) and not says("means_it", part) for part in parts)


def _bears_on(question_id: str, intent: str) -> bool:
    """Whether an intent may answer a yes-or-no question."""
    return (
        intent in POLARITY
        or (question_id, intent) in STATEMENT_ANSWERS
        or question_id in STATEMENT_FACTS.get(intent, {})
    )


def _definite(question_id: str, turn: Turn) -> Value | None:
    if turn.intent in POLARITY:
        return POLARITY[turn.intent]
    stated = _stated_in_parts(question_id, turn)
    if len(stated) > 1:
        return "unsure"
    specific = STATEMENT_ANSWERS.get((question_id, turn.intent))
    if specific is not None:
        return specific
    fact = _fact(turn.intent, question_id) or next(iter(stated), None) or _said_in_parts(turn)
    if fact is None and turn.intent.startswith("inform_"):
        return _opening_of_statement(question_id, turn.text)
    return fact


def _opening_of_statement(question_id: str, text: str) -> str | None:
    """What the first word of a statement answers: "kyllä, käyn työtoiminnassa". "En pysty" negates but its own verb.

    Of working hours whatever is negated is a no: "en saa itseäni ylös".
    """
    begins = opening(text)
    answers = begins != "no" or question_id == "has_working_life_habits" or says("no_and_more", text)
    return begins if answers else None


def opening(text: str) -> str | None:
    """``yes`` or ``no`` where the text begins with it, else None."""
    return "yes" if says("opens_yes", text) else "no" if says("opens_no", text) else None


def _likely(turn: Turn) -> list[str]:
    """The two likeliest meanings, as far as they are likely at all."""
    return [name for name, share in turn.ranking if name != "nlu_fallback" and share >= BETWEEN_MEANINGS][:2]


def between_yes_and_no(turn: Turn) -> bool:
    """Whether only a yes, a no or "not sure" can be meant, and it is not clear which."""
    likely = _likely(turn)
    return bool(likely) and set(likely) <= set(POLARITY)


def _hinders(intent: str, turn: Turn) -> bool:
    """Whether the message, if it means this, tells of something that makes life hard."""
    return intent in HINDRANCES or (intent == "inform_life_in_order" and _negates(turn))


ASKS_FOR_PERSON = ("request_human", "request_callback")


def meaning_between(question_id: str | None, turn: Turn) -> str | None:
    """What a message that was not understood may be taken for, by its two likeliest meanings; None for nothing.

    A person is never withheld: "joo haluan jutella jonkun kanssa" lies between a yes and the wish. "Kyllä, käyn
    työtoiminnassa" begins with its answer. "Haluaisin kyllä mutta" leaves it open: an answer too. Where a number
    is asked, what sounds unsure and has none is unsure.
    """
    likely = _likely(turn)
    wish = next((name for name in likely if name in ASKS_FOR_PERSON), None)
    if wish is not None or question_id is None:
        return wish
    agreed = agreed_meaning(question_id, turn)
    if agreed is not None:
        return agreed
    kind = questions()[question_id].kind
    if says("understands_not", turn.text):
        return "explain_question"
    if kind == "barriers" and likely and all(_hinders(name, turn) for name in likely):
        return "inform_life_situation"
    begins = {"yes": "affirm", "no": "deny"}.get(opening(turn.text) or "") if kind == "yes_no" else None
    tells = all(name in POLARITY or name.startswith("inform_") for name in likely)
    open_ended = says("trails_off", turn.text) or ("unsure" in likely and says("weighs", turn.text))
    if kind == "yes_no" and likely and tells and open_ended:
        return "unsure"
    if begins is not None and tells and (begins in likely or between_yes_and_no(turn)):
        return begins
    return "unsure" if kind == "integer" and likely[:1] == ["unsure"] and not volunteered(turn) else None


def wish_for_person(turn: Turn) -> str | None:
    """The wish for a person in a part of the message, which anger beside it must not drown; else None."""
    return next((name for name in _sure_parts(turn) if name in ASKS_FOR_PERSON), None)


def _sure_parts(turn: Turn) -> list[str]:
    return [clause.intent for clause in turn.clauses if clause.confidence >= CLAUSE_MEANING]


def _stated_in_parts(question_id: str, turn: Turn) -> set[Value]:
    """What the sure parts of the message state of the question: nothing, one answer, or answers that contradict."""
    facts = (_fact(name, question_id) for name in _sure_parts(turn))
    return {fact for fact in facts if isinstance(fact, str)}


def _said_in_parts(turn: Turn) -> Value | None:
    """The plain yes, no or "not sure" of a sure part, where there is but one."""
    said = {POLARITY[name] for name in _sure_parts(turn) if name in POLARITY}
    return said.pop() if len(said) == 1 else None


def agreed_meaning(question_id: str, turn: Turn) -> str | None:
    """For a message between two meanings: the likelier one, if both give the question the same answer; else None.

    "En todellakaan jaksa" may be a no or tell of health; asked whether one is able to work it is the same.
    """
    if questions()[question_id].kind != "yes_no":
        return None
    likely = _likely(turn)
    answers = {POLARITY.get(n) or STATEMENT_ANSWERS.get((question_id, n)) or _fact(n, question_id) for n in likely}
    return likely[0] if len(likely) == 2 and len(answers) == 1 and None not in answers else None


def _fact(intent: str, question_id: str) -> Value | None:
    return STATEMENT_FACTS.get(intent, {}).get(question_id)


def _integer(question_id: str, turn: Turn) -> Value | None:
    question = questions()[question_id]
    for name in (question_id, "number"):
        value = turn.entity(name)
        if isinstance(value, int) and question.accepts(value):
            return value
    if turn.intent == "deny" and question_id in NOTHING:
        return NOTHING[question_id]
    return None


def answers_besides(turn: Turn) -> Value | None:
    """The yes or no with which a message begins that then asks for something else: "joo mutta tarviin apua"."""
    first = turn.clauses[0] if turn.clauses else None
    if first is None or first.confidence < CLAUSE_MEANING:
        return None
    return POLARITY.get(first.intent)


def tells_score(turn: Turn) -> bool:
    """Whether the message gives a number for one's ability to work, and is no question about it."""
    return turn.entity("work_ability_score") is not None and not says("asks", turn.text)


def denies_order(turn: Turn) -> bool:
    """Whether a message about life being in order is really about the contrary: "arki ei vaan suju"."""
    return turn.intent == "inform_life_in_order" and _negates(turn)


def _negates(turn: Turn) -> bool:
    return bool(re.search(r"\bei\b", turn.text.casefold()))


def denies_with_reasons(turn: Turn) -> bool:
    """Whether a bare no to the life situation names what hinders, though it sounds in order: "ei, lapset ja velat"."""
    return (
        turn.state.awaiting == "life_situation_allows_work"
        and turn.intent == "inform_life_in_order"
        and says("opens_no_with_reasons", turn.text)
        and bool(told_barriers(turn))
    )


def told_barriers(turn: Turn) -> list[str]:
    """What the message says to make life hard, in the order of the contract."""
    told = {e.value for e in turn.entities if e.name == "barrier"}
    if turn.state.awaiting == "life_situation_barriers":
        # What the buttons say, written instead of pressed.
        words = turn.text.casefold().replace(",", " ").split()
        told |= {name for name in BARRIERS if value_label("life_situation_barriers", [name]) in words}
    if turn.state.awaiting in LIFE_QUESTIONS and not says("asks", turn.text):
        told |= {name for name in NAMED_BARRIERS if says(f"hindered_by_{name}", turn.text)}
    return [name for name in BARRIERS if name in told]


def _barrier_answer(_question_id: str, turn: Turn) -> Value | None:
    found = told_barriers(turn)
    if found:
        return found
    # What is said in answer to "what makes it hard" is a hindrance even if we have no name for it.
    said_something = turn.intent in HINDRANCES or denies_order(turn)
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
