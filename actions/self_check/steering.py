"""Steering: start, stop, resume, start over, back, correct, skip."""

from __future__ import annotations

import re

from actions.buttons import button, carried
from actions.labels import question_label, value_label
from actions.phrases import says, without_opening
from actions.questions import SKIPPED, applies, drop_inapplicable, next_question, questions
from actions.self_check.asking import ask, ask_next, go_on, return_to_question, start
from actions.self_check.recording import after_change, leave_as_it_was, noted, record
from actions.state import DialogueState, Value
from actions.turn import Button, Handler, Turn
from actions.understanding import answer_to, volunteered


def restart(turn: Turn) -> None:
    """Forget the answers and begin again. How the resident likes to be talked to stays, and so does what is urgent."""
    before, fresh = turn.state, DialogueState()
    for kept in ("plain", "urgent", "last", "failures", "feedback", "feedback_asked"):
        setattr(fresh, kept, getattr(before, kept))
    turn.state = fresh
    turn.say("utter_restarted")
    ask_next(turn)


def stop(turn: Turn) -> None:
    """Pause: the answers are kept."""
    state = turn.state
    state.running = False
    state.progress = None
    if state.awaiting in questions() or state.order:
        state.awaiting = "resume_or_restart"
        turn.say("utter_stopped" if state.answers else "utter_stopped_at_start")
    else:
        state.awaiting = None
        turn.say("utter_nothing_to_stop")


def welcome_back(turn: Turn) -> None:
    """After a long silence: the offer to go on where the talk was. What was open is asked again and stays open."""
    state = turn.state
    if state.awaiting in questions() and state.order:
        turn.say("utter_welcome_back")
        ask(turn, state.awaiting, buttons=[button("start_over")])
    elif state.awaiting is not None:
        turn.say("utter_hello_again")
        return_to_question(turn)
    elif state.order and state.recommendations is None:
        state.awaiting = "resume_or_restart"
        turn.say("utter_hello_again")
        return_to_question(turn)
    else:
        turn.say("utter_hello_again" if state.recommendations is None else "utter_welcome_back_to_result")
        go_on(turn)


def skip(turn: Turn) -> None:
    """Skip the question that is open."""
    awaiting = turn.state.awaiting
    if awaiting in questions() and awaiting in turn.state.answers:
        # It was only asked which of two answers is right, or for a word more on an uncertain one.
        leave_as_it_was(turn, awaiting)
    elif awaiting in questions():
        record(turn, {awaiting: SKIPPED})
        turn.say("utter_skipped")
        after_change(turn)
    else:
        turn.say("utter_nothing_to_skip")
        go_on(turn)


def go_back(turn: Turn) -> None:
    """Ask the question before this one again."""
    state = turn.state
    if not state.order:
        if state.awaiting in questions():
            turn.say("utter_nothing_before")
            ask(turn, state.awaiting)
        else:
            turn.say("utter_nothing_answered")
            go_on(turn)
        return
    previous = state.order.pop()
    before = state.answers.pop(previous)
    turn.say("utter_going_back", before=value_label(previous, before))
    ask(turn, previous)


def correct(turn: Turn) -> None:
    """Change an earlier answer: the one pointed at, the last one ("ei kun", "äskeinen"), or one chosen from a list."""
    state = turn.state
    pointed = turn.entity("question")
    if not turn.is_button:
        new = _corrected(turn)
        if new:
            record(turn, new)
            turn.say("utter_corrected", noted=noted(new))
            after_change(turn)
            return
        if pointed is None and state.order and (says("oops", turn.text) or says("the_one_before", turn.text)):
            pointed = state.order[-1]
    if pointed in questions() and pointed in state.answers:
        turn.say(
            "utter_correcting",
            question=question_label(pointed),
            before=value_label(pointed, state.answers[pointed]),
        )
        del state.answers[pointed]
        state.order = [question_id for question_id in state.order if question_id != pointed]
        state.barriers_told.clear()
        drop_inapplicable(state.answers)
        ask(turn, pointed)
        return
    if not state.order:
        turn.say("utter_nothing_to_correct")
        go_on(turn)
    elif pointed in questions():
        turn.say("utter_not_answered_yet", question=question_label(pointed))
        go_on(turn)
    else:
        turn.say("utter_which_to_correct", buttons=[*correction_buttons(turn), button("continue_here")])


def puts_right(turn: Turn) -> bool:
    """Whether the message begins as a correction and puts an answer right that was given before."""
    return not turn.is_button and says("oops", turn.text) and bool(_corrected(turn))


def _corrected(turn: Turn) -> dict[str, Value]:
    """The answers that the message itself puts right: "ei kun 45", "työkyky onkin 3"."""
    state = turn.state
    found = {
        key: value
        for key, value in volunteered(turn).items()
        if key in state.answers and state.answers[key] != value and applies(key, state.answers)
    }
    if found:
        return found
    target = turn.entity("question") or (state.order[-1] if state.order and says("oops", turn.text) else None)
    if target not in state.answers or target not in questions():
        return {}
    if questions()[target].kind == "yes_no":
        rest = _YES_NO.match(without_opening(turn.text) or "")
        value: Value | None = None if rest is None else "no" if rest[1].startswith("e") else "yes"
    else:
        value = answer_to(target, turn)
    return {} if value is None or value == state.answers[target] else {target: value}


_YES_NO = re.compile(r"(kyllä|joo|juu|jep|ei|en|eipä)\b")


def correction_buttons(turn: Turn, *, prefix: str = "") -> list[Button]:
    """A button for each answer that can be changed, in the order of the questions."""
    return [
        Button(f"{prefix}{question_label(question_id)}", f"/correct_answer{carried({'question': question_id})}")
        for question_id in questions()
        if question_id in turn.state.answers and applies(question_id, turn.state.answers)
    ]


def _pause_goes_on(turn: Turn) -> None:
    """Not now: no wish to lose the answers."""
    state = turn.state
    if state.recommendations is not None and next_question(state.answers) is None:
        state.awaiting = None
        turn.say("utter_no_hurry")
        go_on(turn)
    elif not state.answers:
        turn.say("utter_goodbye_at_start" if turn.just_said("utter_stopped_at_start") else "utter_stopped_at_start")
    else:
        turn.say("utter_goodbye_unfinished" if turn.just_said("utter_pause_goes_on") else "utter_pause_goes_on")


def resume_or_restart(turn: Turn) -> bool:
    """Take the message as the answer to "go on or start over". True when it was one."""
    choice = turn.entity("resume_or_restart") if turn.is_button else None
    if choice is None:
        choice = {
            "affirm": "resume",
            "start_self_check": "resume",
            "restart": "restart",
        }.get(turn.intent)
        if choice is None and says("continues", turn.text):
            choice = "resume"
        if choice is None and turn.intent in ("deny", "stop", "unsure"):
            _pause_goes_on(turn)
            return True
    if choice == "restart":
        restart(turn)
    elif choice == "resume":
        turn.state.awaiting = None
        turn.say("utter_resumed")
        ask_next(turn)
    else:
        return False
    return True


HANDLERS: dict[str, Handler] = {
    "start_self_check": start,
    "restart": restart,
    "stop": stop,
    "go_back": go_back,
    "correct_answer": correct,
    "skip_question": skip,
}
