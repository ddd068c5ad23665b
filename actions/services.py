"""Questions about services: what suits me, what is there, what is this one, how do I get in, whom do I call."""

from __future__ import annotations

from typing import Any

from actions.buttons import button
from actions.phrases import ordinal, says
from actions.questions import questions
from actions.result import (
    FIRST_SHOWN,
    SUGGESTING,
    card_of,
    cards,
    names,
    onward,
    say_next_step,
    say_no_more,
    show,
    show_suggestions,
    unseen,
    visible,
)
from actions.self_check.asking import ask_next, go_on, return_to_question
from actions.turn import Button, Handler, Turn
from catalogue.answers import AnswerKind, service_answer
from catalogue.models import Service

LISTED = 5
"""How many services of a group are shown at once."""
BARE_NAME_WORDS = 4
"""A message of at most so many words with a service in it may be just the name that was asked for."""

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
    """What suits me? After the self-check the suggestions, before it the offer to begin, within it the way on."""
    state = turn.state
    if state.recommendations is not None:
        if turn.just_said(*SUGGESTING):
            # It was all said a moment ago: what to do first is the answer, not the whole again.
            say_next_step(turn, visible(state)[:FIRST_SHOWN])
        else:
            show_suggestions(turn)
    elif state.awaiting in questions():
        turn.say("utter_recommendation_after_questions")
        return_to_question(turn)
    else:
        turn.say("utter_recommendation_needs_answers")
        ask_next(turn)


def why_recommended(turn: Turn) -> None:
    """Why these, or why this one."""
    state = turn.state
    if state.recommendations is None:
        turn.say("utter_nothing_recommended_yet")
        return_to_question(turn)
        return
    if not visible(state):
        say_no_more(turn)
        return
    for same_reasons in _by_reasons(_asked_about(turn)):
        reasons = " ".join(reason["text"] for reason in same_reasons[0]["reasons"])
        response = "utter_why_this_service" if len(same_reasons) == 1 else "utter_why_these_services"
        turn.say(response, name=names(same_reasons), reasons=reasons)
    turn.say("utter_why_you_decide", buttons=onward(turn))


def _asked_about(turn: Turn) -> list[dict[str, Any]]:
    """The suggestions that a "why" means: the named one, "toi eka", those on view, or the first."""
    state = turn.state
    listed = visible(state)
    wanted = turn.entity("service")
    nth = None if turn.is_button else ordinal(turn.text, len(state.on_view))
    if wanted is None and nth is not None:
        wanted = state.on_view[nth]
    chosen = [r for r in listed if r["service"]["id"] == wanted]
    return chosen or [r for r in listed if r["service"]["id"] in state.on_view] or listed[:FIRST_SHOWN]


