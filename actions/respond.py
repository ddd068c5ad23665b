"""Which handler answers a message: first safety, then what is awaited, then the intent."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from actions import conversation, feedback, people, privacy, rejection, safety, services
from actions.phrases import says
from actions.questions import next_question, questions
from actions.self_check import answers, explaining, steering
from actions.self_check.asking import go_on
from actions.self_check.not_understood import not_understood
from actions.self_check.recording import record
from actions.state import Said
from actions.turn import Handler, Turn
from actions.understanding import (
    answers_besides,
    denies_with_reasons,
    meaning_between,
    tells_score,
    told_barriers,
    volunteered,
    wish_for_person,
)

HANDLERS: Mapping[str, Handler] = {
    **conversation.HANDLERS,
    **answers.HANDLERS,
    **steering.HANDLERS,
    **explaining.HANDLERS,
    **services.HANDLERS,
    **rejection.HANDLERS,
    **people.HANDLERS,
    **privacy.HANDLERS,
    **safety.HANDLERS,
}

# What takes the message first while something besides a question of the self-check is awaited.
AWAITED: Mapping[str, Callable[[Turn], bool | Awaitable[bool]]] = {
    "handoff_consent": people.handoff_consent,
    "handoff_contact": people.handoff_contact,
    "callback_time": people.callback_time,
    "confirm_erasure": privacy.confirm_erasure,
    "resume_or_restart": steering.resume_or_restart,
}

SCORE_ANSWERS = ("feels_able_to_work", "work_ability_score")
"""Questions that a number for one's ability to work answers."""

BARE_WORDS = 2
"""A message of at most so many words with the number asked for is that number."""

OFFERS_PERSON = (
    "utter_not_understood_offer_person",
    "utter_despair",
    "utter_complaint",
    "utter_complaint_again",
    "utter_handoff_failed",
    "utter_handoff_failed_again",
)
"""Responses that offer a person, or to ask for one again, in place of the open question."""

# A bare yes or no answers what was offered last, not the question that was open before the offer.
OFFERED: Mapping[str, Mapping[str, Handler]] = {
    "utter_help_person_now": {"affirm": people.request_human, "deny": safety.continue_after_help},
    **{response: {"affirm": people.request_human, "deny": go_on} for response in OFFERS_PERSON},
    "utter_did_you_mean": {"affirm": conversation.one_of_these, "deny": conversation.none_of_these},
}


# What takes the message first when it was invited but need not come, also by a button of an earlier message.
INVITED: Mapping[str, Callable[[Turn], bool]] = {
    "reject_reason": rejection.take_reason,
    "feedback": feedback.take,
    "feedback_text": feedback.take_text,
}

# Said after an invitation to write, these are what they are and not what was invited.
NOT_INVITED = frozenset(
    {
        *safety.HANDLERS, *people.HANDLERS, *privacy.HANDLERS, *services.HANDLERS, *steering.HANDLERS,
        *explaining.HANDLERS, "greet", "bot_challenge", "ask_capabilities",
    }
    - {"skip_question", "stop"}
)  # fmt: skip

# Understood in any language, and more than a language: help, a person, or a contact that may look foreign.
IN_ANY_LANGUAGE = frozenset({*safety.HANDLERS, *people.HANDLERS, "delete_my_data"})

SAYS_NOTHING_YET = frozenset({"resume_conversation", "greet", "start_self_check", "nlu_fallback", "out_of_scope"})
"""Meanings after which, when they come after a long silence, the way on is offered."""

UNASKED_REPEAT = frozenset({"repeat", "crisis", "danger"})
"""Meanings after which the same words may come again."""


async def respond(turn: Turn) -> None:
    """Answer the message: changes ``turn.state`` and fills ``turn.messages``, which is never left empty."""
    turn.state.command = None
    failures = turn.state.failures
    if turn.away and turn.intent not in safety.HANDLERS:
        await _after_silence(turn)
    else:
        await _answer(turn)
    # Starting over puts a new state into the turn.
    if turn.state.failures <= failures:
        turn.state.failures = 0
    if not turn.messages:
        not_understood(turn)
    _not_word_for_word(turn)
    turn.remember_said()


async def _after_silence(turn: Turn) -> None:
    """The first message after a long silence: what it says counts; what says nothing is met with the way on."""
    if turn.intent in SAYS_NOTHING_YET and not volunteered(turn):
        steering.welcome_back(turn)
        return
    turn.say("utter_hello_again")
    await _answer(turn)


async def _answer(turn: Turn) -> None:
    state = turn.state
    offered = _offered(turn)
    invited, state.invited = state.invited, None
    foreign = turn.intent not in IN_ANY_LANGUAGE and state.awaiting not in people.OPEN_STEPS
    taken = foreign and conversation.foreign_language(turn)
    if not taken and turn.intent not in safety.HANDLERS:
        taken = _taken_by_invited(turn, invited)
    if not taken and offered is None and turn.intent not in safety.HANDLERS:
        taken = await _taken_by_awaited(turn)
    if taken:
        return
    handler = offered or _handler(turn)
    done = handler(turn)
    if inspect.isawaitable(done):
        await done


