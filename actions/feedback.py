"""The question at the end: did it help? One question, then a few words for those who want to write them."""

from __future__ import annotations

from typing import Literal

from actions.phrases import says
from actions.state import Feedback
from actions.turn import Turn

TEXT_MAX_CHARS = 2000
"""As long as a message may be."""
BARE_WORDS = 2
"""A yes or no of at most so many words says nothing of what helped."""

Helped = Literal["yes", "partly", "no"]

_OF_INTENT: dict[str, Helped] = {
    "affirm": "yes",
    "thank": "yes",
    "deny": "no",
    "complain": "no",
    "unsure": "partly",
}


def invite(turn: Turn) -> None:
    """Ask whether it helped, once in a talk and only when there was a result."""
    state = turn.state
    if state.recommendations is None or state.feedback_asked:
        return
    state.feedback_asked = True
    state.invited = "feedback"
    turn.say("utter_ask_feedback")


def take(turn: Turn) -> bool:
    """Take the message as the answer to "did it help". True when it was one."""
    helped = _helped(turn)
    if helped is None:
        return False
    state = turn.state
    state.feedback = Feedback(helped=helped)
    state.invited = "feedback_text"
    turn.say("utter_feedback_more_no" if helped == "no" else "utter_feedback_more")
    return True


def _helped(turn: Turn) -> Helped | None:
    if turn.is_button:
        choice = turn.entity("feedback")
        return next((value for value in _OF_INTENT.values() if value == choice), None)
    if says("somewhat", turn.text):
        return "partly"
    return _OF_INTENT.get(turn.intent)


def take_text(turn: Turn) -> bool:
    """Take the message as what the resident wants to add. True when it was that, or the wish to add nothing."""
    state = turn.state
    if state.feedback is None:
        return False
    if turn.is_button:
        if turn.entity("feedback_text") is None:
            return False
    elif turn.intent == "affirm" and len(turn.text.split()) <= BARE_WORDS:
        state.invited = "feedback_text"
        turn.say("utter_tell_feedback")
        return True
    elif not _adds_nothing(turn):
        state.feedback.text = turn.text.strip()[:TEXT_MAX_CHARS]
    turn.say("utter_feedback_kept")
    return True


def _adds_nothing(turn: Turn) -> bool:
    """Whether the message is the wish to say no more: "en", and not "en, mutta numerot puuttuivat"."""
    if turn.intent == "deny":
        return len(turn.text.split()) <= BARE_WORDS or says("nothing_to_add", turn.text)
    return turn.intent in ("skip_question", "goodbye")
