"""Greetings, thanks, who are you, what can you do, complaints, and what this service is not for."""

from __future__ import annotations

from actions.labels import intent_label
from actions.questions import questions
from actions.self_check import go_on, not_an_answer, return_to_question
from actions.turn import Button, Handler, Turn
from actions.understanding import other_language

MIN_SHARE_OFFERED = 0.03
"""Likelihood below which a meaning is not worth offering as "did you mean"."""


def start_conversation(turn: Turn) -> None:
    """The greeting: that this is a machine, what is stored, how to reach a person."""
    turn.say("utter_greeting")
    turn.say("utter_greeting_privacy", days=turn.retention_days)
    turn.say("utter_greeting_choices")


def resume_conversation(turn: Turn) -> None:
    """After a person let go of the talk, or after a long pause."""
    turn.say("utter_bot_is_back")
    go_on(turn)


def greet(turn: Turn) -> None:
    """A greeting in return, and the way on."""
    if turn.state.awaiting is None and turn.state.recommendations is None:
        turn.say("utter_greet_back")
    else:
        turn.say("utter_greet_back_short")
        go_on(turn)


def goodbye(turn: Turn) -> None:
    """A farewell; the answers are kept."""
    state = turn.state
    if state.awaiting in questions():
        turn.say("utter_goodbye_unfinished")
        state.running = False
        state.progress = None
        state.awaiting = "resume_or_restart"
    else:
        turn.say("utter_goodbye")


def thank(turn: Turn) -> None:
    """You are welcome."""
    turn.say("utter_welcome")
    go_on(turn)


def bot_challenge(turn: Turn) -> None:
    """A machine, plainly."""
    turn.say("utter_i_am_a_machine")
    go_on(turn)


def capabilities(turn: Turn) -> None:
    """What this service is for."""
    turn.say("utter_simple_capabilities" if turn.state.plain else "utter_capabilities")
    go_on(turn)


def complain(turn: Turn) -> None:
    """Calm, no defence, the offer of a person."""
    said_before = any(said.response == "utter_complaint" for said in turn.state.last)
    turn.say("utter_complaint_again" if said_before else "utter_complaint")
    return_to_question(turn)


def out_of_scope(turn: Turn) -> None:
    """Not for this service: say what it is for."""
    turn.state.failures += 1
    turn.say("utter_out_of_scope" if turn.state.failures % 2 else "utter_out_of_scope_again")
    go_on(turn)


def foreign_language(turn: Turn) -> bool:
    """Answer a message that is plainly in English or Swedish, whatever it was taken for. True when it was one."""
    language = other_language(turn.text)
    if turn.is_button or language is None:
        return False
    turn.say(f"utter_language_{language}")
    return_to_question(turn)
    return True


def not_understood(turn: Turn) -> None:
    """First a rephrasing with buttons, then two or three likely meanings, then a person."""
    state = turn.state
    state.failures += 1
    if state.failures == 1:
        if state.awaiting in questions():
            not_an_answer(turn)
        else:
            turn.say("utter_not_understood_first")
            return_to_question(turn)
    elif state.failures == 2 and (buttons := likely_meanings(turn)):
        turn.say("utter_did_you_mean", buttons=buttons)
    elif state.failures % 2 == 0:
        turn.say("utter_not_understood_offer_person")
    else:
        turn.say("utter_not_understood_again")
        return_to_question(turn)


def likely_meanings(turn: Turn) -> list[Button]:
    """The two or three likeliest meanings as buttons."""
    found: list[Button] = []
    for intent, confidence in turn.ranking:
        label = intent_label(intent)
        if label is not None and confidence >= MIN_SHARE_OFFERED:
            found.append(Button(label, f"/{intent}"))
        if len(found) == 3:
            break
    return [*found, Button("En mitään näistä", "/none_of_these")] if found else []


def none_of_these(turn: Turn) -> None:
    """None of the guesses was right."""
    turn.say("utter_none_of_these")
    return_to_question(turn)


HANDLERS: dict[str, Handler] = {
    "start_conversation": start_conversation,
    "resume_conversation": resume_conversation,
    "greet": greet,
    "goodbye": goodbye,
    "thank": thank,
    "bot_challenge": bot_challenge,
    "ask_capabilities": capabilities,
    "complain": complain,
    "out_of_scope": out_of_scope,
    "nlu_fallback": not_understood,
    "none_of_these": none_of_these,
}
