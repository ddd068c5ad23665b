"""Reaching a person: consent first, a name only if wanted, then the request; or a callback."""

from __future__ import annotations

import re
from typing import Any, Literal

from actions.handoff_client import AdvisersClosed, HandoffFailed
from actions.questions import SKIPPED, next_question, questions
from actions.result import summary_areas
from actions.self_check import go_on
from actions.state import DialogueState, HandoffDraft
from actions.turn import Handler, Turn

CONSENT_TEXT_VERSION = "2026-11-22"
"""Changes whenever ``utter_ask_handoff_consent`` does; kept with every consent."""

NAME_MAX_CHARS = 60
_PREFIX = re.compile(
    r"^\s*((mun|minun|mu|miun)\s+)?(nimi(ni)?\s+on|nimeni|mä\s+oon|mie\s+oon|minä\s+olen|olen|oon)\s+",
    re.IGNORECASE,
)

_AGREES = re.compile(r"\s*(joo|kyllä|ok|laita|laittakaa|välitä|anna|saa)\b")

# Said while a name or an address is awaited, these are what they are and not a name.
NOT_CONTACT = frozenset(
    {
        "crisis",
        "danger",
        "cancel_handoff",
        "stop",
        "restart",
        "go_back",
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


def request_human(turn: Turn) -> None:
    """Show what would be passed on and ask for consent."""
    _begin(turn, "chat")


def request_callback(turn: Turn) -> None:
    """The same for being called or written to."""
    _begin(turn, "callback")


def _begin(turn: Turn, kind: Literal["chat", "callback"]) -> None:
    state = turn.state
    if state.awaiting not in OPEN_STEPS:
        state.parked = state.awaiting
    elif state.awaiting == "handoff_consent":
        # To ask for a person once more is no consent; say what is meant instead of the same words.
        turn.say("utter_explain_handoff_consent")
    state.handoff = HandoffDraft(kind=kind)
    state.awaiting = "handoff_consent"
    state.progress = None
    if kind == "callback":
        turn.say("utter_callback_possible")
    if state.answers:
        areas = ", ".join(area["area"].lower() for area in summary_areas(state.answers))
        turn.say("utter_handoff_what_is_passed", areas=areas)
    turn.say("utter_ask_handoff_consent")


OPEN_STEPS = ("handoff_consent", "handoff_contact", "callback_time")


def handoff_consent(turn: Turn) -> bool:
    """Take the message as the answer to the consent. True when it was one."""
    choice = turn.entity("handoff_consent") if turn.is_button else None
    if choice is None:
        choice = {"affirm": "summary", "deny": "no", "cancel_handoff": "no"}.get(turn.intent)
        agrees = turn.intent == "affirm" or _AGREES.match(turn.text.casefold())
        if choice != "no" and agrees and re.search(r"\bkoko\b|\bkaik", turn.text.casefold()):
            choice = "transcript"
    if choice not in ("summary", "transcript", "no"):
        return False
    if choice == "no":
        _leave(turn, "utter_handoff_declined")
        return True
    turn.state.handoff.scope = "transcript" if choice == "transcript" else "summary"
    turn.state.awaiting = "handoff_contact"
    turn.say(contact_question(turn))
    return True


def contact_question(turn: Turn) -> str:
    """The response that asks for a name, or for a number or address when one is to be called."""
    return "utter_ask_callback_contact" if turn.state.handoff.kind == "callback" else "utter_ask_handoff_contact"


async def handoff_contact(turn: Turn) -> bool:
    """Take a name (for a chat) or a number or address (for a callback). True when the turn is done."""
    reachable = turn.entity("phone_number") or turn.entity("email")
    if turn.intent in NOT_CONTACT and not reachable:
        return False
    draft = turn.state.handoff
    skipped = turn.is_button or turn.intent in ("skip_question", "deny")
    if draft.kind == "chat":
        if not skipped:
            draft.name = clean_name(turn.text)
        await _send(turn)
        return True
    draft.phone = turn.entity("phone_number") or draft.phone
    draft.email = turn.entity("email") or draft.email
    if draft.phone is None and draft.email is None:
        if skipped:
            _leave(turn, "utter_callback_needs_contact")
        else:
            turn.say("utter_contact_not_found")
        return True
    turn.state.awaiting = "callback_time"
    turn.say("utter_ask_callback_time")
    return True


def clean_name(text: str) -> str | None:
    """A name out of "mun nimi on Matti"; None when there is nothing left."""
    name = _PREFIX.sub("", text).strip(" .,!\n\t")
    return name[:NAME_MAX_CHARS] or None


async def callback_time(turn: Turn) -> bool:
    """Take the wished time as it was said. True when the turn is done."""
    # "Soittakaa torstaina" is the time that was asked for, not a second request.
    if turn.intent in NOT_CONTACT - {"request_callback"}:
        return False
    choice = turn.entity("callback_time") if turn.is_button else turn.text
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
        state.awaiting = "handoff_contact"
        turn.say("utter_advisers_closed", next_open=closed.next_open or "")
        turn.say("utter_ask_callback_contact")
        return
    except HandoffFailed:
        unpark(state)
        turn.say("utter_handoff_failed")
        return
    unpark(state)
    state.handoff = HandoffDraft(kind=draft.kind, scope=draft.scope)
    if accepted.status == "callback_requested":
        turn.say(
            "utter_callback_requested",
            when=draft.wished_time or "milloin vain",
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
        "consent": {"scope": draft.scope or "summary", "text_version": CONSENT_TEXT_VERSION},
        "name": draft.name,
        "contact": {"phone": draft.phone, "email": draft.email},
        "wished_time": draft.wished_time,
        "urgent": state.urgent,
        "reason": None,
        "answers": state.answers,
        "summary": summary_areas(state.answers),
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
    parked = state.parked
    if parked in questions() and parked in state.answers:
        parked = next_question(state.answers)
    state.awaiting = parked


def _leave(turn: Turn, response: str) -> None:
    state = turn.state
    unpark(state)
    state.handoff = HandoffDraft()
    turn.say(response)
    go_on(turn)


HANDLERS: dict[str, Handler] = {
    "request_human": request_human,
    "request_callback": request_callback,
    "cancel_handoff": cancel_handoff,
}
