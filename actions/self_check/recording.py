"""Writing answers down, saying so, and going on."""

from __future__ import annotations

from collections.abc import Mapping

from actions.labels import question_label, value_label
from actions.questions import BARRIERS, drop_inapplicable, next_question
from actions.self_check.asking import ask_next, go_on
from actions.state import Value
from actions.turn import Turn


def record(turn: Turn, given: Mapping[str, Value]) -> None:
    """Write answers down, and drop those that no longer apply. Barriers that were told before are filled in."""
    state = turn.state
    answers = dict(given)
    hinders = answers.get("life_situation_allows_work") in ("no", "unsure")
    if hinders and state.barriers_told and "life_situation_barriers" not in answers:
        answers["life_situation_barriers"] = [name for name in BARRIERS if name in state.barriers_told]
    for question_id, value in answers.items():
        state.answers[question_id] = value
        if question_id in state.order:
            state.order.remove(question_id)
        state.order.append(question_id)
    drop_inapplicable(state.answers)
    state.order = [question_id for question_id in state.order if question_id in state.answers]


def after_change(turn: Turn) -> None:
    """Go on after an answer: the next question, or the result, said to be new when there was one before."""
    state = turn.state
    if next_question(state.answers) is None and state.recommendations is not None:
        turn.say("utter_result_updated")
    ask_next(turn)


def leave_as_it_was(turn: Turn, question_id: str) -> None:
    """Keep the answer that ``question_id`` has, and go on."""
    state = turn.state
    turn.say("utter_left_as_it_was", noted=noted({question_id: state.answers[question_id]}))
    state.awaiting = next_question(state.answers)
    if state.awaiting is None:
        go_on(turn)
    else:
        ask_next(turn)


def noted(given: Mapping[str, Value]) -> str:
    """Answers as one text: "Ikä: 23 vuotta; Kotikunta: Lahti"."""
    return "; ".join(f"{question_label(key)}: {value_label(key, value)}" for key, value in given.items())
