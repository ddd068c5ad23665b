"""What is stored, and having it deleted or handed out."""

from __future__ import annotations

from actions.people import unpark
from actions.self_check import go_on
from actions.turn import Handler, Turn


def ask_privacy(turn: Turn) -> None:
    """What is stored, who sees it, for how long."""
    turn.say("utter_privacy", days=turn.retention_days)
    go_on(turn)


def delete_my_data(turn: Turn) -> None:
    """Ask once before everything is erased."""
    if turn.state.awaiting != "confirm_erasure":
        turn.state.parked = turn.state.awaiting
    turn.state.awaiting = "confirm_erasure"
    turn.state.progress = None
    turn.say("utter_ask_confirm_erasure")


def confirm_erasure(turn: Turn) -> bool:
    """Take the message as the answer to "erase everything?". True when it was one."""
    choice = turn.entity("confirm_erasure") if turn.is_button else None
    if choice is None:
        choice = {"affirm": "yes", "delete_my_data": "yes", "deny": "no", "unsure": "no", "stop": "no"}.get(turn.intent)
    if choice == "yes":
        turn.state.command = "erase"
        turn.state.awaiting = None
        turn.say("utter_erased")
    elif choice == "no":
        unpark(turn.state)
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
