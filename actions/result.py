"""The result: the summary by area, the recommended services with reasons, what to do first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.buttons import button
from actions.labels import area_label, question_label, value_label
from actions.questions import SKIPPED, questions
from actions.state import DialogueState
from actions.turn import Button, Turn

FIRST_SHOWN = 3
"""How many services are shown at first; the rest on request."""

ABOUT_SERVICE = ("utter_service_answer", "utter_service_detail")
"""The responses that answer a question about one service."""
SUGGESTING = ("utter_result_intro", "utter_result_intro_one")
"""The responses with which the suggestions begin."""


def summary_areas(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The answers by area, as the handoff passes them on: ``[{area, items: [{question, answer}]}]``."""
    areas: dict[str, list[dict[str, str]]] = {}
    for question_id, question in questions().items():
        if question_id in answers:
            item = {
                "question": question_label(question_id),
                "answer": value_label(question_id, answers[question_id]),
            }
            areas.setdefault(question.area, []).append(item)
    return [{"area": area_label(area), "items": items} for area, items in areas.items()]


def summary_text(areas: Sequence[Mapping[str, Any]]) -> str:
    """The summary as lines of text. Without empty lines: Rasa would send each part as a message of its own.

    Args:
        areas: as `summary_areas` gives them.
    """
    blocks = []
    for area in areas:
        lines = "\n".join(f"– {item['question']}: {item['answer']}" for item in area["items"])
        blocks.append(f"{area['area']}\n{lines}")
    return "\n".join(blocks)


def show_summary(turn: Turn, *, buttons: Sequence[Button] = ()) -> None:
    """Say the summary, with the buttons that change an answer where there are any."""
    turn.say("utter_summary", summary=summary_text(summary_areas(turn.state.answers)), buttons=buttons)


def card_of(turn: Turn, service: Mapping[str, Any]) -> dict[str, Any]:
    """A service of a card; its summary in plainer words for those who asked for them."""
    found = turn.catalogue.service(service["id"]) if turn.state.plain and turn.catalogue is not None else None
    plain = found.plain if found is not None else None
    return {**service, "summary": plain or service["summary"]}


def cards(turn: Turn, recommendations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Recommendations as the chat's service cards."""
    return [
        {
            **card_of(turn, recommendation["service"]),
            "group": recommendation["group"],
            "reasons": [reason["text"] for reason in recommendation["reasons"]],
        }
        for recommendation in recommendations
    ]


def show_result(turn: Turn) -> None:
    """The summary of the answers, then the suggestions."""
    if any(value != SKIPPED for value in turn.state.answers.values()):
        show_summary(turn)
    else:
        turn.say("utter_result_all_skipped")
    show_suggestions(turn)


def show_suggestions(turn: Turn) -> None:
    """Say the first services, the joint service if it may concern the resident, and what to do first."""
    state = turn.state
    compute(turn)
    first = visible(state)[:FIRST_SHOWN]
    if first:
        turn.say("utter_result_intro" if len(first) > 1 else "utter_result_intro_one")
        turn.say("utter_result_services", services=cards(turn, first), list=names(first))
        state.seen = []
        show(turn, first)
        _say_typ(turn)
    say_next_step(turn, first)


def compute(turn: Turn) -> None:
    """Ask the catalogue anew for what fits the answers, without what the resident turned down."""
    if turn.catalogue is None:
        raise RuntimeError("no catalogue")
    state = turn.state
    found = turn.catalogue.recommend(state.answers, turn.today)
    state.recommendations = found["recommendations"]
    state.recommendations = visible(state)
    state.typ = found["typ"]


def visible(state: DialogueState) -> list[dict[str, Any]]:
    """The recommendations without those that the resident turned down."""
    rejected = {rejection.service for rejection in state.rejections}
    return [r for r in state.recommendations or [] if r["service"]["id"] not in rejected]


def show(turn: Turn, recommendations: Sequence[Mapping[str, Any]]) -> None:
    """Remember which services the resident has before their eyes, the first of them as the one spoken of."""
    state = turn.state
    state.on_view = [r["service"]["id"] for r in recommendations]
    state.seen += [service_id for service_id in state.on_view if service_id not in state.seen]
    if state.on_view:
        state.topic = state.on_view[0]


def unseen(state: DialogueState) -> list[dict[str, Any]]:
    """The recommendations that were not shown yet."""
    return [r for r in visible(state) if r["service"]["id"] not in state.seen]


def names(recommendations: Sequence[Mapping[str, Any]]) -> str:
    """The services' names as one text."""
    return ", ".join(recommendation["service"]["name"] for recommendation in recommendations)


def _say_typ(turn: Turn) -> None:
    typ = turn.state.typ or {}
    if typ.get("eligible") is True:
        turn.say("utter_typ_yes", basis=_basis(typ))
    elif typ.get("eligible") is None and turn.state.answers.get("unemployed_months") not in (None, 0, SKIPPED):
        turn.say("utter_typ_maybe")


def _basis(typ: Mapping[str, Any]) -> str:
    return " ".join(item["text"] for item in typ.get("basis", []))


def say_next_step(turn: Turn, first: Sequence[Mapping[str, Any]]) -> None:
    """What to do first, and what else can be done; without services the way to a person."""
    if first:
        more = [button("other_suggestions")] if unseen(turn.state) else []
        why = button("why_these" if len(first) > 1 else "why_this")
        turn.say("utter_first_step", name=first[0]["service"]["name"], buttons=[*more, why, *onward(turn)])
    elif turn.state.rejections:
        say_no_more(turn)
    else:
        turn.say("utter_no_services")


def say_no_more(turn: Turn) -> None:
    """That there is nothing further to suggest, and what can be done then."""
    turn.say("utter_no_more_services", buttons=onward(turn))


def onward(turn: Turn) -> list[Button]:
    """What can be done with suggestions, or without any."""
    refusing = [button("does_not_suit")] if turn.state.on_view else []
    return [*refusing, *(button(name) for name in ("correct", "person", "enough"))]
