"""Being called: asked for from the queue, changed, withdrawn; by buttons in the talk and by a call of the interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.harness import AdviserBrowser, Api, FakeEngine, Resident

PHONE = "+358401234567"


@pytest.fixture
def adviser(api: Api) -> AdviserBrowser:
    return api.adviser("aino")


@pytest.fixture
def queued(api: Api, resident: Resident) -> str:
    handoff_id: str = api.hand_over(resident.id, name="Matti").json()["handoff_id"]
    return handoff_id


@pytest.fixture
def standing(api: Api, resident: Resident) -> str:
    """A request that stands, made by the dialogue."""
    handoff_id: str = api.hand_over(
        resident.id, kind="callback", contact={"phone": PHONE}, wished_time="aamulla"
    ).json()["handoff_id"]
    return handoff_id


def payloads(answer: dict[str, Any]) -> list[str]:
    return [button["payload"] for button in answer["messages"][-1]["buttons"]]


def offered(api: Api, resident: Resident) -> None:
    """Have the buttons of a callback offered, as they are after a wait."""
    assert "/callback_contact" in [b["payload"] for m in resident.talk()["messages"] for b in m["buttons"]]


def test_who_is_tired_of_waiting_keeps_the_place_until_a_contact_is_given(
    api: Api, resident: Resident, queued: str, adviser: AdviserBrowser, engine: FakeEngine
) -> None:
    adviser.post(f"handoffs/{queued}/accept")
    adviser.post(f"handoffs/{queued}/release")
    calls = len(engine.received)
    offered(api, resident)
    asked = resident.press("/callback_contact")
    assert (asked["status"], asked["awaiting"], payloads(asked)) == ("queued", "handoff_contact", ["/callback_keep"])
    kept = resident.press("/callback_keep")
    assert (kept["status"], kept["awaiting"]) == ("queued", None)
    resident.press("/callback_contact")
    taken = resident.say("matti@example.fi")
    assert (taken["status"], taken["handoff"]["id"]) == ("callback_requested", queued), "the same request goes on"
    confirmed = resident.say("huomenna yhdeksältä")
    assert confirmed["handoff"]["callback"] == {
        "phone": None, "email": "matti@example.fi", "wished_time": "huomenna yhdeksältä"
    }  # fmt: skip
    assert payloads(confirmed) == ["/callback_contact", "/callback_time", "/cancel_handoff"]
    assert len(engine.received) == calls, "the dialogue was not asked"
    assert adviser.get(f"handoffs/{queued}")["contact"] == {"email": "matti@example.fi"}
    assert adviser.get(f"handoffs/{queued}")["name"] == "Matti"


def test_what_is_no_contact_goes_to_the_adviser_and_nothing_is_asked_any_more(
    resident: Resident, queued: str, adviser: AdviserBrowser
) -> None:
    adviser.post(f"handoffs/{queued}/accept")
    adviser.post(f"handoffs/{queued}/release")
    resident.press("/callback_contact")
    answer = resident.say("odotan sittenkin")
    assert (answer["status"], answer["awaiting"]) == ("queued", None)
    assert "odotan sittenkin" in [message["text"] for message in adviser.get(f"handoffs/{queued}")["messages"]]


def test_a_number_that_is_none_is_asked_for_again(resident: Resident, queued: str, adviser: AdviserBrowser) -> None:
    adviser.post(f"handoffs/{queued}/accept")
    adviser.post(f"handoffs/{queued}/release")
    resident.press("/callback_contact")
    answer = resident.say("numero on 04012")
    assert (answer["status"], answer["awaiting"]) == ("queued", "handoff_contact")
    assert "En tunnistanut" in answer["messages"][-1]["text"]
    assert resident.say("no 040 123 4567 sitten")["status"] == "callback_requested"


def test_a_cry_for_help_in_place_of_a_number_is_heard(resident: Resident, queued: str, adviser: AdviserBrowser) -> None:
    adviser.post(f"handoffs/{queued}/accept")
    adviser.post(f"handoffs/{queued}/release")
    resident.press("/callback_contact")
    answer = resident.say("haluan kuolla, 040 123 4567")
    assert "112" in answer["messages"][0]["text"]
    assert answer["handoff"]["urgent"] == "crisis"
    assert answer["status"] == "callback_requested"


def test_contact_and_time_are_changed_by_buttons(resident: Resident, standing: str) -> None:
    first = resident.talk()["messages"][-1]
    assert "Toivottu aika: aamulla" in first["text"]
    assert resident.press("/callback_contact")["awaiting"] == "handoff_contact"
    changed = resident.say("soittakaa mieluummin 050 123 4567")
    assert changed["handoff"]["callback"] == {"phone": "+358501234567", "email": None, "wished_time": "aamulla"}
    resident.press("/callback_time")
    changed = resident.press("/callback_wish iltapäivällä")
    assert changed["handoff"]["callback"]["wished_time"] == "iltapäivällä"
    assert changed["handoff"]["id"] == standing
    assert (changed["status"], changed["awaiting"]) == ("callback_requested", "wants_work"), "the dialogue goes on"


def test_it_is_withdrawn_by_button_and_old_buttons_then_say_so(resident: Resident, standing: str) -> None:
    resident.press("/callback_time")
    withdrawn = resident.press("/cancel_handoff")
    assert (withdrawn["status"], withdrawn["awaiting"]) == ("cancelled", "wants_work")
    answer = resident.press("/callback_time")
    assert "ei ole nyt yhteydenottopyyntöä" in answer["messages"][0]["text"]
    assert payloads(answer) == ["/callback_contact"]


def test_the_interface_changes_a_request(resident: Resident, standing: str) -> None:
    answer = resident.http.put(f"{resident.path}/handoff/callback", json={"email": "a@example.fi"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["handoff"]["callback"] == {"phone": None, "email": "a@example.fi", "wished_time": "aamulla"}
    answer = resident.http.put(f"{resident.path}/handoff/callback", json={"wished_time": "ma, hetu 131052-308T"})
    assert "131052-308T" not in answer.text


def test_the_interface_makes_a_callback_of_a_wait(resident: Resident, queued: str) -> None:
    nothing = resident.http.put(f"{resident.path}/handoff/callback", json={"wished_time": "huomenna"})
    assert nothing.status_code == 422
    answer = resident.http.put(f"{resident.path}/handoff/callback", json={"phone": "040 1234567"})
    assert (answer.status_code, answer.json()["status"]) == (200, "callback_requested")
    assert answer.json()["handoff"]["id"] == queued


@pytest.mark.parametrize(
    ("body", "status"), [({"phone": "12345"}, 422), ({"email": "ei osoite"}, 422), ({"phone": "0401234567"}, 409)]
)
def test_without_a_contact_or_a_consent_there_is_no_callback(
    resident: Resident, body: dict[str, str], status: int
) -> None:
    assert resident.http.put(f"{resident.path}/handoff/callback", json=body).status_code == status
    assert resident.talk()["handoff"] is None


def test_while_an_adviser_holds_the_talk_the_button_is_theirs_to_answer(
    resident: Resident, queued: str, adviser: AdviserBrowser
) -> None:
    adviser.post(f"handoffs/{queued}/accept")
    adviser.post(f"handoffs/{queued}/release")
    adviser.post(f"handoffs/{queued}/accept")
    answer = resident.press("/callback_contact")
    assert (answer["status"], answer["messages"], answer["awaiting"]) == ("accepted", [], None)
    refused = resident.http.put(f"{resident.path}/handoff/callback", json={"phone": "0401234567"})
    assert refused.status_code == 409


def test_outside_hours_with_the_dialogue_down_a_call_can_still_be_asked_for(
    own_api: Callable[..., Api], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.conversations.turns.is_open", lambda _hours, _at: False)
    api = own_api(adviser_hours="mon-sun 3:00-3:01")
    engine.mode = "error"
    resident = api.resident()
    closed = resident.press("/request_human")
    assert "seuraavan kerran" in closed["messages"][-1]["text"]
    assert "/callback_contact" in payloads(closed)
    resident.press("/callback_contact")
    assert resident.say("0401234567")["status"] == "callback_requested"
