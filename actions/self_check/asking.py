"""Asking: the open question, the next one, and the way back to it after anything else."""

from __future__ import annotations

from collections.abc import Sequence

from actions import result
from actions.questions import next_question, progress_at, questions
from actions.state import DialogueState
from actions.turn import Button, Turn


def ask(turn: Turn, question_id: str | None, *, buttons: Sequence[Button] = ()) -> None:
    """Ask ``question_id`` and await its answer; with None, end the self-check with the result.

    Args:
        turn: the turn.
        question_id: the question.
        buttons: what is offered beside the question's own answers.
    """
    state = turn.state
    if question_id is None:
        finish(turn)
        return
    state.running = True
    state.awaiting = question_id
    state.progress = progress_at(question_id)
    turn.say(f"utter_ask_{question_id}", buttons=buttons)


def ask_next(turn: Turn) -> None:
    """Ask the first question that has no answer yet."""
    ask(turn, next_question(turn.state.answers))


def finish(turn: Turn) -> None:
    """The end of the questions: summary and recommendations."""
    turn.state.awaiting = None
    turn.state.running = False
    turn.state.progress = None
    result.show_result(turn)


def return_to_question(turn: Turn, *, buttons: Sequence[Button] = ()) -> None:
    """After a side question: ask again what was open, if something was."""
    awaiting = turn.state.awaiting
    if awaiting in questions():
        turn.say("utter_back_to_question")
        ask(turn, awaiting, buttons=buttons)
    elif awaiting is not None:
        repeat_other(turn, awaiting, buttons=buttons)


def still_open(state: DialogueState, awaiting: str | None) -> str | None:
    """What to ask when ``awaiting`` was put aside for something else; if it was answered meanwhile, what comes next."""
    return next_question(state.answers) if awaiting in questions() and awaiting in state.answers else awaiting


def start(turn: Turn) -> None:
    """Begin, or offer to go on when something has been answered already."""
    state = turn.state
    if state.answers and next_question(state.answers) is None:
        state.awaiting = "resume_or_restart"
        turn.say("utter_all_answered")
    elif state.awaiting in questions():
        turn.say("utter_already_running")
        ask(turn, state.awaiting)
    elif state.order:
        state.awaiting = "resume_or_restart"
        turn.say("utter_ask_resume_or_restart")
    else:
        turn.say("utter_start_self_check")
        ask_next(turn)


def go_on(turn: Turn, *, buttons: Sequence[Button] = ()) -> None:
    """The way on after an answer that offers none: the open question, or what can be done when there is none."""
    if turn.state.awaiting is not None:
        return_to_question(turn, buttons=buttons)
    elif turn.state.recommendations is not None:
        turn.say("utter_what_next_after_result", buttons=buttons)
    else:
        turn.say("utter_start_or_ask", buttons=buttons)


def repeat_other(turn: Turn, awaiting: str, *, buttons: Sequence[Button] = ()) -> None:
    """Ask again what is awaited besides the questions of the self-check."""
    by_phone = awaiting == "handoff_contact" and turn.state.handoff.kind == "callback"
    turn.say("utter_ask_callback_contact" if by_phone else f"utter_ask_{awaiting}", buttons=buttons)
