"""A service that does not suit: another is offered, the reason is asked once and kept for the adviser."""

from __future__ import annotations

from actions.buttons import answer_button, button
from actions.labels import phrase_label, reject_reasons
from actions.phrases import ordinal, says
from actions.questions import SKIPPED, questions
from actions.result import ABOUT_SERVICE, cards, names, say_no_more, show, visible
from actions.self_check.asking import go_on, return_to_question
from actions.self_check.not_understood import not_an_answer
from actions.state import DialogueState, Rejection
from actions.turn import Button, Handler, Turn

NONE_OF_THEM = "all"
"""In a button's payload: none of the services on view suits."""
REASON_MAX_CHARS = 300
MOST_NAMED = 5
"""How many of what was shown have a place in words: "se viides"."""
BARE_WORDS = 2
"""A yes of at most so many words gives no reason yet."""


def says_no_to_service(turn: Turn) -> bool:
    """Whether the message turns a service down, or objects to one: "liian kaukana"."""
    state = turn.state
    if turn.is_button or not (state.awaiting is None or state.awaiting in questions()):
        return False
    refuses = says("rejects", turn.text)
    objects = says("objects", turn.text) and not says("asks", turn.text)
    if state.awaiting is not None:
        # What may answer the open question goes first. What points at a service that was shown does not.
        return objects or (refuses and points_at_service(turn) and bool(state.on_view))
    in_sight = bool(state.on_view) or turn.entity("service") is not None or turn.just_said(*ABOUT_SERVICE)
    return objects or (refuses and in_sight)


def reject(turn: Turn) -> None:
    """Take the service back; where it is not clear which, ask."""
    state = turn.state
    meant = [service_id for service_id in _meant(turn) if _name_of(turn, service_id) is not None]
    reason = _reason(turn)
    if not meant:
        _ask_which(turn, reason)
        return
    suggested = {r["service"]["id"] for r in visible(state)}
    kept = [name for service_id in meant if (name := _keep(turn, service_id, reason)) is not None]
    if state.awaiting is not None or not suggested & set(meant):
        turn.say("utter_left_out" if len(kept) == 1 else "utter_left_out_several", list=", ".join(kept))
        go_on(turn)
        return
    _offer_another(turn, len(meant))
    if reason is not None:
        turn.say("utter_reject_reason_kept")
        go_on(turn)
    elif state.reasons_unwanted:
        go_on(turn)
    else:
        state.invited = "reject_reason"
        turn.say("utter_ask_reject_reason", buttons=_reason_buttons())


def points_at_service(turn: Turn) -> bool:
    """Whether the message points at a service: by name, "toi eka", "toikaan", "se paja"."""
    in_words = any(says(name, turn.text) for name in ("this_one_too", "a_service", "objects"))
    return in_words or ordinal(turn.text, MOST_NAMED) is not None or turn.entity("service") is not None


def _ask_which(turn: Turn, reason: str | None) -> None:
    """Ask which of the services on view is meant; without any, say how things stand."""
    state = turn.state
    on_view = {service_id: name for service_id in state.on_view if (name := _name_of(turn, service_id)) is not None}
    if on_view:
        state.reason_told = reason
        choices = [Button(name, button("does_not_suit", service=key).payload) for key, name in on_view.items()]
        none = [button("none_suits", service=NONE_OF_THEM)] if len(on_view) > 1 else []
        turn.say("utter_which_does_not_suit", buttons=[*choices, *none, button("continue_here")])
    elif state.recommendations is not None and state.awaiting is None:
        say_no_more(turn)
    elif turn.intent != "reject_service" and state.awaiting is not None:
        not_an_answer(turn)
    else:
        turn.say("utter_nothing_recommended_yet")
        return_to_question(turn)


def _reason(turn: Turn) -> str | None:
    """The reason that the message gives, or that was said before it was clear which service is meant."""
    told, turn.state.reason_told = turn.state.reason_told, None
    if not turn.is_button:
        return _reason_in(turn.text)
    return told if turn.just_said("utter_which_does_not_suit") else None


def _reason_buttons() -> list[Button]:
    usual = [answer_button(label.capitalize(), "reject_reason", key) for key, (label, _) in reject_reasons().items()]
    return [*usual, answer_button(phrase_label("no_reason"), "reject_reason", SKIPPED)]


