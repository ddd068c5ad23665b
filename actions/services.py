"""Questions about services: what suits me, what is there, what is this one, how do I get in, whom do I call."""

from __future__ import annotations

from typing import Any

from actions.questions import questions
from actions.result import FIRST_SHOWN, RESULT_BUTTONS, RESULT_INTROS, cards, say_next_step, show_result, visible
from actions.self_check import ask_next, go_on, return_to_question
from actions.turn import Button, Handler, Turn
from catalogue.answers import AnswerKind, service_answer
from catalogue.models import Service

ANSWER_KINDS: dict[str, AnswerKind] = {
    "ask_service": "what",
    "ask_eligibility": "for_whom",
    "ask_how_to_apply": "how_to_apply",
    "ask_contact": "contact",
    "ask_benefits": "money",
}


def _access(turn: Turn) -> Any:
    if turn.catalogue is None:
        raise RuntimeError("no catalogue")
    return turn.catalogue


def recommend(turn: Turn) -> None:
    """What suits me? After the self-check the result, before it the offer to begin, within it the way on."""
    state = turn.state
    if state.recommendations is not None:
        if any(said.response in RESULT_INTROS for said in state.last):
            # It was all said a moment ago: what to do first is the answer, not the whole again.
            say_next_step(turn, visible(turn)[:FIRST_SHOWN])
        else:
            show_result(turn)
    elif state.awaiting in questions():
        turn.say("utter_recommendation_after_questions")
        return_to_question(turn)
    else:
        turn.say("utter_recommendation_needs_answers")
        ask_next(turn)


def why_recommended(turn: Turn) -> None:
    """Why these, or why this one."""
    state = turn.state
    if not state.recommendations:
        turn.say("utter_nothing_recommended_yet")
        return_to_question(turn)
        return
    wanted = turn.entity("service")
    chosen = [r for r in state.recommendations if r["service"]["id"] == wanted] or visible(turn)[: state.shown or 3]
    for recommendation in chosen:
        reasons = " ".join(reason["text"] for reason in recommendation["reasons"])
        turn.say("utter_why_this_service", name=recommendation["service"]["name"], reasons=reasons)
    turn.say("utter_why_you_decide", buttons=RESULT_BUTTONS[1:])


def more(turn: Turn) -> None:
    """The recommendations that were not shown yet."""
    state = turn.state
    if state.recommendations is None:
        recommend(turn)
        return
    rest = visible(turn)[state.shown :]
    if not rest:
        turn.say("utter_no_more_services", buttons=RESULT_BUTTONS[1:])
        return
    turn.say("utter_more_services", services=cards(rest), list=", ".join(r["service"]["name"] for r in rest))
    state.shown += len(rest)
    turn.say("utter_what_next_after_result")


def reject(turn: Turn) -> None:
    """A service does not suit: offer the next one, keep the wish for the adviser."""
    state = turn.state
    shown = visible(turn)
    wanted = turn.entity("service") or state.topic
    if state.recommendations is None or wanted is None or not shown:
        turn.say("utter_nothing_recommended_yet")
        return_to_question(turn)
        return
    state.rejected.append(wanted)
    rest = visible(turn)[:FIRST_SHOWN]
    if rest:
        state.topic = rest[0]["service"]["id"]
        turn.say("utter_another_service", services=cards(rest[:1]), list=rest[0]["service"]["name"])
    turn.say("utter_what_next_after_result")


def list_services(turn: Turn) -> None:
    """What services there are: of one group or matching words, else the groups."""
    access = _access(turn)
    group = turn.entity("group")
    if group is not None:
        found = access.in_group(group, turn.today)
    else:
        found = _named(turn)
    if found:
        turn.say(
            "utter_services_found",
            services=[_card(service) for service in found[:5]],
            list=", ".join(service.name for service in found[:5]),
        )
        go_on(turn)
    else:
        turn.say("utter_service_groups")
        return_to_question(turn)


def _named(turn: Turn) -> list[Service]:
    access = _access(turn)
    ids = [entity.value for entity in turn.entities if entity.name == "service"]
    return [service for service in (access.service(service_id) for service_id in ids) if service is not None]


def _card(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.name,
        "group": service.group,
        "summary": service.summary,
        "url": service.url,
        "phone": service.phone,
        "reasons": [],
    }


def about_service(turn: Turn) -> None:
    """What a service is, whom it is for, how to get in, whom to call, what about money."""
    kind = ANSWER_KINDS[turn.intent]
    found = _named(turn)
    if not found and turn.text and not turn.is_button:
        found = _access(turn).search(turn.text, limit=3) if kind == "what" else []
    if not found and turn.state.topic is not None and kind != "what":
        topic = _access(turn).service(turn.state.topic)
        found = [topic] if topic is not None else []
    if not found:
        turn.say(f"utter_which_service_{kind}")
        return_to_question(turn)
        return
    service = found[0]
    turn.state.topic = service.id
    turn.say(
        "utter_service_answer",
        answer=service_answer(service, kind, turn.today, _access(turn).catalogue()),
        services=[_card(service)] if kind in ("what", "contact") else [],
        buttons=_other_kinds(service, kind) if turn.state.awaiting is None else (),
    )
    return_to_question(turn)


def _other_kinds(service: Service, said: str) -> list[Button]:
    titles = {
        "ask_eligibility": "Kenelle?",
        "ask_how_to_apply": "Miten pääsen?",
        "ask_contact": "Yhteystiedot",
        "ask_benefits": "Raha ja tuet",
    }
    return [
        Button(title, f'/{intent}{{"service": "{service.id}"}}')
        for intent, title in titles.items()
        if ANSWER_KINDS[intent] != said
    ]


HANDLERS: dict[str, Handler] = {
    "ask_recommendation": recommend,
    "ask_why_recommended": why_recommended,
    "more_services": more,
    "reject_service": reject,
    "list_services": list_services,
    "ask_service": about_service,
    "ask_eligibility": about_service,
    "ask_how_to_apply": about_service,
    "ask_contact": about_service,
    "ask_benefits": about_service,
}
