"""The engine slow, dead, silent or talking nonsense: an apology, a way on, and the talk goes on when it is back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.texts import node, say
from settings import Settings
from tests.api.harness import Api, FakeEngine, Resident, Server, free_port

APOLOGIES = [words.strip() for words in node("apology")]
FAILURES = ["empty", "no_state", "error", "not_json", "wrong_shape", "slow"]


def payloads(answer: dict) -> list[str]:
    return [button["payload"] for message in answer["messages"] for button in message["buttons"]]


@pytest.mark.parametrize("mode", FAILURES)
def test_a_failed_turn_is_an_apology_with_a_way_on(resident: Resident, engine: FakeEngine, mode: str) -> None:
    before = resident.talk()
    engine.mode, engine.delay_s = mode, 30
    answer = resident.say("hei")
    assert [message["text"] for message in answer["messages"]] == [APOLOGIES[0]]
    assert payloads(answer) == ["/request_human", "/retry_message"]
    assert (answer["status"], answer["awaiting"]) == ("bot", before["awaiting"])
    assert "secret" not in str(resident.talk())


def test_the_default_limit_leaves_room_within_five_seconds() -> None:
    assert Settings(_env_file=None).engine_timeout_s <= 4.5


def test_the_second_apology_running_has_other_words(resident: Resident, engine: FakeEngine) -> None:
    engine.mode = "empty"
    said = [resident.say(words)["messages"][0]["text"] for words in ("a", "b", "c")]
    assert said == [APOLOGIES[0], APOLOGIES[1], APOLOGIES[0]]


def test_the_talk_goes_on_with_the_state_it_had(resident: Resident, engine: FakeEngine) -> None:
    resident.say("yksi")
    engine.mode = "error"
    resident.say("kaksi")
    engine.mode = "normal"
    assert resident.say("kolme")["messages"][0]["text"] == "Sanoit: kolme"
    assert engine.received[-1]["metadata"]["state"]["n"] == 2
    engine.mode = "error"
    assert resident.say("neljä")["messages"][0]["text"] == APOLOGIES[0], "counted from the start again"


def test_trying_again_sends_what_failed(resident: Resident, engine: FakeEngine) -> None:
    engine.mode = "empty"
    resident.say("/tärkeä asia")
    resident.press("/retry_message")
    engine.mode = "normal"
    answer = resident.press("/retry_message")
    assert answer["messages"][0]["text"] == "Sanoit: tärkeä asia"
    assert engine.messages[1:] == ["tärkeä asia"] * 3
    assert resident.said_by("resident") == ["/tärkeä asia", say("buttons.retry"), say("buttons.retry")]


def test_trying_a_button_again_sends_the_button(resident: Resident, engine: FakeEngine) -> None:
    engine.mode = "empty"
    resident.press("/affirm")
    engine.mode = "normal"
    resident.press("/retry_message")
    assert engine.messages[-1] == "/affirm"


def test_one_who_wants_a_person_gets_the_queue_without_the_engine(
    api: Api, resident: Resident, engine: FakeEngine
) -> None:
    engine.script = lambda message: [
        {"text": "Kirjasin"},
        {"custom": {"type": "state", "state": {"answers": {"wants_work": "unsure", "age": 51}}}},
    ]
    resident.say("olen 51")
    engine.mode = "error"
    asked = resident.press("/request_human")
    assert asked["status"] == "bot", "the bot's own button did not say what is passed on"
    assert asked["messages"][0]["buttons"][0]["title"] == say("buttons.person")
    answer = resident.press("/request_human")
    assert answer["status"] == "queued"
    assert answer["handoff"]["place"] >= 1
    assert "/cancel_handoff" in payloads(answer)
    adviser = api.adviser("aino")
    seen = adviser.get(f"handoffs/{answer['handoff']['id']}")
    assert seen["consent"] == {"scope": "summary", "text_version": "api-1"}
    assert seen["summary"] == [
        {"area": "Motivaatio", "items": [{"question": "Haluatko työhön", "answer": "en ole varma"}]},
        {"area": "Taustatiedot", "items": [{"question": "Ikä vuosina", "answer": "51"}]},
    ]
    assert "olen 51" not in [message["text"] for message in seen["messages"]]
    resident.http.post(f"{resident.path}/handoff/cancel")


def test_a_webhook_that_came_through_counts_even_if_the_turn_failed(
    api: Api, resident: Resident, engine: FakeEngine
) -> None:
    def ask_and_die(message: dict) -> list:
        assert api.hand_over(message["sender"]).status_code == 202
        return []

    engine.script = ask_and_die
    answer = resident.press("/request_human")
    assert answer["status"] == "queued"
    assert [message["sender"] for message in answer["messages"]] == ["system"]
    assert payloads(answer) == ["/cancel_handoff"]
    resident.press("/cancel_handoff")


def test_with_the_engine_dead_a_talk_still_begins(own_api: Callable[..., Api]) -> None:
    api = own_api(engine_port=free_port())
    resident = api.resident()
    words = " ".join(message["text"] for message in resident.created["messages"])
    assert "En ole ihminen" in words
    assert "Tallennan keskustelun" in words
    assert "30 päivän" in words
    assert payloads(resident.created) == ["/request_human", "/retry_message"]
    answer = resident.say("onko siellä ketään")
    assert answer["messages"][0]["text"] == APOLOGIES[1]
    assert resident.press("/request_human")["status"] == "queued"


def test_the_engine_comes_back_on_its_own(own_api: Callable[..., Api]) -> None:
    port = free_port()
    api = own_api(engine_port=port)
    resident = api.resident()
    back = FakeEngine(port)
    server = Server(back.app(), port)
    server.start()
    try:
        assert resident.press("/retry_message")["messages"][0]["text"] == "Hei, olen kone."
        assert back.messages == ["/start_conversation"]
    finally:
        server.stop()
