"""Which handler answers a message: first safety, then what is awaited, then the intent."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from actions import conversation, people, privacy, safety, self_check, services
from actions.questions import questions
from actions.turn import Handler, Turn
from actions.understanding import agreed_meaning, names_barriers, volunteered

HANDLERS: Mapping[str, Handler] = {
    **conversation.HANDLERS,
    **self_check.HANDLERS,
    **services.HANDLERS,
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
    "resume_or_restart": self_check.resume_or_restart,
}

BARE_WORDS = 2
"""A message of at most so many words with the number asked for is that number."""

UNDERSTOOD_NOTHING = frozenset({"nlu_fallback", "out_of_scope"})

# A bare yes or no answers what was offered last, not the question that was open before the offer.
OFFERED: Mapping[str, Mapping[str, Handler]] = {
    "utter_help_person_now": {"affirm": people.request_human, "deny": safety.continue_after_help},
    "utter_not_understood_offer_person": {"affirm": people.request_human},
    "utter_did_you_mean": {"deny": conversation.none_of_these},
}


# Understood in any language, and more than a language: help, a person, or a contact that may look foreign.
IN_ANY_LANGUAGE = frozenset({*safety.HANDLERS, *people.HANDLERS, "delete_my_data"})


async def respond(turn: Turn) -> None:
    """Answer the message: changes ``turn.state`` and fills ``turn.messages``, which is never left empty."""
    state = turn.state
    state.command = None
    offered = _offered(turn)
    foreign = turn.intent not in IN_ANY_LANGUAGE and state.awaiting not in people.OPEN_STEPS
    taken = foreign and conversation.foreign_language(turn)
    if not taken and offered is None and turn.intent not in safety.HANDLERS:
        taken = await _taken_by_awaited(turn)
    if not taken:
        if _bare_fact(turn):
            # What the word alone sounded like is no second meaning either.
            turn.intent, turn.ranking = "inform_background", ()
        elif turn.intent == "nlu_fallback":
            awaiting = state.awaiting if state.awaiting in questions() else None
            agreed = agreed_meaning(awaiting, turn) if awaiting is not None else None
            if agreed is not None:
                turn.intent = agreed
            elif volunteered(turn):
                # What was told counts, also where the message as a whole was not understood.
                turn.intent = "inform_background"
        handler = offered or HANDLERS.get(turn.intent, conversation.not_understood)
        done = handler(turn)
        if inspect.isawaitable(done):
            await done
    if turn.intent not in UNDERSTOOD_NOTHING:
        state.failures = 0
    if not turn.messages:
        conversation.not_understood(turn)
    turn.remember_said()


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
        return names_barriers(turn)
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