def _by_reasons(recommendations: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The suggestions, those with the very same reasons together: no reason is told twice."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for recommendation in recommendations:
        groups.setdefault(str([reason["text"] for reason in recommendation["reasons"]]), []).append(recommendation)
    return list(groups.values())


def asks_for_more(turn: Turn) -> bool:
    """Whether the message asks for further suggestions after the first were shown."""
    state = turn.state
    if turn.is_button or state.awaiting is not None or not state.on_view:
        return False
    return says("more", turn.text)


def more(turn: Turn) -> None:
    """The recommendations that were not shown yet."""
    state = turn.state
    if state.recommendations is None:
        recommend(turn)
        return
    rest = unseen(state)
    if not rest:
        say_no_more(turn)
        return
    response = "utter_more_services" if len(rest) > 1 else "utter_another_suggestion"
    turn.say(response, services=cards(turn, rest), list=names(rest))
    show(turn, rest)
    go_on(turn, buttons=[button("why_these" if len(rest) > 1 else "why_this"), button("does_not_suit")])


def list_services(turn: Turn) -> None:
    """What services there are: of one group, some at a time, or matching words, else the groups."""
    group = turn.entity("group")
    found = _access(turn).in_group(group, turn.today) if group is not None else _named(turn)
    first = turn.entity("number") if turn.is_button else None
    start = first if isinstance(first, int) and 0 <= first < len(found) else 0
    shown = found[start : start + LISTED]
    if not shown:
        _say_groups(turn)
        return
    if start > 0:
        response = "utter_services_further"
    elif len(found) > LISTED:
        response = "utter_services_many"
    else:
        response = "utter_services_found" if len(found) > 1 else "utter_service_found"
    cards_shown = [_card(turn, service) for service in shown]
    turn.say(response, services=cards_shown, list=", ".join(service.name for service in shown), number=len(found))
    turn.state.on_view = [service.id for service in shown]
    further = start + LISTED < len(found) and group is not None
    go_on(turn, buttons=[button("more_of_group", group=group, number=start + LISTED)] if further else ())


def _say_groups(turn: Turn) -> None:
    """The groups as buttons; while something is awaited, whose buttons come last, in words."""
    if turn.state.awaiting is None:
        turn.say("utter_service_groups")
    else:
        turn.say("utter_service_groups_in_words")
        return_to_question(turn)


def _named(turn: Turn) -> list[Service]:
    access = _access(turn)
    ids = [entity.value for entity in turn.entities if entity.name == "service"]
    return [service for service in (access.service(service_id) for service_id in ids) if service is not None]


def _card(turn: Turn, service: Service) -> dict[str, Any]:
    fields = service.model_dump(include={"id", "name", "summary", "url", "phone"})
    return {**card_of(turn, fields), "group": service.group, "reasons": []}


def about_service(turn: Turn) -> None:
    """What a service is, whom it is for, how to get in, whom to call, what about money."""
    kind = _kind(turn)
    service = _meant(turn, kind)
    if service is None:
        _ask_which(turn, kind)
        return
    turn.state.topic = service.id
    plainly = service.plain if kind == "what" and turn.state.plain and service.valid_on(turn.today) else None
    answer = plainly or service_answer(service, kind, turn.today, _access(turn).catalogue())
    # Which service it is about is said wherever the answer does not begin with it.
    named = kind == "what" or answer.startswith(service.name)
    turn.say(
        "utter_service_answer" if named else "utter_service_detail",
        services=[_card(turn, service)] if kind in ("what", "contact") else [],
        buttons=_other_kinds(turn, service, kind) if turn.state.awaiting is None else (),
        answer=answer,
        name=service.name,
    )
    return_to_question(turn)


def _kind(turn: Turn) -> AnswerKind:
    """What is asked of the service; a bare name answers what was asked before the service was known."""
    if turn.intent == "ask_service" and not turn.is_button and len(turn.text.split()) <= BARE_NAME_WORDS:
        for kind in ANSWER_KINDS.values():
            if turn.just_said(f"utter_which_service_{kind}"):
                return kind
    return ANSWER_KINDS[turn.intent]


def _meant(turn: Turn, kind: AnswerKind) -> Service | None:
    """The service asked about: the named one, one that fits the words, or the one last spoken of."""
    named = _named(turn)
    if named:
        return named[0]
    access = _access(turn)
    described: Service | None = None
    if kind == "what" and turn.text and not turn.is_button:
        described = access.meant(turn.text)
    if described is None and turn.state.topic is not None and (kind != "what" or says("points_back", turn.text)):
        described = access.service(turn.state.topic)
    return described


def _ask_which(turn: Turn, kind: AnswerKind) -> None:
    """Say that the service was not recognised; the second time show what there is."""
    response = f"utter_which_service_{kind}"
    if turn.just_said(response):
        _say_groups(turn)
    else:
        turn.say(response)
        return_to_question(turn)


def _other_kinds(turn: Turn, service: Service, said: AnswerKind) -> list[Button]:
    buttons = [button(kind, service=service.id) for kind in ANSWER_KINDS.values() if kind not in ("what", said)]
    if turn.state.recommendations is None:
        return buttons
    suggested = any(r["service"]["id"] == service.id for r in visible(turn.state))
    rejecting = [button("does_not_suit", service=service.id)] if suggested else []
    return [*buttons, *rejecting, button("suggestions")]


HANDLERS: dict[str, Handler] = {
    "ask_recommendation": recommend,
    "ask_why_recommended": why_recommended,
    "more_services": more,
    "list_services": list_services,
    "ask_service": about_service,
    "ask_eligibility": about_service,
    "ask_how_to_apply": about_service,
    "ask_contact": about_service,
    "ask_benefits": about_service,
}