def _handler(turn: Turn) -> Handler:
    """What answers the message, by what it means where it was said."""
    state = turn.state
    if turn.intent in safety.HANDLERS:
        return HANDLERS[turn.intent]
    if rejection.says_no_to_service(turn):
        return rejection.reject
    if services.asks_for_more(turn):
        return services.more
    if says("only_angry_signs", turn.text):
        turn.intent = "complain"
    if turn.intent == "complain":
        turn.intent = wish_for_person(turn) or "complain"
    if _refuses_what_is_asked(turn):
        turn.intent = "deny"
    if denies_with_reasons(turn):
        turn.intent = "inform_life_situation"
    if _lacks_the_number(turn):
        turn.intent = "unsure"
    if _bare_fact(turn):
        # What the word alone sounded like is no second meaning either.
        turn.intent, turn.ranking = "inform_background", ()
    elif turn.intent == "nlu_fallback":
        awaiting = state.awaiting if state.awaiting in questions() else None
        meant = meaning_between(awaiting, turn)
        if meant is not None:
            turn.intent = meant
        elif volunteered(turn):
            # What was told counts, also where the message as a whole was not understood.
            turn.intent = "inform_background"
    elif turn.intent in answers.HANDLERS and steering.puts_right(turn):
        return steering.correct
    elif turn.intent in explaining.HANDLERS and state.awaiting in SCORE_ANSWERS and tells_score(turn):
        turn.intent = "inform_background"
    elif turn.intent in services.HANDLERS:
        _answer_before(turn)
    return HANDLERS.get(turn.intent, not_understood)


def _lacks_the_number(turn: Turn) -> bool:
    """Whether the number that is asked is not known or remembered. That is not "none", though it sounds like a no."""
    awaiting = turn.state.awaiting or ""
    question = questions().get(awaiting)
    if question is None or question.kind != "integer" or not says("knows_not", turn.text):
        return False
    if turn.entity(awaiting) is not None or turn.entity("number") is not None:
        return False
    return turn.intent in answers.HANDLERS or turn.intent in ("complain", "out_of_scope", "nlu_fallback")


def _refuses_what_is_asked(turn: Turn) -> bool:
    """Whether what sounded like a no to some service is a no to the question: "ei kiinnosta yhtään"."""
    question = questions().get(turn.state.awaiting or "")
    asked = question is not None and question.kind == "yes_no" and not turn.is_button
    return asked and turn.intent == "reject_service" and not rejection.points_at_service(turn)


def _answer_before(turn: Turn) -> None:
    """Take the yes of "joo mutta mikä on palkkatuki"; the side question is answered then, and the next one asked."""
    state = turn.state
    question = questions().get(state.awaiting or "")
    if turn.is_button or question is None or question.kind != "yes_no":
        return
    value = answers_besides(turn)
    if value is not None and next_question({**state.answers, question.id: value}) is not None:
        record(turn, {question.id: value})
        state.awaiting = next_question(state.answers)


def _taken_by_invited(turn: Turn, invited: str | None) -> bool:
    if turn.is_button:
        named = next((name for name in INVITED if turn.intent == "answer" and turn.entity(name) is not None), None)
        return named is not None and INVITED[named](turn)
    if invited is None or turn.intent in NOT_INVITED:
        return False
    return INVITED[invited](turn)


def _not_word_for_word(turn: Turn) -> None:
    """Say so where the same words come twice running, and how else to get on; nobody is told the same thing blankly."""
    if turn.intent in UNASKED_REPEAT or turn.away:
        return
    said = [Said(response=message.response, params=dict(message.params)) for message in turn.messages]
    if said == turn.state.last:
        asked = turn.state.awaiting in questions()
        turn.say_first("utter_once_more_question" if asked else "utter_once_more")


def _offered(turn: Turn) -> Handler | None:
    """What a bare yes or no means when the last thing said was an offer; None when it was none."""
    if turn.is_button or not turn.state.last:
        return None
    return OFFERED.get(turn.state.last[-1].response, {}).get(turn.intent)


def _bare_fact(turn: Turn) -> bool:
    """Whether the message is little more than the number, place or thing asked for, whatever it sounded like.

    "Nelonen" has no intent of its own that could be told from the word alone.
    """
    question = questions().get(turn.state.awaiting or "")
    if question is None or turn.is_button or turn.intent in safety.HANDLERS or len(turn.text.split()) > BARE_WORDS:
        return False
    if question.kind == "barriers":
        return bool(told_barriers(turn))
    names = ("municipality",) if question.kind == "municipality" else (question.id, "number")
    if question.kind not in ("integer", "municipality"):
        return False
    return any(question.accepts(value) for name in names if (value := turn.entity(name)) is not None)


async def _taken_by_awaited(turn: Turn) -> bool:
    awaiting = turn.state.awaiting
    if awaiting is None or awaiting in questions():
        return False
    if turn.is_button and turn.intent == "answer" and turn.entity(awaiting) is None:
        # A button of an earlier message: it answers its own question, whatever is awaited now.
        return False
    if turn.is_button and turn.intent != "answer":
        return False
    taker = AWAITED.get(awaiting)
    if taker is None:
        return False
    taken = taker(turn)
    return await taken if inspect.isawaitable(taken) else bool(taken)
