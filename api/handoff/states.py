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
    RELEASE = "release"
    CLOSE = "close"
    CANCEL = "cancel"
    TIME_OUT = "time_out"
    FAIL = "fail"
    RESIDENT_GOES_ON = "resident_goes_on"


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
"""The next message of the resident goes to the bot again."""

TRANSITIONS: dict[tuple[Status, Event], Status] = {
    (Status.BOT, Event.REQUEST_CHAT): Status.QUEUED,
    (Status.BOT, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.QUEUED, Event.ACCEPT): Status.ACCEPTED,
    (Status.QUEUED, Event.CANCEL): Status.CANCELLED,
    (Status.QUEUED, Event.TIME_OUT): Status.TIMED_OUT,
    (Status.QUEUED, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.QUEUED, Event.FAIL): Status.FAILED,
    (Status.ACCEPTED, Event.RELEASE): Status.QUEUED,
    (Status.ACCEPTED, Event.CLOSE): Status.CLOSED,
    (Status.ACCEPTED, Event.CANCEL): Status.CANCELLED,
    (Status.CALLBACK_REQUESTED, Event.REQUEST_CHAT): Status.QUEUED,
    (Status.CALLBACK_REQUESTED, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED,
    (Status.CALLBACK_REQUESTED, Event.CLOSE): Status.CLOSED,
    (Status.CALLBACK_REQUESTED, Event.CANCEL): Status.CANCELLED,
    **{(done, Event.RESIDENT_GOES_ON): Status.BOT for done in FINISHED},
    **{(done, Event.REQUEST_CHAT): Status.QUEUED for done in FINISHED},
    **{(done, Event.REQUEST_CALLBACK): Status.CALLBACK_REQUESTED for done in FINISHED},
}


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
