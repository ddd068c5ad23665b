"""The self-check: taking answers, asking what comes next, going back, correcting, skipping, stopping."""

from __future__ import annotations

import re

from actions import result
from actions.labels import question_label, value_label
from actions.questions import (
    SKIPPED,
    applies,
    drop_inapplicable,
    next_question,
    progress_at,
    questions,
)
from actions.state import Value
from actions.turn import Button, Handler, Turn
from actions.understanding import answer_to, button_answers, number_out_of_range, volunteered


def answer_payload(question_id: str, value: str | int) -> str:
    """The payload of a button that answers ``question_id``."""
    shown = str(value) if isinstance(value, int) else f'"{value}"'
    return f'/answer{{"{question_id}": {shown}}}'


def ask(turn: Turn, question_id: str | None) -> None:
    """Ask ``question_id`` and await its answer; with None, end the self-check with the result."""
    state = turn.state
    if question_id is None:
        finish(turn)
        return
    state.running = True
    state.awaiting = question_id
    state.progress = progress_at(question_id)
    turn.say(f"utter_{'simple' if state.plain else 'ask'}_{question_id}")


def ask_next(turn: Turn) -> None:
    """Ask the first question that has no answer yet."""
    ask(turn, next_question(turn.state.answers))


def finish(turn: Turn) -> None:
    """The end of the questions: summary and recommendations."""
    turn.state.awaiting = None
    turn.state.running = False
    turn.state.progress = None
    result.show_result(turn)


def return_to_question(turn: Turn) -> None:
    """After a side question: ask again what was open, if something was."""
    awaiting = turn.state.awaiting
    if awaiting in questions():
        turn.say("utter_back_to_question")
        ask(turn, awaiting)
    elif awaiting is not None:
        repeat_other(turn, awaiting)


def go_on(turn: Turn) -> None:
    """The way on after an answer that offers none: the open question, or what can be done when there is none."""
    if turn.state.awaiting is not None:
        return_to_question(turn)
    elif turn.state.recommendations is not None:
        turn.say("utter_what_next_after_result")
    else:
        turn.say("utter_start_or_ask")


def repeat_other(turn: Turn, awaiting: str) -> None:
    """Ask again what is awaited besides the questions of the self-check."""
    by_phone = awaiting == "handoff_contact" and turn.state.handoff.kind == "callback"
    turn.say("utter_ask_callback_contact" if by_phone else f"utter_ask_{awaiting}")


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


def restart(turn: Turn) -> None:
    """Forget the answers and begin again."""
    _forget(turn)
    turn.say("utter_restarted")
    ask_next(turn)


def _forget(turn: Turn) -> None:
    state = turn.state
    state.answers.clear()
    state.order.clear()
    state.retried.clear()
    state.rejected.clear()
    state.recommendations = None
    state.typ = None
    state.shown = 0
    state.topic = None


def stop(turn: Turn) -> None:
    """Pause: the answers are kept."""
    state = turn.state
    state.running = False
    state.progress = None
    if state.awaiting in questions() or state.order:
        state.awaiting = "resume_or_restart"
        turn.say("utter_stopped")
    else:
        state.awaiting = None
        turn.say("utter_nothing_to_stop")


def take_answer(turn: Turn) -> None:
    """Take what the message says as answers, note what is volunteered, ask the next question."""
    state = turn.state
    if turn.is_button:
        given = button_answers(turn)
        if not given:
            not_an_answer(turn)
            return
        asked = state.awaiting in given
        _record(turn, given)
        if not asked:
            # A button of an earlier message: say what it did, since the question that follows is the same as before.
            turn.say("utter_noted", noted=_noted(given))
        _after_change(turn)
        return

    awaiting = state.awaiting
    if awaiting not in questions():
        _volunteer_outside(turn)
        return

    direct = answer_to(awaiting, turn)
    extra = {key: value for key, value in volunteered(turn).items() if key != awaiting}
    if awaiting == "feels_able_to_work" and direct is None and "work_ability_score" in extra:
        # "ehkä kutosen verran" answers the next question before this one.
        direct = "unsure" if int(str(extra["work_ability_score"])) < 8 else "yes"
    conflict = _conflict(turn, extra)
    new = {key: value for key, value in extra.items() if key not in state.answers}

    if direct is None:
        if new:
            _record(turn, new)
            turn.say("utter_noted", noted=_noted(new))
            _acknowledge_hardship(turn)
            return_to_question(turn)
            return
        not_an_answer(turn)
        return

    _record(turn, {awaiting: direct, **new})
    if conflict is not None:
        _ask_conflict(turn, conflict, extra[conflict])
        return
    if new:
        turn.say("utter_noted", noted=_noted(new))
    elif direct == "unsure":
        turn.say("utter_acknowledge_unsure")
    _acknowledge_hardship(turn)
    _after_change(turn)


