"""What is stored, and having it deleted or handed out."""

from __future__ import annotations

from actions.self_check.asking import go_on, still_open
from actions.turn import Handler, Turn


def ask_privacy(turn: Turn) -> None:
    """What is stored, who sees it, for how long."""
    turn.say("utter_privacy", days=turn.retention_days)
    go_on(turn)


def delete_my_data(turn: Turn) -> None:
    """Ask once before everything is erased."""
    if turn.state.awaiting != "confirm_erasure":
        turn.state.before_erasure = turn.state.awaiting
    turn.state.awaiting = "confirm_erasure"
    turn.state.progress = None
    turn.say("utter_ask_confirm_erasure")


_CHOICES = {
    "affirm": "yes",
    "delete_my_data": "yes",
    **dict.fromkeys(("deny", "unsure", "stop", "go_back", "cancel_handoff"), "no"),
}


def confirm_erasure(turn: Turn) -> bool:
    """Take the message as the answer to "erase everything?". True when it was one."""
    choice = turn.entity("confirm_erasure") if turn.is_button else None
    if choice is None:
        choice = _CHOICES.get(turn.intent)
    if choice == "yes":
        turn.state.command = "erase"
        turn.state.awaiting = None
        turn.say("utter_erased")
    elif choice == "no":
        state = turn.state
        state.awaiting, state.before_erasure = still_open(state, state.before_erasure), None
        turn.say("utter_not_erased")
        go_on(turn)
    else:
        return False
    return True


def download_my_data(turn: Turn) -> None:
    """Where the copy is."""
    turn.say("utter_download")
    go_on(turn)


HANDLERS: dict[str, Handler] = {
    "ask_privacy": ask_privacy,
    "delete_my_data": delete_my_data,
    "download_my_data": download_my_data,
}