def _meant(turn: Turn) -> list[str]:
    """The ids of the services that are turned down; empty when that is not clear."""
    state = turn.state
    named = turn.entity("service")
    if named == NONE_OF_THEM:
        return list(state.on_view)
    if named is not None:
        return [named]
    if turn.is_button:
        return list(state.on_view) if len(state.on_view) == 1 else []
    nth = ordinal(turn.text, len(state.on_view))
    if nth is not None:
        return [state.on_view[nth]]
    if turn.just_said(*ABOUT_SERVICE) and state.topic is not None:
        return [state.topic]
    if len(state.on_view) == 1 or says("all_of_them", turn.text):
        return list(state.on_view)
    return []


def _reason_in(text: str) -> str | None:
    """The usual reason that the text gives, as it is passed on; None when it gives none."""
    lower = text.casefold()
    return next((label for label, pattern in reject_reasons().values() if pattern.search(lower)), None)


def _name_of(turn: Turn, service_id: str) -> str | None:
    """What the service is called; None when there is no such service."""
    suggested = (r["service"]["name"] for r in turn.state.recommendations or [] if r["service"]["id"] == service_id)
    rejected = (old.name for old in turn.state.rejections if old.service == service_id)
    name = next(suggested, None) or next(rejected, None)
    if name is None and turn.catalogue is not None and (service := turn.catalogue.service(service_id)) is not None:
        name = service.name
    return name


def _keep(turn: Turn, service_id: str, reason: str | None) -> str | None:
    """Write the rejection down. Returns the service's name; None when there is no such service."""
    state = turn.state
    name = _name_of(turn, service_id)
    if name is None:
        return None
    if not any(old.service == service_id for old in state.rejections):
        state.rejections.append(Rejection(service=service_id, name=name, reason=reason))
    if state.recommendations is not None:
        state.recommendations = visible(state)
    state.on_view = [other for other in state.on_view if other != service_id]
    if state.topic == service_id:
        state.topic = None
    return name


def _offer_another(turn: Turn, number: int) -> None:
    """Show as many others as were turned down, those first that were not seen yet."""
    state = turn.state
    left = visible(state)
    fresh = [r for r in left if r["service"]["id"] not in state.seen][:number]
    if fresh:
        response = "utter_another_service" if len(fresh) == 1 else "utter_other_services"
        turn.say(response, services=cards(turn, fresh), list=names(fresh))
        show(turn, fresh)
    elif left:
        turn.say("utter_the_other_remains" if len(left) == 1 else "utter_the_others_remain", list=names(left))
        show(turn, left)
    else:
        turn.say("utter_none_left")


def take_reason(turn: Turn) -> bool:
    """Take the message as the reason why the last service does not suit. True when it was one."""
    state = turn.state
    without = [rejection for rejection in state.rejections if rejection.reason is None]
    choice = turn.entity("reject_reason") if turn.is_button else None
    if not turn.is_button and says("rejects", turn.text) and points_at_service(turn):
        # Another one that does not suit either is no reason.
        return False
    if not without or (turn.is_button and choice != SKIPPED and choice not in reject_reasons()):
        return False
    if turn.intent == "affirm" and len(turn.text.split()) <= BARE_WORDS:
        state.invited = "reject_reason"
        turn.say("utter_tell_reason", buttons=_reason_buttons())
        return True
    if turn.is_button:
        reason = None if choice == SKIPPED else reject_reasons()[str(choice)][0]
    elif turn.intent in ("deny", "skip_question", "unsure"):
        reason = _reason_in(turn.text)
    else:
        reason = turn.text.strip()[:REASON_MAX_CHARS]
    if reason is None:
        state.reasons_unwanted = True
        turn.say("utter_no_reason_needed")
    else:
        for rejection in without:
            rejection.reason = reason
        turn.say("utter_reject_reason_kept")
    go_on(turn)
    return True


def told_to_adviser(state: DialogueState) -> list[dict[str, str]]:
    """The services that did not suit, for the adviser's summary: ``[{question, answer}]``."""
    return [
        {"question": rejection.name, "answer": rejection.reason or phrase_label("no_reason_told")}
        for rejection in state.rejections
    ]


HANDLERS: dict[str, Handler] = {"reject_service": reject}