def _acknowledge_hardship(turn: Turn) -> None:
    if turn.intent in ("inform_health_limits", "inform_life_situation", "inform_not_motivated") and len(turn.text) > 25:
        turn.say("utter_acknowledge_hardship")


def _volunteer_outside(turn: Turn) -> None:
    """Something was told while no question of the self-check was open."""
    state = turn.state
    extra = volunteered(turn)
    conflict = _conflict(turn, extra)
    if conflict is not None:
        _ask_conflict(turn, conflict, extra[conflict])
        return
    new = {key: value for key, value in extra.items() if state.answers.get(key) != value}
    if new:
        _record(turn, new)
        turn.say("utter_noted", noted=_noted(new))
        _acknowledge_hardship(turn)
        if state.awaiting is not None:
            return_to_question(turn)
        else:
            ask_next(turn)
    elif state.awaiting is not None:
        return_to_question(turn)
    elif turn.intent in ("affirm", "inform_wants_study", "inform_wants_participation", "inform_background"):
        if state.recommendations is None:
            start(turn)
        else:
            turn.say("utter_what_next_after_result")
    elif turn.intent == "deny":
        turn.say("utter_no_hurry")
    elif turn.intent == "unsure":
        said_before = any(said.response == "utter_unsure_what_to_do" for said in state.last)
        turn.say("utter_no_hurry" if said_before else "utter_unsure_what_to_do")
    elif extra:
        turn.say("utter_already_noted", noted=_noted(extra))
        if next_question(state.answers) is not None:
            ask_next(turn)
    else:
        not_an_answer(turn)


def _record(turn: Turn, given: dict[str, Value]) -> None:
    state = turn.state
    for question_id, value in given.items():
        state.answers[question_id] = value
        if question_id in state.order:
            state.order.remove(question_id)
        state.order.append(question_id)
    drop_inapplicable(state.answers)
    state.order = [question_id for question_id in state.order if question_id in state.answers]


def _after_change(turn: Turn) -> None:
    state = turn.state
    if next_question(state.answers) is None and state.recommendations is not None:
        turn.say("utter_result_updated")
    ask_next(turn)


def _noted(given: dict[str, Value]) -> str:
    return "; ".join(f"{question_label(key)}: {value_label(key, value)}" for key, value in given.items())


def _conflict(turn: Turn, extra: dict[str, Value]) -> str | None:
    """A question that was answered otherwise before. Said in passing, it is asked about and not overwritten."""
    for question_id, value in extra.items():
        before = turn.state.answers.get(question_id)
        if before not in (None, SKIPPED, "unsure") and before != value:
            return question_id
    return None


def _ask_conflict(turn: Turn, question_id: str, value: Value) -> None:
    before = turn.state.answers[question_id]
    turn.state.awaiting = question_id
    turn.state.progress = progress_at(question_id)
    choices = [v for v in (before, value) if isinstance(v, str | int)]
    turn.say(
        "utter_contradiction",
        question=question_label(question_id),
        before=value_label(question_id, before),
        now=value_label(question_id, value),
        buttons=[
            Button(value_label(question_id, choice).capitalize(), answer_payload(question_id, choice))
            for choice in choices
        ],
    )


def not_an_answer(turn: Turn) -> None:
    """The message did not answer the question that is open. Say why, help, never the same twice."""
    state = turn.state
    awaiting = state.awaiting
    if awaiting is None or awaiting not in questions():
        turn.say("utter_did_not_get_that")
        go_on(turn)
        return
    question = questions()[awaiting]
    outside = number_out_of_range(awaiting, turn)
    if outside is not None:
        turn.say("utter_number_out_of_range", low=question.low, high=question.high)
        ask(turn, awaiting)
        return
    unknown = turn.intent == "unsure" or (turn.intent == "deny" and awaiting in state.retried)
    if question.kind != "yes_no" and unknown:
        # A fact that somebody does not have is no reason to stay stuck.
        turn.say("utter_skipped_unknown")
        _record(turn, {awaiting: SKIPPED})
        _after_change(turn)
        return
    if awaiting not in state.retried:
        state.retried.append(awaiting)
        turn.say(f"utter_retry_{question.kind}")
        turn.say(f"utter_simple_{awaiting}")
        return
    turn.say("utter_answer_or_skip")
    turn.say(f"utter_ask_{awaiting}")


def skip(turn: Turn) -> None:
    """Skip the question that is open."""
    state = turn.state
    awaiting = state.awaiting
    if awaiting in questions():
        _record(turn, {awaiting: SKIPPED})
        turn.say("utter_skipped")
        _after_change(turn)
    else:
        turn.say("utter_nothing_to_skip")
        go_on(turn)


def go_back(turn: Turn) -> None:
    """Ask the question before this one again; its answer stands until it is given anew."""
    state = turn.state
    if not state.order:
        turn.say("utter_nothing_before")
        if state.awaiting is not None:
            return_to_question(turn)
        else:
            ask_next(turn)
        return
    previous = state.order.pop()
    before = state.answers.pop(previous)
    turn.say("utter_going_back", before=value_label(previous, before))
    ask(turn, previous)


