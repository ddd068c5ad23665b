"""Events: as a stream with ``Last-Event-ID``, and as one JSON answer; of residents and of advisers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from api.advisers import service as advisers
from api.database import sync_session
from tests.api.harness import Api, FakeEngine, Resident, add_advisers, free_port, serve
from tests.waiting import LIMIT_S, eventually

Event = tuple[str, str | None, Any]


def events(lines: Iterator[str]) -> Iterator[Event]:
    """Events of a stream: name, id, data. Comments are heartbeats."""
    name, identifier, data = "message", None, ""
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("id:"):
            identifier = line[3:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            yield name, identifier, json.loads(data)
            name, identifier, data = "message", None, ""


def until(stream: Iterator[Event], wanted: Callable[[Event], bool]) -> list[Event]:
    seen = []
    for event in stream:
        seen.append(event)
        if wanted(event):
            return seen
    raise AssertionError("the stream ended")


def open_stream(resident: Resident, **headers: str) -> Any:
    return resident.http.stream("GET", f"{resident.path}/events", headers=headers)


def test_a_stream_tells_what_was_said_and_where_the_talk_stands(resident: Resident) -> None:
    resident.say("yksi")
    with open_stream(resident) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        stream = events(answer.iter_lines())
        seen = until(stream, lambda event: event[0] == "status")
        assert [event[1] for event in seen if event[0] == "message"] == ["1", "2", "3"]
        assert seen[-1][2]["status"] == "bot"
        assert seen[-1][2]["awaiting"] == "wants_work"
        resident.say("kaksi")
        more = until(stream, lambda event: event[0] == "message" and event[2]["sender"] == "bot")
        assert [event[2]["text"] for event in more if event[0] == "message"] == ["kaksi", "Sanoit: kaksi"]


def test_a_stream_goes_on_where_it_was(resident: Resident) -> None:
    resident.say("yksi")
    resident.say("kaksi")
    with open_stream(resident, **{"Last-Event-ID": "3"}) as answer:
        seen = until(events(answer.iter_lines()), lambda event: event[0] == "status")
    assert [event[1] for event in seen if event[0] == "message"] == ["4", "5"]


@pytest.mark.parametrize("last", ["abc", "-1", "", "9" * 50, "1.5"])
def test_a_last_event_id_of_someone_else_starts_from_the_beginning(resident: Resident, last: str) -> None:
    with open_stream(resident, **{"Last-Event-ID": last}) as answer:
        assert next(events(answer.iter_lines()))[1] == "1"


def test_typing_is_shown_while_the_engine_thinks(resident: Resident, engine: FakeEngine) -> None:
    engine.mode, engine.delay_s = "slow", 3.0
    with open_stream(resident, **{"Last-Event-ID": "1"}) as answer:
        stream = events(answer.iter_lines())
        until(stream, lambda event: event[0] == "status")
        thread = threading.Thread(target=resident.say, args=("hmm",))
        thread.start()
        seen = until(stream, lambda event: event[0] == "typing")
        eventually(lambda: "hmm" in engine.messages)
        engine.release.set()
        until(stream, lambda event: event[0] == "message" and event[2]["sender"] == "bot")
        thread.join()
    assert ("typing", None, {"sender": "bot"}) in seen


def test_an_adviser_and_a_resident_see_each_other_write(api: Api, resident: Resident) -> None:
    handoff = api.hand_over(resident.id).json()["handoff_id"]
    adviser = api.adviser("aino")
    adviser.post(f"handoffs/{handoff}/accept")
    adviser.post(f"handoffs/{handoff}/typing")
    last = resident.talk()["messages"][-1]["seq"]
    polled = resident.http.get(f"{resident.path}/events", params={"wait": 0, "after": last}).json()
    assert polled["typing"] == ["adviser"]
    resident.http.post(f"{resident.path}/typing")
    assert handoff in adviser.get("events", wait=0)["typing"]
    adviser.reply(handoff, "Hei")
    polled = resident.http.get(f"{resident.path}/events", params={"wait": 0, "after": last}).json()
    assert (polled["typing"], polled["messages"][0]["text"]) == ([], "Hei")
    resident.http.delete(resident.path)


def test_a_long_poll_answers_with_what_is_new(resident: Resident) -> None:
    path = f"{resident.path}/events"
    assert [m["seq"] for m in resident.http.get(path, params={"wait": 5, "after": 0}).json()["messages"]] == [1]
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(resident.http.get(path, params={"wait": 8, "after": 1}).json())
    )
    thread.start()
    resident.say("hei")
    thread.join()
    assert answers[0]["messages"][0]["text"] == "hei"
    assert answers[0]["status"] == "bot"


def test_a_long_poll_in_which_nothing_happens_ends_empty(resident: Resident) -> None:
    answer = resident.http.get(f"{resident.path}/events", params={"wait": 0.1, "after": 1}).json()
    assert (answer["messages"], answer["status"], answer["awaiting"]) == ([], "bot", "wants_work")


@pytest.mark.parametrize("query", ["wait=-1", "wait=61", "wait=nan", "wait=x", "wait=1&after=-1", "after=x"])
def test_a_poll_that_makes_no_sense_is_refused(resident: Resident, query: str) -> None:
    assert resident.http.get(f"{resident.path}/events?{query}").status_code == 422


def test_what_another_process_changed_is_seen(api: Api, engine: FakeEngine, resident: Resident) -> None:
    other = serve(api.settings.model_copy(update={"port": free_port()}), engine)
    other.server.start()
    try:
        with httpx.Client(base_url=other.url, headers=resident.http.headers, timeout=LIMIT_S) as client:
            answers: list[Any] = []
            thread = threading.Thread(
                target=lambda: answers.append(
                    client.get(f"{resident.path}/events", params={"wait": 8, "after": 1}).json()
                )
            )
            thread.start()
            time.sleep(0.2)  # so that it waits already
            resident.say("toisesta")
            thread.join()
    finally:
        other.server.stop()
    assert answers[0]["messages"][0]["text"] == "toisesta"


def test_a_stream_ends_with_its_talk(resident: Resident) -> None:
    with open_stream(resident) as answer:
        stream = events(answer.iter_lines())
        until(stream, lambda event: event[0] == "status")
        resident.http.delete(resident.path)
        assert list(stream) == []


def test_advisers_are_told_of_the_queue_and_of_messages(api: Api, resident: Resident) -> None:
    adviser = api.adviser("aino")
    with adviser.http.stream("GET", "/adviser/api/events") as answer:
        stream = events(answer.iter_lines())
        before = until(stream, lambda event: event[0] == "queue")[-1][2]["open"]
        handoff = api.hand_over(resident.id).json()["handoff_id"]
        until(stream, lambda event: event[0] == "queue" and event[2]["open"] == before + 1)
        resident.say("olen tässä")
        seen = until(stream, lambda event: event[0] == "message" and event[2]["handoff_id"] == handoff)
        assert seen[-1][2]["sender"] == "resident"
        cursor = int(seen[-1][1] or 0)
    resident.say("katkon aikana")
    polled = adviser.get("events", wait=5, after=cursor)
    last = adviser.get(f"handoffs/{handoff}")["messages"][-1]
    assert last["text"] == "katkon aikana"
    assert last["seq"] in [one["seq"] for one in polled["messages"] if one["handoff_id"] == handoff]
    assert "katkon" not in str([seen, polled]), "what is said is read with the request alone, which is audited"
    resident.http.delete(resident.path)


def test_a_stream_ends_when_the_role_may_not_see_talks_any_more(
    own_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.advisers.views.LOOK_AGAIN_S", 0.1)
    api = own_api()
    add_advisers(api.settings)
    with api.adviser("aino").http.stream("GET", "/adviser/api/events") as answer:
        stream = events(answer.iter_lines())
        until(stream, lambda event: event[0] == "beat")
        with sync_session(api.settings) as session:
            advisers.set_role(session, username="aino", role="editor")
        assert list(stream) == []


def test_advisers_see_nothing_of_a_talk_from_before_its_request(api: Api, resident: Resident) -> None:
    cursor = api.adviser("aino").get("events", wait=0)["cursor"]
    resident.say("ennen pyyntöä")
    api.hand_over(resident.id)
    assert "ennen pyyntöä" not in str(api.adviser("aino").get("events", wait=0, after=cursor))
    resident.http.delete(resident.path)
