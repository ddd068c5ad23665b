"""Explaining: what a question means, why it is asked, the same again, the same in plainer words, the answers so far."""

from __future__ import annotations

from actions import result
from actions.buttons import button
from actions.labels import phrase_label
from actions.questions import questions
from actions.self_check.asking import ask, go_on, repeat_other, return_to_question
from actions.self_check.steering import correction_buttons
from actions.turn import Handler, Turn

TELLING = frozenset(
    {
        *result.ABOUT_SERVICE,
        "utter_capabilities",
        "utter_privacy",
        "utter_i_am_a_machine",
        "utter_why_general",
        "utter_explain_result",
        "utter_download",
        "utter_why_this_service",
        "utter_why_these_services",
    }
)
"""Responses that told something, and are what "say it again" means."""


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
    """Say the last things again; a question that was all there was to say comes with what it means."""
    state = turn.state
    awaiting = state.awaiting
    told = [said for said in state.last if said.response in TELLING]
    for said in told:
        turn.say(said.response, **said.params)
    if awaiting in questions():
        if [said.response for said in state.last] == [f"utter_ask_{awaiting}"]:
            turn.say(f"utter_explain_{awaiting}")
        ask(turn, awaiting)
    elif awaiting is not None:
        repeat_other(turn, awaiting)
    elif told or state.recommendations is None:
        go_on(turn)
    else:
        result.show_suggestions(turn)


def simplify(turn: Turn) -> None:
    """Plainer words from here on, and what was said last once more in them."""
    state = turn.state
    first_time = not state.plain
    state.plain = True
    if turn.just_said(*result.ABOUT_SERVICE):
        _say_service_simply(turn, first_time=first_time)
    elif state.awaiting is not None:
        _ask_simply(turn, state.awaiting, first_time=first_time)
    elif not first_time:
        _cannot_simplify(turn)
    else:
        turn.say("utter_simplify")
        if state.recommendations is not None:
            result.show_suggestions(turn)
        else:
            turn.say("utter_capabilities")
            go_on(turn)


def _say_service_simply(turn: Turn, *, first_time: bool) -> None:
    plainly = _plain_service(turn)
    if plainly is None or any(said.params.get("answer") == plainly for said in turn.state.last):
        _cannot_simplify(turn)
        return
    turn.say("utter_simplify" if first_time else "utter_simplify_again")
    turn.say("utter_service_answer", answer=plainly)
    go_on(turn)


def _ask_simply(turn: Turn, awaiting: str, *, first_time: bool) -> None:
    """What is open in plainer words; the second time with what it means, then with a person who can explain it."""
    explanation = f"utter_explain_{awaiting}"
    if first_time:
        turn.say("utter_simplify")
    elif turn.just_said(explanation):
        _cannot_simplify(turn)
        return
    else:
        turn.say("utter_simplify_again")
        turn.say(explanation)
    if awaiting in questions():
        ask(turn, awaiting)
    else:
        repeat_other(turn, awaiting)


def _cannot_simplify(turn: Turn) -> None:
    turn.say("utter_cannot_simplify")
    go_on(turn, buttons=[button("person")] if turn.state.awaiting in questions() else ())


def _plain_service(turn: Turn) -> str | None:
    """The service last spoken of, in plain words; None when there is none."""
    if turn.catalogue is None or turn.state.topic is None:
        return None
    service = turn.catalogue.service(turn.state.topic)
    return None if service is None else f"{service.name}: {service.plain or service.summary}"


def summary(turn: Turn) -> None:
    """The answers so far, each of which can be changed."""
    state = turn.state
    if not state.answers:
        turn.say("utter_nothing_answered")
        go_on(turn)
    elif state.awaiting is not None:
        result.show_summary(turn)
        return_to_question(turn, buttons=[button("correct")] if state.awaiting in questions() else ())
    else:
        onward = button("suggestions" if state.recommendations is not None else "continue_questions")
        result.show_summary(turn, buttons=[*correction_buttons(turn, prefix=phrase_label("change")), onward])


HANDLERS: dict[str, Handler] = {
    "explain_question": explain,
    "ask_why_asked": why_asked,
    "repeat": repeat,
    "simplify": simplify,
    "ask_summary": summary,
}