def correct(turn: Turn) -> None:
    """Change an earlier answer: the one pointed at, or the one chosen from a list."""
    state = turn.state
    if turn.is_button:
        pointed = turn.entity("question")
    else:
        new = {key: value for key, value in volunteered(turn).items() if key in state.answers}
        if new:
            _record(turn, new)
            turn.say("utter_corrected", noted=_noted(new))
            _after_change(turn)
            return
        pointed = turn.entity("question")
    if pointed in questions() and pointed in state.answers:
        turn.say(
            "utter_correcting",
            question=question_label(pointed),
            before=value_label(pointed, state.answers[pointed]),
        )
        del state.answers[pointed]
        state.order = [question_id for question_id in state.order if question_id != pointed]
        drop_inapplicable(state.answers)
        ask(turn, pointed)
        return
    if not state.order:
        turn.say("utter_nothing_to_correct")
        go_on(turn)
        return
    turn.say("utter_which_to_correct", buttons=correction_buttons(turn))


def correction_buttons(turn: Turn) -> list[Button]:
    """A button for each answer that can be changed, in the order of the questions."""
    return [
        Button(question_label(question_id), f'/correct_answer{{"question": "{question_id}"}}')
        for question_id in questions()
        if question_id in turn.state.answers and applies(question_id, turn.state.answers)
    ]


def explain(turn: Turn) -> None:
    """What the question that is open means."""
    awaiting = turn.state.awaiting
    if awaiting in questions():
        turn.say(f"utter_explain_{awaiting}")
        ask(turn, awaiting)
    elif awaiting is not None:
        turn.say(f"utter_explain_{awaiting}")
        repeat_other(turn, awaiting)
    else:
        turn.say("utter_explain_result" if turn.state.recommendations is not None else "utter_capabilities")
        go_on(turn)


def why_asked(turn: Turn) -> None:
    """Why the question that is open is asked, and what the answer is used for."""
    awaiting = turn.state.awaiting
    if awaiting in questions():
        turn.say(f"utter_why_{awaiting}")
        ask(turn, awaiting)
    elif awaiting is not None:
        explain(turn)
    else:
        turn.say("utter_why_general")
        go_on(turn)


def repeat(turn: Turn) -> None:
    """Say the last things again."""
    state = turn.state
    awaiting = state.awaiting
    if awaiting in questions():
        ask(turn, awaiting)
    elif awaiting is not None:
        repeat_other(turn, awaiting)
    elif state.recommendations is not None:
        result.show_result(turn)
    else:
        turn.say("utter_start_or_ask")


def simplify(turn: Turn) -> None:
    """Plainer words from here on."""
    state = turn.state
    first_time = not state.plain
    state.plain = True
    turn.say("utter_simplify" if first_time else "utter_simplify_again")
    awaiting = state.awaiting
    if awaiting in questions():
        if not first_time:
            turn.say(f"utter_explain_{awaiting}")
        ask(turn, awaiting)
    elif awaiting is not None:
        repeat_other(turn, awaiting)
    elif state.recommendations is not None:
        result.show_result(turn)
    else:
        turn.say("utter_simple_capabilities")
        go_on(turn)


def summary(turn: Turn) -> None:
    """The answers so far, each of which can be changed."""
    state = turn.state
    if not state.answers:
        turn.say("utter_nothing_answered")
    else:
        result.show_summary(turn)
    go_on(turn)


def resume_or_restart(turn: Turn) -> bool:
    """Take the message as the answer to "go on or start over". True when it was one."""
    choice = turn.entity("resume_or_restart") if turn.is_button else None
    if choice is None:
        choice = {
            "affirm": "resume",
            "start_self_check": "resume",
            "restart": "restart",
        }.get(turn.intent)
        if choice is None and re.match(r"(no |joo |okei )*jatk", turn.text.casefold()):
            choice = "resume"
        if choice is None and turn.intent in ("deny", "stop", "unsure"):
            # "Ei nyt" on a pause is no wish to lose the answers.
            said_before = any(said.response == "utter_pause_goes_on" for said in turn.state.last)
            turn.say("utter_goodbye" if said_before else "utter_pause_goes_on")
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
    "explain_question": explain,
    "ask_why_asked": why_asked,
    "repeat": repeat,
    "simplify": simplify,
    "ask_summary": summary,
    "answer": take_answer,
    "affirm": take_answer,
    "deny": take_answer,
    "unsure": take_answer,
    "inform_wants_work": take_answer,
    "inform_not_motivated": take_answer,
    "inform_wants_study": take_answer,
    "inform_wants_participation": take_answer,
    "inform_able_to_work": take_answer,
    "inform_health_limits": take_answer,
    "inform_life_situation": take_answer,
    "inform_life_in_order": take_answer,
    "inform_skills": take_answer,
    "inform_lacks_skills": take_answer,
    "inform_background": take_answer,
}
