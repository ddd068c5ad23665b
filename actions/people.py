"""Reaching a person: consent first, a name only if wanted, then the request; or a callback."""

from __future__ import annotations

import re
from typing import Any, Literal

from actions.handoff_client import AdvisersClosed, HandoffFailed
from actions.labels import phrase_label
from actions.phrases import says
from actions.questions import SKIPPED
from actions.rejection import told_to_adviser
from actions.result import names, summary_areas, summary_text, visible
from actions.self_check.asking import go_on, repeat_other, still_open
from actions.state import DialogueState, HandoffDraft
from actions.turn import Handler, Turn

CONSENT_TEXT_VERSION = "2026-11-22.2"
"""Changes whenever the texts of the consent do: what is asked, and what is said to be in the summary."""


def consent_version(turn: Turn) -> str:
    """Which text the resident agreed to: the ordinary or the simpler wording of that version."""
    return f"{CONSENT_TEXT_VERSION}-simple" if turn.state.plain else CONSENT_TEXT_VERSION


NAME_MAX_CHARS = 60
NAME_MAX_WORDS = 4
_PREFIX = re.compile(
    r"^\s*((mun|minun|mu|miun)\s+)?(nimi(ni)?\s+on|nimeni|mä\s+oon|mie\s+oon|minä\s+olen|olen|oon)\s+",
    re.IGNORECASE,
)

OPEN_STEPS = ("handoff_consent", "handoff_contact", "callback_time")

# Said while a name, an address or a time is awaited, these are what they are and no such thing.
NOT_CONTACT = frozenset(
    {
        "crisis",
        "danger",
        "cancel_handoff",
        "ask_privacy",
        "ask_why_asked",
        "explain_question",
        "simplify",
        "repeat",
        "delete_my_data",
        "bot_challenge",
        "complain",
        "request_callback",
        "ask_contact",
    }
)


GOES_ELSEWHERE = ("goodbye", "start_self_check", "restart")
"""Who says so on the way to a person has agreed to nothing. It is said that nothing is sent, and then answered."""


async def request_human(turn: Turn) -> None:
    """Show what would be passed on and ask for consent. Right after a failure: send the request again."""
    if turn.just_said("utter_handoff_failed", "utter_handoff_failed_again") and turn.state.handoff.scope is not None:
        turn.state.parked = turn.state.awaiting
        await _send(turn)
    else:
        _begin(turn, "chat")


def request_callback(turn: Turn) -> None:
    """The same for being called or written to."""
    _begin(turn, "callback")


def _begin(turn: Turn, kind: Literal["chat", "callback"]) -> None:
    state = turn.state
    asked_again = state.awaiting == "handoff_consent" and state.handoff.kind == kind
    if state.awaiting == "confirm_erasure":
        # Who asks for a person instead of confirming wants nothing erased now.
        state.awaiting = state.before_erasure
    if state.awaiting not in OPEN_STEPS:
        state.parked = state.awaiting
    state.handoff = HandoffDraft(kind=kind)
    state.awaiting = "handoff_consent"
    state.progress = None
    if asked_again:
        # To ask for a person once more is no consent; say what is meant instead of the same words.
        turn.say("utter_explain_handoff_consent")
    else:
        if kind == "callback":
            turn.say("utter_callback_possible")
        _say_what_is_passed(turn)
    turn.say("utter_ask_handoff_consent")


def _say_what_is_passed(turn: Turn) -> None:
    """What the adviser would see, all of it, before the consent."""
    state = turn.state
    summary = summary_text(passed_on(state))
    services = names(visible(state))
    if not summary:
        turn.say("utter_handoff_nothing_answered")
    elif services:
        turn.say("utter_handoff_what_is_passed_with_services", summary=summary, suggested=services)
    else:
        turn.say("utter_handoff_what_is_passed", summary=summary)
    if state.urgent is not None:
        turn.say("utter_handoff_urgent")


def passed_on(state: DialogueState) -> list[dict[str, Any]]:
    """The adviser's summary: the answers by area, and the services that did not suit, with the reasons given."""
    rejected = told_to_adviser(state)
    return [
        *summary_areas(state.answers),
        *([{"area": phrase_label("rejected_services"), "items": rejected}] if rejected else []),
    ]


def handoff_consent(turn: Turn) -> bool:
    """Take the message as the answer to the consent. True when the turn is done."""
    if turn.is_button:
        choice = turn.entity("handoff_consent")
    elif turn.intent in GOES_ELSEWHERE:
        _withdraw(turn, "utter_handoff_declined")
        return False
    else:
        choice = _consent_in(turn)
    if choice == "no":
        _leave(turn, "utter_handoff_declined")
    elif choice in ("summary", "transcript"):
        turn.state.handoff.scope = choice
        _ask_contact(turn)
    elif turn.intent == "unsure":
        turn.say("utter_explain_handoff_consent")
        turn.say("utter_ask_handoff_consent")
    else:
        return False
    return True


def _consent_in(turn: Turn) -> str | None:
    """What the words agree to: the summary, the whole talk, nothing; None when they are no answer."""
    if turn.intent in ("deny", "cancel_handoff", "go_back", "stop"):
        return "no"
    agrees = turn.intent == "affirm" or says("agrees_to_pass", turn.text)
    if agrees and says("the_whole_talk", turn.text):
        return "transcript"
    return "summary" if turn.intent == "affirm" or says("sends_summary", turn.text) else None


def _ask_contact(turn: Turn) -> None:
    """Ask for a name, or for a number or address when one is to be called."""
    turn.state.awaiting = "handoff_contact"
    repeat_other(turn, "handoff_contact")


