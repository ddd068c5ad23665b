"""From the queue to an adviser and back to the bot: who is answered by whom, and that nobody is lost."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import delete

from api.conversations.models import Conversation
from api.database import now, sync_session
from api.handoff.models import Handoff
from tests.api.harness import AdviserBrowser, Api, FakeEngine, Resident, add_advisers, text
from tests.waiting import eventually


@pytest.fixture
def adviser(api: Api) -> AdviserBrowser:
    return api.adviser("aino")


@pytest.fixture
def handoff(api: Api, resident: Resident) -> str:
    """A talk in the queue, and nobody else."""
    with sync_session(api.settings) as session:
        session.execute(delete(Conversation).where(Conversation.id != resident.id))
    resident.say("ennen pyyntöä")
    handoff_id: str = api.hand_over(resident.id).json()["handoff_id"]
    return handoff_id


def test_while_waiting_the_bot_is_silent_and_the_adviser_sees_it(
    resident: Resident, engine: FakeEngine, handoff: str, adviser: AdviserBrowser
) -> None:
    calls = len(engine.received)
    first, second = resident.say("odotan täällä"), resident.say("vieläkin")
    assert [message["sender"] for message in first["messages"]] == ["system"]
    assert second["messages"] == [], "acknowledged once"
    assert len(engine.received) == calls
    assert engine.parsed == ["odotan täällä", "vieläkin"]
    seen = [message["text"] for message in adviser.get(f"handoffs/{handoff}")["messages"]]
    assert "odotan täällä" in seen
    assert "ennen pyyntöä" not in seen, "only the summary was agreed to"


@pytest.mark.parametrize("meanwhile", ["callback", "cancel"])
def test_a_message_that_nobody_waits_for_any_more_is_answered_by_the_bot(
    resident: Resident, engine: FakeEngine, handoff: str, meanwhile: str
) -> None:
    """The wait ends, by another window, while the message is being understood."""

    def end() -> None:
        if meanwhile == "callback":
            resident.http.put(f"{resident.path}/handoff/callback", json={"phone": "040 123 4567"})
        else:
            resident.http.post(f"{resident.path}/handoff/cancel")

    engine.while_parsing = end
    answer = resident.say("mitä nyt tapahtuu")
    assert answer["status"] == ("callback_requested" if meanwhile == "callback" else "bot")
    assert [message["sender"] for message in answer["messages"]] == ["bot"]
    assert engine.messages[-1] == "mitä nyt tapahtuu"


def test_with_consent_to_the_transcript_the_whole_talk_is_seen(
    api: Api, resident: Resident, adviser: AdviserBrowser
) -> None:
    resident.say("ennen pyyntöä")
    handoff = api.hand_over(resident.id, consent={"scope": "transcript", "text_version": "3"}).json()["handoff_id"]
    seen = adviser.get(f"handoffs/{handoff}")
    assert "ennen pyyntöä" in [message["text"] for message in seen["messages"]]
    assert seen["consent"] == {"scope": "transcript", "text_version": "3"}
    resident.http.delete(resident.path)


def test_the_whole_way(resident: Resident, engine: FakeEngine, handoff: str, adviser: AdviserBrowser) -> None:
    resident.say("kysymys jonossa")
    assert adviser.post(f"handoffs/{handoff}/accept").status_code == 200
    talk = resident.talk()
    assert talk["status"] == "accepted"
    assert talk["messages"][-1]["text"] == "Aino on nyt linjoilla. Voit kirjoittaa hänelle tähän."
    assert adviser.reply(handoff, "Hei, miten voin auttaa?").status_code == 200
    calls = len(engine.received)
    assert resident.say("//vielä yksi asia")["messages"] == []
    assert len(engine.received) == calls
    assert engine.parsed[-1] == "vielä yksi asia"
    assert resident.said_by("adviser") == ["Hei, miten voin auttaa?"]
    answer = adviser.post(f"handoffs/{handoff}/close", outcome="agreed", text="soitat keskiviikkona")
    assert answer.status_code == 204
    talk = _until(resident, lambda talk: talk["messages"][-1]["sender"] == "bot")
    assert talk["status"] == "closed"
    assert "soitat keskiviikkona" in talk["messages"][-2]["text"]
    assert talk["messages"][-1]["text"] == "Sanoit: /resume_conversation"
    on = resident.say("kiitos")
    assert (on["status"], on["messages"][0]["text"]) == ("bot", "Sanoit: kiitos")
    assert resident.talk()["handoff"] is None


def _until(resident: Resident, condition: Callable[[dict], bool]) -> dict:
    eventually(lambda: condition(resident.talk()), lambda: resident.talk()["messages"][-1])
    return resident.talk()


def test_a_failure_to_resume_is_harmless(
    resident: Resident, engine: FakeEngine, handoff: str, adviser: AdviserBrowser
) -> None:
    adviser.post(f"handoffs/{handoff}/accept")
    engine.mode = "error"
    adviser.post(f"handoffs/{handoff}/close", outcome="agreed")
    eventually(lambda: engine.messages[-1] == "/resume_conversation")
    engine.mode = "normal"
    assert resident.say("hei")["messages"][0]["text"] == "Sanoit: hei"


def test_cancelling_by_button_and_by_call(api: Api, resident: Resident, handoff: str) -> None:
    assert resident.press("/cancel_handoff")["status"] == "cancelled"
    nothing = resident.http.post(f"{resident.path}/handoff/cancel")
    assert nothing.status_code == 409
    api.hand_over(resident.id)
    answer = resident.http.post(f"{resident.path}/handoff/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert resident.say("jatketaan")["status"] == "bot"


def test_a_resident_can_leave_an_adviser(resident: Resident, handoff: str, adviser: AdviserBrowser) -> None:
    adviser.post(f"handoffs/{handoff}/accept")
    assert resident.press("/cancel_handoff")["status"] == "cancelled"
    assert adviser.reply(handoff, "oletko siellä").status_code == 409
    assert resident.said_by("adviser") == []


def test_two_advisers_cannot_take_the_same_talk(api: Api, resident: Resident, handoff: str) -> None:
    advisers = [api.adviser("aino"), api.adviser("ville")]
    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(lambda one: one.post(f"handoffs/{handoff}/accept").status_code, advisers))
    assert sorted(statuses) == [200, 409]
    winner, loser = advisers if statuses[0] == 200 else advisers[::-1]
    assert winner.post(f"handoffs/{handoff}/accept").status_code == 200, "again is no conflict with oneself"
    assert sum("linjoilla" in words for words in resident.said_by("system")) == 1
    for action in ("release", "typing"):
        assert loser.post(f"handoffs/{handoff}/{action}").status_code == 409
    assert loser.reply(handoff, "minäkin").status_code == 409
    assert loser.post(f"handoffs/{handoff}/close", outcome="x").status_code == 409


def test_released_it_waits_again_where_it_was(
    api: Api, resident: Resident, handoff: str, adviser: AdviserBrowser
) -> None:
    later = api.resident()
    api.hand_over(later.id)
    adviser.post(f"handoffs/{handoff}/accept")
    assert later.talk()["handoff"]["place"] == 1
    assert adviser.post(f"handoffs/{handoff}/release").status_code == 204
    assert resident.talk()["status"] == "queued"
    assert (resident.talk()["handoff"]["place"], later.talk()["handoff"]["place"]) == (1, 2)
    assert api.adviser("ville").post(f"handoffs/{handoff}/accept").status_code == 200
    later.http.delete(later.path)


def test_an_advisers_message_sent_twice_is_said_once(resident: Resident, handoff: str, adviser: AdviserBrowser) -> None:
    adviser.post(f"handoffs/{handoff}/accept")
    client_id = str(uuid.uuid4())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: adviser.reply(handoff, "Hei", client_id), range(4)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert resident.said_by("adviser") == ["Hei"]
    assert adviser.get(f"handoffs/{handoff}")["messages"][-1]["client_id"] == client_id


@pytest.mark.parametrize(
    ("words", "kind", "number"),
    [
        ("en halua, haluan kuolla", "crisis", "09 2525 0111"),
        ("mies lyö minua", "danger", "080 005 005"),
        ("en jaksa elää", "crisis", "112"),
    ],
)
@pytest.mark.parametrize("accepted", [False, True])
def test_a_cry_for_help_is_answered_at_once_while_a_person_is_waited_for(
    resident: Resident, handoff: str, adviser: AdviserBrowser, words: str, kind: str, number: str, accepted: bool
) -> None:
    if accepted:
        adviser.post(f"handoffs/{handoff}/accept")
    answer = resident.say(words)
    assert [message["sender"] for message in answer["messages"]] == ["system"]
    assert number in answer["messages"][0]["text"]
    assert "112" in answer["messages"][0]["text"]
    assert answer["handoff"]["urgent"] == kind
    assert adviser.get(f"handoffs/{handoff}")["urgent"] == kind


def test_a_crisis_is_not_made_less_by_danger(resident: Resident, handoff: str) -> None:
    resident.say("haluan kuolla")
    assert resident.say("hän lyö")["handoff"]["urgent"] == "crisis"


def test_nor_by_a_request_that_comes_again(api: Api, resident: Resident, handoff: str) -> None:
    resident.say("haluan kuolla")
    api.hand_over(resident.id, urgent="danger")
    assert resident.talk()["handoff"]["urgent"] == "crisis"


@pytest.mark.parametrize("contact", [None, {}, {"phone": None, "email": None}])
def test_a_request_that_comes_again_without_a_contact_takes_none_away(
    api: Api, resident: Resident, contact: dict[str, None] | None
) -> None:
    api.hand_over(resident.id, kind="callback", contact={"phone": "+358401234567"})
    api.hand_over(resident.id, kind="callback", contact=contact, wished_time="huomenna")
    callback = resident.talk()["handoff"]["callback"]
    assert (callback["phone"], callback["wished_time"]) == ("+358401234567", "huomenna")


def test_understanding_that_fails_delays_nothing(
    resident: Resident, engine: FakeEngine, handoff: str, adviser: AdviserBrowser
) -> None:
    engine.parse_mode = "error"
    resident.say("haluan kuolla")
    assert "haluan kuolla" in [message["text"] for message in adviser.get(f"handoffs/{handoff}")["messages"]]


def test_the_urgent_come_first(api: Api, resident: Resident, handoff: str, adviser: AdviserBrowser) -> None:
    other = api.resident()
    urgent = api.hand_over(other.id, urgent="danger").json()
    assert urgent["place"] == 1
    assert resident.talk()["handoff"]["place"] == 2
    assert adviser.handoff_ids()[:2] == [urgent["handoff_id"], handoff]
    other.http.delete(other.path)


def test_a_bots_crisis_flags_an_open_callback(
    api: Api, resident: Resident, engine: FakeEngine, adviser: AdviserBrowser
) -> None:
    handoff = api.hand_over(resident.id, kind="callback", contact={"phone": "+358401234567"}).json()["handoff_id"]
    engine.script = lambda _: [text("Apua saa"), {"custom": {"type": "state", "state": {"urgent": "crisis"}}}]
    resident.say("en jaksa enää")
    assert adviser.get(f"handoffs/{handoff}")["urgent"] == "crisis"
    resident.http.delete(resident.path)


def test_the_estimate_rests_on_recent_waits_and_who_is_present_or_is_not_given(own_api: Callable[..., Api]) -> None:
    api = own_api()
    add_advisers(api.settings)
    first = api.resident()
    assert api.hand_over(first.id).json()["estimate_s"] is None, "nothing is known"
    for seconds in (60, 120, 120, 120, 600):
        waited = api.resident()
        handoff_id = api.hand_over(waited.id).json()["handoff_id"]
        with sync_session(api.settings) as session:
            row = session.get(Handoff, handoff_id)
            assert row
            row.status, row.queued_at = "closed", now() - timedelta(hours=1)
            row.first_place = row.advisers_present = 1
            row.accepted_at = row.queued_at + timedelta(seconds=seconds)
    assert first.talk()["handoff"]["estimate_s"] is None, "nobody is there"
    assert api.adviser("aino").post("presence").status_code == 204
    assert first.talk()["handoff"]["estimate_s"] == 120
    second = api.resident()
    assert api.hand_over(second.id).json()["estimate_s"] == 240
    api.adviser("ville").post("presence")
    assert second.talk()["handoff"]["estimate_s"] == 120


def test_a_queue_that_takes_too_long_ends_in_an_apology_and_a_call_can_be_asked_for_without_the_bot(
    own_api: Callable[..., Api], engine: FakeEngine
) -> None:
    api = own_api(queue_timeout_min=0.001)
    resident = api.resident()
    api.hand_over(resident.id, consent={"scope": "transcript", "text_version": "7"})
    talk = _until(resident, lambda talk: talk["status"] == "timed_out")
    last = talk["messages"][-1]
    assert last["text"].startswith("Anteeksi")
    assert [button["payload"] for button in last["buttons"]] == ["/callback_contact"]
    engine.mode = "error"
    answer = resident.press("/callback_contact")
    assert (answer["status"], answer["awaiting"]) == ("bot", "handoff_contact")
    answer = resident.say("vaikka 040 123 4567")
    assert answer["status"] == "callback_requested"
    assert answer["handoff"]["callback"] == {"phone": "+358401234567", "email": None, "wished_time": None}
    assert answer["awaiting"] == "callback_time"
    answer = resident.press("/callback_wish aamupäivällä")
    assert [message["sender"] for message in answer["messages"]] == ["system"]
    assert "+358401234567" in answer["messages"][0]["text"]
    assert "aamupäivällä" in answer["messages"][0]["text"]
    assert resident.said_by("resident")[-2] == "vaikka [puhelinnumero poistettu]"
    with sync_session(api.settings) as session:
        kept = session.get(Handoff, answer["handoff"]["id"])
        assert kept
        assert (kept.consent_scope, kept.consent_version) == ("transcript", "7"), "under the consent that was given"


def test_callbacks_done_and_missed(api: Api, resident: Resident, adviser: AdviserBrowser) -> None:
    handoff = api.hand_over(resident.id, kind="callback", contact={"phone": "+358401234567"}).json()["handoff_id"]
    assert handoff in adviser.handoff_ids("callbacks")
    missed = adviser.post(f"handoffs/{handoff}/callback", result="missed", note="ei vastannut")
    assert missed.status_code == 204
    seen = adviser.get(f"handoffs/{handoff}")
    assert (seen["status"], seen["missed_calls"]) == ("callback_requested", 1)
    assert [note["text"] for note in seen["notes"]] == ["ei vastannut"]
    assert adviser.post(f"handoffs/{handoff}/callback", result="done").status_code == 204
    assert handoff in adviser.handoff_ids("closed")
    assert handoff not in adviser.handoff_ids("callbacks")
    assert resident.talk()["status"] == "closed"
    assert "ei vastannut" not in str(resident.talk())
    assert adviser.post(f"handoffs/{handoff}/callback", result="done").status_code == 409
    resident.http.delete(resident.path)


def test_what_is_told_to_the_bot_afterwards_is_not_the_advisers(
    resident: Resident, handoff: str, adviser: AdviserBrowser
) -> None:
    adviser.post(f"handoffs/{handoff}/accept")
    adviser.post(f"handoffs/{handoff}/close", outcome="agreed")
    time.sleep(1.1)  # messages of the closing second itself are still shown
    resident.say("tämä on vain botille")
    assert "tämä on vain botille" not in str(adviser.get(f"handoffs/{handoff}"))


def test_unread_counts_what_no_adviser_has_had_on_screen(
    resident: Resident, handoff: str, adviser: AdviserBrowser
) -> None:
    def unread() -> int:
        return next(item["unread"] for item in adviser.get("handoffs")["items"] if item["id"] == handoff)

    resident.say("yksi")
    resident.say("kaksi")
    assert unread() == 2
    adviser.post(f"handoffs/{handoff}/accept")
    assert unread() == 0
    resident.say("kolme")
    assert unread() == 1
    adviser.get(f"handoffs/{handoff}")
    assert unread() == 0
