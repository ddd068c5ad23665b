"""The states of a handoff, in one table. Nothing else decides what may follow what.

``bot`` is a talk without an open handoff. A talk shows the state of its latest handoff until the resident
goes on with the bot.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """State of a talk, and of a handoff (which is never ``bot``)."""

    BOT = "bot"
    QUEUED = "queued"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    CALLBACK_REQUESTED = "callback_requested"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


class Event(StrEnum):
    """What can happen to a talk."""

    REQUEST_CHAT = "request_chat"
    REQUEST_CALLBACK = "request_callback"
    ACCEPT = "accept"
    TRANSFER = "transfer"
    RELEASE = "release"
    VANISH = "vanish"
    CLOSE = "close"
    CANCEL = "cancel"
    TIME_OUT = "time_out"
    DAY_ENDS = "day_ends"
    CHANGE_CALLBACK = "change_callback"
    MISS_CALL = "miss_call"
    RESIDENT_GOES_ON = "resident_goes_on"


MEANINGS: dict[Event, str] = {
    Event.REQUEST_CHAT: "the resident asks for a person, and agreed to what is passed on",
    Event.REQUEST_CALLBACK: "the resident asks to be called or written to",
    Event.ACCEPT: "an adviser takes the talk",
    Event.TRANSFER: "the adviser hands the talk to a colleague who is present",
    Event.RELEASE: "the adviser gives the talk back to the queue",
    Event.VANISH: "the adviser's console has given no sign of life for too long",
    Event.CLOSE: "the adviser ends the talk with an outcome, or marks the call as done",
    Event.CANCEL: "the resident takes the request back, or leaves the adviser",
    Event.TIME_OUT: "nobody came within the set time",
    Event.DAY_ENDS: "closing time came while the resident waited",
    Event.CHANGE_CALLBACK: "the resident changes the contact or the wished time",
    Event.MISS_CALL: "the adviser did not reach the resident",
    Event.RESIDENT_GOES_ON: "the resident writes again after the end",
}
"""What each event is, for docs/handoff.md."""


class IllegalTransition(Exception):
    """The event cannot happen in this state."""

    def __init__(self, status: Status, event: Event) -> None:
        super().__init__(f"{event} in {status}")
        self.status = status
        self.event = event


HUMAN = frozenset({Status.QUEUED, Status.ACCEPTED})
"""A person is waited for or holds the talk: the bot is silent."""

OPEN = HUMAN | {Status.CALLBACK_REQUESTED}
"""Something is still owed to the resident."""

FINISHED = frozenset({Status.CLOSED, Status.CANCELLED, Status.TIMED_OUT, Status.FAILED})
"""The next message of the resident goes to the bot again. ``failed`` is a status of the contract into which nothing
leads today: a request is stored in the transaction that answers for it, or it does not exist."""

TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.BOT, Event.REQUEST_CHAT): Status.QUEUED,
    (Status.BOT, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.QUEUED, Event.ACCEPT): Status.ACCEPTED,
    (Status.QUEUED, Event.CANCEL): Status.CANCELLED,
    (Status.QUEUED, Event.TIME_OUT): Status.TIMED_OUT,
    (Status.QUEUED, Event.DAY_ENDS): Status.TIMED_OUT,
    (Status.QUEUED, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.ACCEPTED, Event.TRANSFER): Status.ACCEPTED,
    (Status.ACCEPTED, Event.RELEASE): Status.QUEUED,
    (Status.ACCEPTED, Event.VANISH): Status.QUEUED,
    (Status.ACCEPTED, Event.CLOSE): Status.CLOSED,
    (Status.ACCEPTED, Event.CANCEL): Status.CANCELLED,
    (Status.CALLBACK_REQUESTED, Event.REQUEST_CHAT): Status.QUEUED,
    (Status.CALLBACK_REQUESTED, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.CALLBACK_REQUESTED, Event.CHANGE_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.CALLBACK_REQUESTED, Event.MISS_CALL): Status.CALLBACK_REQUESTED,
    (Status.CALLBACK_REQUESTED, Event.CLOSE): Status.CLOSED,
    (Status.CALLBACK_REQUESTED, Event.CANCEL): Status.CANCELLED,
    **{(done, Event.RESIDENT_GOES_ON): Status.BOT for done in FINISHED},
    **{(done, Event.REQUEST_CHAT): Status.QUEUED for done in FINISHED},
    **{(done, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED for done in FINISHED},
}


def table() -> str:
    """The transitions as a table in Markdown, as docs/handoff.md shows it."""
    rows = ["| in | happens | then |", "|---|---|---|"]
    finished = " ".join(f"`{status}`" for status in Status if status in FINISHED)
    for (status, event), follows in TRANSITIONS.items():
        if status not in FINISHED:
            rows.append(f"| `{status}` | `{event}`: {MEANINGS[event]} | `{follows}` |")
        elif status == Status.CLOSED:  # the four ends allow the same
            rows.append(f"| {finished} | `{event}`: {MEANINGS[event]} | `{follows}` |")
    return "\n".join(rows)


def after(status: str, event: Event) -> Status:
    """The state that follows.

    Raises:
        IllegalTransition: when the event cannot happen in ``status``.
    """
    current = Status(status)
    try:
        return TRANSITIONS[current, event]
    except KeyError:
        raise IllegalTransition(current, event) from None
