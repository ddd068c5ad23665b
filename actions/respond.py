"""Which handler answers a message: first safety, then what is awaited, then the intent."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping

from actions import conversation, people, privacy, safety, self_check, services
from actions.questions import questions
from actions.turn import Handler, Turn

HANDLERS: Mapping[str, Handler] = {
    **conversation.HANDLERS,
    **self_check.HANDLERS,
    **services.HANDLERS,
    **people.HANDLERS,
    **privacy.HANDLERS,
    **safety.HANDLERS,
}

# What takes the message first while something besides a question of the self-check is awaited.
AWAITED: Mapping[str, Callable[[Turn], bool | Awaitable[bool]]] = {
    "handoff_consent": people.handoff_consent,
    "handoff_contact": people.handoff_contact,
    "callback_time": people.callback_time,
    "confirm_erasure": privacy.confirm_erasure,
    "resume_or_restart": self_check.resume_or_restart,
}

UNDERSTOOD_NOTHING = frozenset({"nlu_fallback", "out_of_scope"})


async def respond(turn: Turn) -> None:
    """Answer the message: changes ``turn.state`` and fills ``turn.messages``, which is never left empty."""
    state = turn.state
    state.command = None
    if turn.intent not in safety.HANDLERS and await _taken_by_awaited(turn):
        pass
    else:
        handler = HANDLERS.get(turn.intent, conversation.not_understood)
        done = handler(turn)
        if inspect.isawaitable(done):
            await done
    if turn.intent not in UNDERSTOOD_NOTHING:
        state.failures = 0
    if not turn.messages:
        conversation.not_understood(turn)
    turn.remember_said()


async def _taken_by_awaited(turn: Turn) -> bool:
    awaiting = turn.state.awaiting
    if awaiting is None or awaiting in questions():
        return False
    if turn.is_button and turn.intent == "answer" and turn.entity(awaiting) is None:
        # A button of an earlier message: it answers its own question, whatever is awaited now.
        return False
    if turn.is_button and turn.intent != "answer":
        return False
    taker = AWAITED.get(awaiting)
    if taker is None:
        return False
    taken = taker(turn)
    return await taken if inspect.isawaitable(taken) else bool(taken)
