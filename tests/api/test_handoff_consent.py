"""What an adviser may see: what was agreed to, up to the end of the request, and nothing that the bot is told later."""

from __future__ import annotations

import pytest

from tests.api.harness import AdviserBrowser, Api, Resident

SCOPES = ("summary", "transcript")
PHONE = {"phone": "+358401234567"}


@pytest.fixture
def adviser(api: Api) -> AdviserBrowser:
    return api.adviser("aino")


def ask(api: Api, resident: Resident, scope: str, **data: object) -> str:
    handoff: str = api.hand_over(resident.id, consent={"scope": scope, "text_version": "1"}, **data).json()[
        "handoff_id"
    ]
    return handoff


def seen(adviser: AdviserBrowser, handoff: str) -> list[str]:
    shown = adviser.get(f"handoffs/{handoff}")["messages"]
    return [message["text"] for message in shown if message["sender"] == "resident"]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("end", ["close", "leave", "cancel"])
def test_nothing_after_the_end(api: Api, resident: Resident, adviser: AdviserBrowser, scope: str, end: str) -> None:
    resident.say("ennen")
    handoff = ask(api, resident, scope)
    resident.say("odottaessa")
    if end != "cancel":
        adviser.post(f"handoffs/{handoff}/accept")
        resident.say("neuvojalle")
    if end == "close":
        adviser.post(f"handoffs/{handoff}/close", outcome="informed")
    else:
        resident.http.post(f"{resident.path}/handoff/cancel")
    resident.say("vain botille")
    expected = (["ennen"] if scope == "transcript" else []) + ["odottaessa"]
    assert seen(adviser, handoff) == expected + (["neuvojalle"] if end != "cancel" else [])
    assert "vain botille" not in str(adviser.get(f"handoffs/{handoff}"))


@pytest.mark.parametrize("scope", SCOPES)
def test_nothing_that_the_bot_is_told_while_a_callback_stands(
    api: Api, resident: Resident, adviser: AdviserBrowser, scope: str
) -> None:
    resident.say("ennen")
    callback = ask(api, resident, scope, kind="callback", contact=PHONE)
    resident.say("vain botille")
    assert seen(adviser, callback) == (["ennen"] if scope == "transcript" else [])
    [item] = [one for one in adviser.get("handoffs", view="callbacks")["items"] if one["id"] == callback]
    assert item["unread"] == 0, "what the bot answered waits for no adviser"
    adviser.post(f"handoffs/{callback}/callback", result="done")
    assert "vain botille" not in seen(adviser, callback)


@pytest.mark.parametrize("scope", SCOPES)
def test_what_was_written_while_waiting_stays_the_advisers_when_the_wait_becomes_a_callback(
    api: Api, resident: Resident, adviser: AdviserBrowser, scope: str
) -> None:
    resident.say("ennen")
    handoff = ask(api, resident, scope)
    resident.say("odottaessa")
    resident.http.put(f"{resident.path}/handoff/callback", json=PHONE)
    resident.say("vain botille")
    assert seen(adviser, handoff) == (["ennen"] if scope == "transcript" else []) + ["odottaessa"]


def test_who_agrees_anew_agrees_up_to_now(api: Api, resident: Resident, adviser: AdviserBrowser) -> None:
    callback = ask(api, resident, "summary", kind="callback", contact=PHONE)
    resident.say("botille")
    assert ask(api, resident, "summary", kind="callback", contact=PHONE) == callback
    assert seen(adviser, callback) == []
    ask(api, resident, "transcript", kind="callback", contact=PHONE)
    resident.say("myöhemmin")
    assert seen(adviser, callback) == ["botille"]
