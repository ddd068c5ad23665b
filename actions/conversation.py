"""Greetings, thanks, who are you, what can you do, complaints, and what this service is not for."""

from __future__ import annotations

from actions import feedback
from actions.buttons import button
from actions.phrases import says
from actions.questions import questions
from actions.self_check.asking import go_on, return_to_question
from actions.self_check.not_understood import not_understood
from actions.turn import Handler, Turn
from actions.understanding import other_language


def start_conversation(turn: Turn) -> None:
    """The greeting: that this is a machine, what is stored, how to reach a person."""
    turn.say("utter_greeting")
    turn.say("utter_greeting_privacy", days=turn.retention_days)
    turn.say("utter_greeting_choices")


def resume_conversation(turn: Turn) -> None:
    """After a person let go of the talk."""
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
    """A farewell; the answers are kept. After a result, once, the question whether it helped."""
    state = turn.state
    if state.awaiting in questions():
        turn.say("utter_goodbye_unfinished")
        state.running = False
        state.progress = None
        state.awaiting = "resume_or_restart"
    else:
        turn.say("utter_goodbye")
        feedback.invite(turn)


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
    turn.say("utter_capabilities")
    go_on(turn)


def complain(turn: Turn) -> None:
    """Calm, no defence, the offer of a person; the open question stays open, and is not asked at once."""
    if says("despair", turn.text):
        turn.say("utter_complaint_again" if turn.just_said("utter_despair") else "utter_despair")
        return
    said_before = turn.just_said("utter_complaint", "utter_despair")
    turn.say("utter_complaint_again" if said_before else "utter_complaint")


def out_of_scope(turn: Turn) -> None:
    """Not for this service: say what it is for; when it goes on like this, offer a person."""
    state = turn.state
    if says("jokes", turn.text):
        turn.say("utter_no_jokes")
        go_on(turn)
        return
    state.failures += 1
    if state.failures >= OFFER_PERSON_FROM and state.failures % 2 == 1:
        turn.say("utter_not_understood_offer_person")
        return
    turn.say("utter_out_of_scope" if state.failures % 2 else "utter_out_of_scope_again")
    go_on(turn)


OFFER_PERSON_FROM = 3
"""Messages in a row that lead nowhere, after which a person is offered."""


def foreign_language(turn: Turn) -> bool:
    """Answer a message that is plainly in English or Swedish, whatever it was taken for. True when it was one."""
    language = None if turn.is_button else other_language(turn.text)
    if language is None:
        return False
    response = f"utter_language_{language}"
    turn.say(f"{response}_again" if turn.just_said(response) else response)
    return True


def none_of_these(turn: Turn) -> None:
    """None of the guesses was right."""
    turn.say("utter_none_of_these")
    return_to_question(turn, buttons=[button("person")])


def one_of_these(turn: Turn) -> None:
    """One of the guesses was right; a yes does not tell which."""
    turn.say("utter_one_of_these")
    go_on(turn)


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
