"""The console's queue: presence, transfer, an adviser who vanishes, closing time, reminders, outcomes with services."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from api import worker
from api.advisers import service as advisers
from api.context import Context
from api.database import now, sync_session
from api.handoff import outcomes
from api.handoff.models import Handoff, Presence
from catalogue import store
from catalogue.loader import load_content
from tests.api.harness import ADVISER_PASSWORD, AdviserBrowser, Api, Resident, add_advisers
from tests.waiting import eventually


@pytest.fixture
def desk(own_api: Callable[..., Api]) -> Api:
    """An api of its own with two advisers and no worker: what the worker does is done by the test."""
    api = own_api(worker_in_api=False)
    add_advisers(api.settings)
    return api


def work(api: Api, what: Callable[[Context], Awaitable[int]]) -> int:
    async def once() -> int:
        context = Context.of(api.settings)
        try:
            return await what(context)
        finally:
            await context.close()

    return asyncio.run(once())


def silent_for(api: Api, seconds: float) -> None:
    """No console has given a sign of life for so long."""
    with sync_session(api.settings) as session:
        session.execute(update(Presence).values(seen_at=now() - timedelta(seconds=seconds)))


def waited(api: Api, minutes: float) -> None:
    with sync_session(api.settings) as session:
        session.execute(update(Handoff).values(queued_at=now() - timedelta(minutes=minutes)))


def held(api: Api, adviser: AdviserBrowser) -> tuple[Resident, str]:
    resident = api.resident()
    handoff: str = api.hand_over(resident.id).json()["handoff_id"]
    assert adviser.post(f"handoffs/{handoff}/accept").status_code == 200
    return resident, handoff


def test_a_talk_goes_to_a_colleague_who_is_present_and_the_resident_is_told(desk: Api) -> None:
    aino, ville = desk.adviser("aino"), desk.adviser("ville")
    resident, handoff = held(desk, aino)
    aino.post(f"handoffs/{handoff}/notes", text="soitettava perjantaina")
    assert aino.get("colleagues")["items"] == []
    assert aino.post(f"handoffs/{handoff}/transfer", to=2).status_code == 409, "nobody is there to take it"
    ville.post("presence")
    [colleague] = aino.get("colleagues")["items"]
    assert colleague["display_name"] == "Ville"
    assert ville.post(f"handoffs/{handoff}/transfer", to=colleague["id"]).status_code == 409, "not theirs to give"
    assert aino.post(f"handoffs/{handoff}/transfer", to=colleague["id"]).status_code == 204
    assert resident.talk()["status"] == "accepted"
    assert resident.talk()["handoff"]["adviser"] == "Ville"
    assert resident.said_by("system")[-1].startswith("Ville jatkaa kanssasi.")
    assert aino.reply(handoff, "vielä minä").status_code == 409
    assert ville.reply(handoff, "Hei").status_code == 200
    assert [note["text"] for note in ville.get(f"handoffs/{handoff}")["notes"]] == ["soitettava perjantaina"]


def test_a_supervisor_gives_back_what_another_holds_and_an_adviser_does_not(desk: Api) -> None:
    with sync_session(desk.settings) as session:
        advisers.create(session, username="sari", display_name="Sari", role="supervisor", password=ADVISER_PASSWORD)
    _, handoff = held(desk, desk.adviser("aino"))
    assert desk.adviser("ville").post(f"handoffs/{handoff}/release").status_code == 409
    assert desk.adviser("sari").post(f"handoffs/{handoff}/release").status_code == 204


def test_who_leaves_the_console_is_no_colleague_any_more(desk: Api) -> None:
    desk.adviser("ville").post("presence")
    assert desk.adviser("ville").http.delete("/adviser/api/presence").status_code == 204
    assert desk.adviser("aino").get("colleagues")["items"] == []


@pytest.mark.parametrize(("seconds", "gone"), [(119, False), (121, True)])
def test_when_an_adviser_vanishes_the_talk_goes_back_first_and_another_goes_on(
    desk: Api, monkeypatch: pytest.MonkeyPatch, seconds: float, gone: bool
) -> None:
    waiting = desk.resident()
    desk.hand_over(waiting.id)
    resident, handoff = held(desk, desk.adviser("aino"))
    silent_for(desk, seconds)
    with sync_session(desk.settings) as session:
        [seen] = session.scalars(select(Presence.seen_at))
    with monkeypatch.context() as patch:
        # To the second, however long it takes to get there.
        patch.setattr("api.handoff.service.now", lambda: seen + timedelta(seconds=seconds))
        assert work(desk, worker.return_abandoned) == int(gone)
    if not gone:
        assert resident.talk()["status"] == "accepted"
        return
    talk = resident.talk()
    assert (talk["status"], talk["handoff"]["place"]) == ("queued", 1), "before those who only waited"
    assert "yhteys katkesi" in talk["messages"][-1]["text"]
    assert work(desk, worker.return_abandoned) == 0, "told once"
    resident.say("oletko siellä")
    ville = desk.adviser("ville")
    assert ville.get("handoffs")["items"][0]["returned"] is True
    assert ville.post(f"handoffs/{handoff}/accept").status_code == 200
    assert "oletko siellä" in str(ville.get(f"handoffs/{handoff}")["messages"])
    assert desk.adviser("aino").reply(handoff, "palasin").status_code == 409


def test_a_sign_of_life_keeps_a_talk(desk: Api) -> None:
    aino = desk.adviser("aino")
    resident, _ = held(desk, aino)
    silent_for(desk, 1000)
    aino.post("presence")
    assert work(desk, worker.return_abandoned) == 0
    assert resident.talk()["status"] == "accepted"


def test_a_talk_that_was_given_back_waits_anew_and_is_not_timed_out_at_once(desk: Api) -> None:
    aino = desk.adviser("aino")
    resident, handoff = held(desk, aino)
    with sync_session(desk.settings) as session:
        long_ago = now() - timedelta(hours=2)
        session.execute(update(Handoff).values(requested_at=long_ago, queued_at=long_ago, accepted_at=long_ago))
    aino.post(f"handoffs/{handoff}/release")
    assert work(desk, worker.watch_queue) == 0
    assert resident.talk()["status"] == "queued"
    waited(desk, 31)
    work(desk, worker.watch_queue)
    assert resident.talk()["status"] == "timed_out"


def test_one_reminder_a_wait_says_where_one_stands_and_offers_a_call(desk: Api) -> None:
    resident = desk.resident()
    desk.hand_over(resident.id)
    waited(desk, 4.9)
    assert work(desk, worker.watch_queue) == 0
    waited(desk, 5.1)
    assert work(desk, worker.watch_queue) == 1
    last = resident.talk()["messages"][-1]
    assert "sijalla 1" in last["text"]
    assert "Arvio" not in last["text"], "nothing is guessed"
    assert [button["payload"] for button in last["buttons"]] == ["/callback_contact", "/cancel_handoff"]
    assert work(desk, worker.watch_queue) == 0


def test_at_closing_time_those_who_wait_are_told_and_those_who_talk_are_not_cut_off(
    own_api: Callable[..., Api], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = tmp_path / "hours.yml"
    hours.write_text("hours: mon-sun 0:00-23:59\nmunicipalities:\n  Lahti:\n    hours: mon-sun 0:00-0:01\n", "utf-8")
    api = own_api(worker_in_api=False, adviser_hours_file=hours)
    monkeypatch.setattr("api.handoff.views.is_open", lambda _hours, _at: True)
    monkeypatch.setattr("api.handoff.opening_hours.is_holiday", lambda _day: False)
    add_advisers(api.settings)
    talking, _ = held(api, api.adviser("aino"))
    here, in_lahti, in_danger = api.resident(), api.resident(), api.resident()
    lahti = lambda message: [  # noqa: E731
        {"recipient_id": "x", "text": "Kiitos"},
        {"custom": {"type": "state", "state": {"version": 1, "answers": {"municipality": "Lahti"}}}},
    ]
    api.engine.script = lahti
    for one in (in_lahti, in_danger):
        one.say("asun Lahdessa")
    api.hand_over(here.id)
    api.hand_over(in_lahti.id)
    api.hand_over(in_danger.id, urgent="danger")
    # A Tuesday at noon: on a public holiday nobody would be there, and what comes next would not be tomorrow.
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    monkeypatch.setattr(worker, "now", lambda: at)
    with sync_session(api.settings) as session:
        session.execute(update(Handoff).values(queued_at=at))
    assert work(api, worker.watch_queue) == 2
    assert (here.talk()["status"], talking.talk()["status"]) == ("queued", "accepted")
    told = in_lahti.talk()
    assert told["status"] == "timed_out"
    assert "päivä päättyi" in told["messages"][-1]["text"]
    assert "huomenna kello 0" in told["messages"][-1]["text"]
    assert "112" in in_danger.talk()["messages"][-2]["text"], "an apology alone is not enough for them"


def test_the_hours_are_those_of_the_municipality_that_came_with_the_request(
    own_api: Callable[..., Api], tmp_path: Path
) -> None:
    """The state of the talk may not say it yet, or never, when another system asks."""
    hours = tmp_path / "hours.yml"
    closed = "{from: 2020-01-01, to: 2099-12-31, hours: closed}"
    always = '{from: 2020-01-01, to: 2099-12-31, hours: "0-12, 12-23:59"}'
    hours.write_text(
        f"exceptions:\n  - {closed}\nmunicipalities:\n  Lahti:\n    exceptions:\n      - {always}\n", "utf-8"
    )
    api = own_api(worker_in_api=False, adviser_hours_file=hours)
    resident = api.resident()
    # No hours can name the last minute of a day.
    eventually(lambda: datetime.now(ZoneInfo("Europe/Helsinki")).strftime("%H:%M") != "23:59", limit_s=90)
    assert api.hand_over(resident.id).status_code == 409
    assert api.hand_over(resident.id, answers={"municipality": "Lahti"}).status_code == 202
    assert work(api, worker.watch_queue) == 0
    assert resident.talk()["status"] == "queued"


def test_the_outcome_and_its_services_are_shown_to_the_resident(desk: Api) -> None:
    aino = desk.adviser("aino")
    with sync_session(desk.settings) as session:
        store.save(session, load_content())
    resident, handoff = held(desk, aino)

    def services() -> list[dict]:
        return aino.http.get("/api/v1/services", params={"limit": 1}).json()["items"]

    # The api looks every two seconds whether there is a newer catalogue.
    eventually(services, lambda: "the saved catalogue was never read")
    [service] = services()
    unknown = aino.post(f"handoffs/{handoff}/close", outcome="service_agreed", services=["no-such"])
    assert unknown.status_code == 422
    closed = aino.post(
        f"handoffs/{handoff}/close", outcome="service_agreed", text="soitat huomenna", services=[service["id"]]
    )
    assert closed.status_code == 204
    shown = next(message for message in resident.talk()["messages"] if message["services"])
    assert shown["text"] == "Neuvoja päätti keskustelun. Sovitte palvelusta. Sovittiin: soitat huomenna"
    assert [one["id"] for one in shown["services"]] == [service["id"]]
    kept = aino.get(f"handoffs/{handoff}")
    assert (kept["outcome"], [one["name"] for one in kept["outcome_services"]]) == ("service_agreed", [service["name"]])


def test_services_that_were_not_wanted_are_passed_on_with_their_reasons(desk: Api) -> None:
    resident = desk.resident()
    wanted_not = {"service": "x", "name": "Kuntouttava työtoiminta", "reason": "soita 040 123 4567, liian kaukana"}
    handoff = desk.hand_over(resident.id, rejections=[wanted_not]).json()["handoff_id"]
    [seen] = desk.adviser("aino").get(f"handoffs/{handoff}")["rejections"]
    assert (seen["name"], seen["reason"]) == (
        "Kuntouttava työtoiminta", "soita [puhelinnumero poistettu], liian kaukana",
    )  # fmt: skip


def test_what_is_private_is_not_readable_in_the_database(desk: Api) -> None:
    aino = desk.adviser("aino")
    _, handoff = held(desk, aino)
    aino.post(f"handoffs/{handoff}/notes", text="salaisuus yksi")
    aino.post(f"handoffs/{handoff}/close", outcome="informed", text="salaisuus kaksi")
    files = [path.read_bytes() for path in desk.settings.var_dir.glob("tienviitta.db*")]
    assert files
    assert not any(b"salaisuus" in content for content in files)


def test_ready_replies_come_from_a_file_that_can_be_edited_while_it_runs(
    own_api: Callable[..., Api], tmp_path: Path
) -> None:
    replies = tmp_path / "replies.yml"
    replies.write_text("- {title: Moi, text: Moi vaan}\n", "utf-8")
    api = own_api(ready_replies_file=replies)
    add_advisers(api.settings)
    aino = api.adviser("aino")
    assert aino.get("choices")["ready_replies"] == [{"title": "Moi", "text": "Moi vaan"}]
    replies.write_text("- {title: Moi, text: Moi moi}\n- {title: Hei, text: Hei}\n", "utf-8")
    assert [reply["text"] for reply in aino.get("choices")["ready_replies"]] == ["Moi moi", "Hei"]
    replies.write_text("- {title: Moi", "utf-8")
    os.utime(replies, (4000000000, 4000000000))
    assert len(aino.get("choices")["ready_replies"]) == 2, "what is broken later leaves them as they were"
    assert {"id": "other", "label": "Muu"} in aino.get("choices")["outcomes"]


@pytest.mark.parametrize("content", ["- {title: Moi}\n", "- text: [1]\n", "a: b\n", "- {title: '', text: x}\n"])
def test_replies_that_cannot_be_used_are_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "replies.yml"
    file.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=r"replies\.yml"):
        outcomes.read_replies(file)


def test_the_consent_and_its_texts_version_are_kept(desk: Api) -> None:
    resident = desk.resident()
    desk.hand_over(resident.id, consent={"scope": "summary", "text_version": "2026-11-22"})
    with sync_session(desk.settings) as session:
        [row] = session.scalars(select(Handoff))
        assert (row.consent_scope, row.consent_version) == ("summary", "2026-11-22")