async def handoff_contact(turn: Turn) -> bool:
    """Take a name (for a chat) or a number or address (for a callback). True when the turn is done."""
    draft = turn.state.handoff
    reachable = turn.entity("phone_number") or turn.entity("email")
    if not reachable and not turn.is_button:
        if turn.intent in NOT_CONTACT:
            return False
        if turn.intent in ("go_back", "stop", *GOES_ELSEWHERE):
            return _turns_back(turn)
    skipped = turn.is_button or turn.intent in ("skip_question", "deny")
    if draft.kind == "chat":
        draft.name = None if skipped else clean_name(turn.text)
        await _send(turn)
        return True
    draft.phone = turn.entity("phone_number") or draft.phone
    draft.email = turn.entity("email") or draft.email
    if draft.phone is None and draft.email is None:
        if skipped:
            _leave(turn, "utter_callback_needs_contact")
        else:
            again = turn.just_said("utter_contact_not_found")
            turn.say("utter_contact_not_found_again" if again else "utter_contact_not_found")
        return True
    turn.state.awaiting = "callback_time"
    turn.say("utter_ask_callback_time")
    return True


def _turns_back(turn: Turn) -> bool:
    """One step back, or out of it. True when the turn is done, and nothing else was said that wants an answer."""
    state = turn.state
    if turn.intent == "go_back":
        if state.awaiting == "callback_time":
            state.handoff.phone = state.handoff.email = None
            _ask_contact(turn)
        else:
            state.handoff.scope = None
            state.awaiting = "handoff_consent"
            turn.say("utter_ask_handoff_consent")
        return True
    if turn.intent == "stop":
        _leave(turn, "utter_handoff_declined")
        return True
    _withdraw(turn, "utter_handoff_declined")
    return False


def clean_name(text: str) -> str | None:
    """A name out of "mun nimi on Matti"; None when there is nothing left, no name, or more than a name."""
    name = _PREFIX.sub("", text).strip(" .,!\n\t")
    if says("no_name", name):
        return None
    return name[:NAME_MAX_CHARS] if 0 < len(name.split()) <= NAME_MAX_WORDS else None


async def callback_time(turn: Turn) -> bool:
    """Take the wished time as it was said. True when the turn is done."""
    # "Soittakaa torstaina" is the time that was asked for, not a second request.
    if turn.intent in NOT_CONTACT - {"request_callback"}:
        return False
    if not turn.is_button and turn.intent in ("go_back", "stop", "start_self_check", "restart"):
        return _turns_back(turn)
    choice = turn.entity("callback_time") if turn.is_button else turn.text.strip()
    if not turn.is_button and (turn.intent in ("skip_question", "goodbye") or says("any_time", turn.text)):
        choice = None
    turn.state.handoff.wished_time = None if choice in (SKIPPED, None) else str(choice)[:200]
    await _send(turn)
    return True


async def _send(turn: Turn) -> None:
    if turn.handoffs is None:
        raise RuntimeError("no handoff client")
    state = turn.state
    draft = state.handoff
    try:
        accepted = await turn.handoffs.request(draft.kind, handoff_data(turn), turn=turn.number)
    except AdvisersClosed as closed:
        draft.kind = "callback"
        if closed.next_open:
            turn.say("utter_advisers_closed", next_open=closed.next_open)
        else:
            turn.say("utter_advisers_closed_for_now")
        _ask_contact(turn)
        return
    except HandoffFailed:
        unpark(state)
        # The draft stays, so that trying again asks for nothing twice.
        turn.say("utter_handoff_failed_again" if turn.just_said("utter_handoff_failed") else "utter_handoff_failed")
        return
    unpark(state)
    state.handoff = HandoffDraft(kind=draft.kind, scope=draft.scope)
    if accepted.status == "callback_requested":
        turn.say(
            "utter_callback_requested",
            when=draft.wished_time or phrase_label("any_time"),
            where=draft.phone or draft.email or "",
        )
        go_on(turn)
    elif accepted.place is not None and accepted.place > 1:
        turn.say("utter_handoff_queued_place", place=accepted.place)
    else:
        turn.say("utter_handoff_queued")


def handoff_data(turn: Turn) -> dict[str, Any]:
    """What the request carries; see docs/architecture.md."""
    state = turn.state
    draft = state.handoff
    return {
        "conversation_id": turn.conversation_id,
        "consent": {"scope": draft.scope or "summary", "text_version": consent_version(turn)},
        "name": draft.name,
        "contact": {"phone": draft.phone, "email": draft.email},
        "wished_time": draft.wished_time,
        "urgent": state.urgent,
        "reason": None,
        "answers": state.answers,
        "summary": passed_on(state),
        "recommendations": state.recommendations or [],
    }


def cancel_handoff(turn: Turn) -> None:
    """No person after all."""
    if turn.state.awaiting in OPEN_STEPS:
        _leave(turn, "utter_handoff_declined")
    else:
        turn.say("utter_no_handoff_to_cancel")
        go_on(turn)


def unpark(state: DialogueState) -> None:
    """Open again what was asked before; if it was answered meanwhile, what comes after it."""
    state.awaiting, state.parked = still_open(state, state.parked), None


def _withdraw(turn: Turn, response: str) -> None:
    """Take the request back, and say so."""
    unpark(turn.state)
    turn.state.handoff = HandoffDraft()
    turn.say(response)


def _leave(turn: Turn, response: str) -> None:
    _withdraw(turn, response)
    go_on(turn)


HANDLERS: dict[str, Handler] = {
    "request_human": request_human,
    "request_callback": request_callback,
    "cancel_handoff": cancel_handoff,
}
