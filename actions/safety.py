"""Crisis and danger: help lines, calmly, and a person. In every state, before anything else."""

from __future__ import annotations

from actions.buttons import button
from actions.self_check.asking import go_on
from actions.turn import Handler, Turn


def crisis(turn: Turn) -> None:
    """Thoughts of suicide, self-harm, or of not wanting to live."""
    _help(turn, "crisis", "utter_crisis")


def danger(turn: Turn) -> None:
    """Violence or its threat, or an emergency under way."""
    _help(turn, "danger", "utter_danger")


def _help(turn: Turn, kind: str, response: str) -> None:
    state = turn.state
    # A crisis outlasts a later mention of danger: whoever takes the talk must see it.
    if state.urgent != "crisis":
        state.urgent = "crisis" if kind == "crisis" else "danger"
    turn.say(f"{response}_again" if turn.just_said(response) else response)
    turn.say("utter_help_person_now", buttons=[button("person_now"), button("continue_after_help")])


def continue_after_help(turn: Turn) -> None:
    """Go on where the talk was, without hurry."""
    turn.say("utter_continue_after_help")
    go_on(turn)


HANDLERS: dict[str, Handler] = {
    "crisis": crisis,
    "danger": danger,
    "continue_after_help": continue_after_help,
}
