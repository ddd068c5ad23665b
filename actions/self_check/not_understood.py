"""Not understood: first said another way with buttons, then two or three likely meanings, then a person.

Whatever the reason, a message that leads no further counts as one step, so the same words never come twice running.
"""

from __future__ import annotations

from actions.buttons import button
from actions.labels import intent_label
from actions.questions import SKIPPED, questions
from actions.self_check.asking import ask, go_on, repeat_other
from actions.self_check.recording import after_change, leave_as_it_was, record
from actions.turn import Button, Turn
from actions.understanding import POLARITY, number_out_of_range

MIN_SHARE_OFFERED = 0.03
"""Likelihood below which a meaning is not worth offering as "did you mean"."""
STEPS_TO_PERSON = frozenset({"handoff_consent", "handoff_contact", "callback_time"})
"""What is awaited on the way to a person, who need not be offered there."""


def not_understood(turn: Turn) -> None:
    """Nothing of the message was understood."""
    turn.state.failures += 1
    _say_step(turn)


def not_an_answer(turn: Turn) -> None:
    """The message is no answer to the question that is open, or to anything when none is."""
    state = turn.state
    awaiting = state.awaiting
    if awaiting not in questions():
        not_understood(turn)
        return
    question = questions()[awaiting]
    if number_out_of_range(awaiting, turn) is not None:
        state.failures += 1
        if turn.just_said("utter_number_out_of_range"):
            _answer_or_skip(turn, awaiting)
        else:
            turn.say("utter_number_out_of_range", low=question.low, high=question.high)
            ask(turn, awaiting)
    elif question.kind == "yes_no" or not _has_none(turn, awaiting):
        not_understood(turn)
    elif awaiting in state.answers:
        # It was only asked which of two answers is right.
        leave_as_it_was(turn, awaiting)
    else:
        # A fact that somebody does not have is no reason to stay stuck.
        turn.say("utter_skipped_unknown")
        record(turn, {awaiting: SKIPPED})
        after_change(turn)


def _has_none(turn: Turn, awaiting: str) -> bool:
    """Whether the resident does not know the fact that is asked, or will not tell it."""
    return turn.intent == "unsure" or (turn.intent == "deny" and awaiting in turn.state.retried)


def _say_step(turn: Turn) -> None:
    state = turn.state
    awaiting = state.awaiting if state.awaiting in questions() else None
    if awaiting is None and state.awaiting is not None:
        _ask_again(turn, state.awaiting)
    elif state.failures == 1:
        _rephrase(turn, awaiting)
    elif state.failures == 2 and turn.intent == "nlu_fallback" and (buttons := likely_meanings(turn)):
        turn.say("utter_did_you_mean", buttons=buttons)
    elif state.failures == 2 and awaiting is not None:
        _answer_or_skip(turn, awaiting)
    elif state.failures % 2 == 1 or state.failures == 2:
        turn.say("utter_not_understood_offer_person")
    else:
        turn.say("utter_not_understood_again")
        go_on(turn, buttons=[button("person")] if awaiting is not None else ())


def _answer_or_skip(turn: Turn, awaiting: str) -> None:
    turn.say("utter_answer_or_skip")
    ask(turn, awaiting, buttons=[button("person")])


def _ask_again(turn: Turn, awaiting: str) -> None:
    """The steps where a consent or a choice is open: the same again, what it means, the buttons."""
    failures = turn.state.failures
    if failures == 1:
        turn.say("utter_not_understood_waiting")
    else:
        turn.say(f"utter_explain_{awaiting}" if failures % 2 == 0 else "utter_press_a_button")
    repeat_other(turn, awaiting, buttons=[] if awaiting in STEPS_TO_PERSON else [button("person")])


def _rephrase(turn: Turn, awaiting: str | None) -> None:
    if awaiting is not None:
        turn.state.retried.append(awaiting)
        turn.say(f"utter_retry_{questions()[awaiting].kind}")
        turn.say(f"utter_simple_{awaiting}")
    elif turn.state.recommendations is not None:
        turn.say("utter_did_not_get_that")
        go_on(turn)
    else:
        turn.say("utter_not_understood_first")


def likely_meanings(turn: Turn) -> list[Button]:
    """The two or three likeliest meanings as buttons. A yes or no is none: the question has buttons for it."""
    found: list[Button] = []
    for intent, confidence in turn.ranking:
        label = intent_label(intent)
        if label is not None and intent not in POLARITY and confidence >= MIN_SHARE_OFFERED:
            found.append(Button(label, f"/{intent}"))
        if len(found) == 3:
            break
    return [*found, button("none_meant")] if found else []
