"""The result: the summary by area, the recommended services with reasons, what to do first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.labels import area_label, question_label, value_label
from actions.questions import questions
from actions.turn import Button, Turn

RESULT_INTROS = ("utter_result_intro", "utter_simple_result_intro")

FIRST_SHOWN = 3
"""How many services are shown at first; the rest on request."""


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


def summary_text(answers: Mapping[str, Any]) -> str:
    """The summary as lines of text. Without empty lines: Rasa would send each part as a message of its own."""
    blocks = []
    for area in summary_areas(answers):
        lines = "\n".join(f"– {item['question']}: {item['answer']}" for item in area["items"])
        blocks.append(f"{area['area']}\n{lines}")
    return "\n".join(blocks)


def show_summary(turn: Turn) -> None:
    """Say the summary, with a way to change an answer."""
    turn.say("utter_summary", summary=summary_text(turn.state.answers))


def cards(recommendations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Recommendations as the chat's service cards."""
    return [
        {
            **recommendation["service"],
            "group": recommendation["group"],
            "reasons": [reason["text"] for reason in recommendation["reasons"]],
        }
        for recommendation in recommendations
    ]


def show_result(turn: Turn) -> None:
    """Say summary, first services, the joint service if it may concern the resident, and what to do first."""
    state = turn.state
    compute(turn)
    wanted = visible(turn)
    show_summary(turn)
    if not any(value != "skipped" for value in state.answers.values()):
        turn.say("utter_result_all_skipped")
    turn.say("utter_result_intro" if not state.plain else "utter_simple_result_intro")
    first = wanted[:FIRST_SHOWN]
    turn.say("utter_result_services", services=cards(first), list=_list(first))
    state.shown = len(first)
    if first:
        state.topic = first[0]["service"]["id"]
    _say_typ(turn)
    say_next_step(turn, first)


def compute(turn: Turn) -> None:
    """Ask the catalogue anew for what fits the answers."""
    if turn.catalogue is None:
        raise RuntimeError("no catalogue")
    found = turn.catalogue.recommend(turn.state.answers, turn.today)
    turn.state.recommendations = found["recommendations"]
    turn.state.typ = found["typ"]


def visible(turn: Turn) -> list[dict[str, Any]]:
    """The recommendations without those that the resident turned down."""
    return [r for r in turn.state.recommendations or [] if r["service"]["id"] not in turn.state.rejected]


def _list(recommendations: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(recommendation["service"]["name"] for recommendation in recommendations)


def _say_typ(turn: Turn) -> None:
    typ = turn.state.typ or {}
    if typ.get("eligible") is True:
        turn.say("utter_typ_yes", basis=_basis(typ))
    elif typ.get("eligible") is None and turn.state.answers.get("unemployed_months") not in (
        None,
        0,
        "skipped",
    ):
        turn.say("utter_typ_maybe")


def _basis(typ: Mapping[str, Any]) -> str:
    return " ".join(item["text"] for item in typ.get("basis", []))


def say_next_step(turn: Turn, first: Sequence[Mapping[str, Any]]) -> None:
    """What to do first, and what else can be done; without services the way to a person."""
    if not first:
        turn.say("utter_no_services")
        return
    service = first[0]["service"]
    more = len(visible(turn)) > FIRST_SHOWN
    buttons = [Button("Näytä muut palvelut", "/more_services")] if more else []
    turn.say("utter_first_step", name=service["name"], buttons=[*buttons, *RESULT_BUTTONS])


RESULT_BUTTONS = (
    Button("Miksi juuri nämä?", "/ask_why_recommended"),
    Button("Muuta vastausta", "/correct_answer"),
    Button("Haluan jutella ihmisen kanssa", "/request_human"),
    Button("Tämä riittää", "/goodbye"),
)
