"""The table of states: what the design says may happen, and nothing else."""

from __future__ import annotations

import pytest

from api.handoff.states import FINISHED, HUMAN, MEANINGS, TRANSITIONS, Event, IllegalTransition, Status, after, table
from settings import ROOT


def test_the_way_to_a_person_and_back() -> None:
    status = Status.BOT
    seen = []
    for event in (Event.REQUEST_CHAT, Event.ACCEPT, Event.RELEASE, Event.ACCEPT, Event.CLOSE, Event.RESIDENT_GOES_ON):
        status = after(status, event)
        seen.append(status)
    assert seen == ["queued", "accepted", "queued", "accepted", "closed", "bot"]


@pytest.mark.parametrize("done", sorted(FINISHED))
def test_after_an_end_everything_can_be_asked_for_again(done: Status) -> None:
    assert after(done, Event.RESIDENT_GOES_ON) == "bot"
    assert after(done, Event.REQUEST_CHAT) == "queued"
    assert after(done, Event.REQUEST_CALLBACK) == "callback_requested"


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (Status.BOT, Event.ACCEPT),
        (Status.BOT, Event.CLOSE),
        (Status.QUEUED, Event.CLOSE),
        (Status.ACCEPTED, Event.ACCEPT),
        (Status.ACCEPTED, Event.TIME_OUT),
        (Status.CLOSED, Event.ACCEPT),
        (Status.CANCELLED, Event.CLOSE),
        (Status.TIMED_OUT, Event.ACCEPT),
        (Status.CALLBACK_REQUESTED, Event.ACCEPT),
    ],
)
def test_what_must_not_happen_does_not(status: Status, event: Event) -> None:
    with pytest.raises(IllegalTransition):
        after(status, event)


def test_nobody_is_stuck() -> None:
    """From every state there is a way back to the bot."""
    for start in Status:
        reached, frontier = {start}, [start]
        while frontier:
            current = frontier.pop()
            for (status, _), follows in TRANSITIONS.items():
                if status == current and follows not in reached:
                    reached.add(follows)
                    frontier.append(follows)
        assert Status.BOT in reached


def test_the_bot_is_silent_exactly_while_a_person_is_concerned() -> None:
    assert {"queued", "accepted"} == HUMAN


def test_the_page_shows_the_table_and_every_event_has_a_meaning() -> None:
    page = (ROOT / "docs" / "handoff.md").read_text(encoding="utf-8")
    assert table() in page
    assert set(MEANINGS) == set(Event) == {event for _, event in TRANSITIONS}


def test_every_end_allows_the_same() -> None:
    """The table of the page writes the four ends as one row."""
    ways = {
        done: {event: follows for (status, event), follows in TRANSITIONS.items() if status == done}
        for done in FINISHED
    }
    assert len({tuple(sorted(way.items())) for way in ways.values()}) == 1
