"""Coming back after a long silence, and side questions while an adviser is waited for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, update

from api.conversations import waiting
from api.conversations.models import Conversation, Message
from api.conversations.pauses import AWAY_AFTER
from api.database import now, sync_session
from api.engine.client import Understood
from catalogue.loader import load_content
from tests.api.harness import Api, FakeEngine, Resident

MINUTE = timedelta(minutes=1)


@pytest.fixture
def handoff(api: Api, resident: Resident) -> str:
    """A talk in the queue, and nobody else."""
    with sync_session(api.settings) as session:
        session.execute(delete(Conversation).where(Conversation.id != resident.id))
    handoff_id: str = api.hand_over(resident.id).json()["handoff_id"]
    return handoff_id


def silent_for(api: Api, how_long: timedelta) -> None:
    """Make everything said so long ago."""
    with sync_session(api.settings) as session:
        session.execute(update(Message).values(at=now() - how_long))


def away(engine: FakeEngine) -> bool:
    return bool(engine.received[-1]["metadata"].get("away"))


@pytest.mark.parametrize(("silence", "is_away"), [(AWAY_AFTER - MINUTE, False), (AWAY_AFTER + MINUTE, True)])
def test_the_first_message_after_a_silence_says_so_to_the_dialogue(
    api: Api, resident: Resident, engine: FakeEngine, silence: timedelta, is_away: bool
) -> None:
    resident.say("hei")
    silent_for(api, silence)
    resident.say("täällä taas")
    assert away(engine) is is_away
    resident.say("ja vielä")
    assert not away(engine)


def test_coming_back_offers_once_to_go_on(api: Api, resident: Resident, engine: FakeEngine) -> None:
    resident.say("hei")
    silent_for(api, AWAY_AFTER + MINUTE)
    before = resident.talk()
    answer = resident.http.post(f"{resident.path}/resume")
    assert answer.status_code == 200
    assert [message["text"] for message in answer.json()["messages"]] == ["Sanoit: /resume_conversation"]
    assert away(engine)
    assert len(resident.talk()["messages"]) == len(before["messages"]) + 1
    calls = len(engine.received)
    assert resident.http.post(f"{resident.path}/resume").json()["messages"] == []
    assert len(engine.received) == calls
    resident.say("jatketaan")
    assert not away(engine)


def test_reading_the_talk_changes_nothing(api: Api, resident: Resident, engine: FakeEngine) -> None:
    resident.say("hei")
    silent_for(api, AWAY_AFTER + MINUTE)
    calls = len(engine.received)
    assert resident.talk() == resident.talk()
    assert len(engine.received) == calls


def test_coming_back_soon_says_nothing(resident: Resident, engine: FakeEngine) -> None:
    resident.say("hei")
    calls = len(engine.received)
    assert resident.http.post(f"{resident.path}/resume").json()["messages"] == []
    assert len(engine.received) == calls


def test_coming_back_while_an_adviser_is_waited_for_says_nothing(
    api: Api, resident: Resident, engine: FakeEngine, handoff: str
) -> None:
    silent_for(api, AWAY_AFTER + MINUTE)
    calls = len(engine.received)
    answer = resident.http.post(f"{resident.path}/resume").json()
    assert (answer["messages"], answer["status"]) == ([], "queued")
    assert len(engine.received) == calls


def test_coming_back_to_a_dead_engine_loses_nothing(api: Api, resident: Resident, engine: FakeEngine) -> None:
    resident.say("hei")
    silent_for(api, AWAY_AFTER + MINUTE)
    engine.mode = "error"
    assert resident.http.post(f"{resident.path}/resume").status_code == 200
    engine.mode = "normal"
    assert resident.say("hei")["messages"][0]["text"] == "Sanoit: hei"


def test_a_side_question_in_the_queue_is_answered_and_reaches_the_adviser(
    resident: Resident, engine: FakeEngine, handoff: str
) -> None:
    calls = len(engine.received)
    answer = resident.say("oletko kone")
    assert len(engine.received) == calls, "the dialogue is silent"
    assert [message["sender"] for message in answer["messages"]] == ["system"]
    assert "Vastaan tähän, kun odotat" in answer["messages"][0]["text"]
    assert answer["status"] == "queued"
    assert resident.said_by("resident")[-1] == "oletko kone"


def heard(intent: str, confidence: float = 0.9, services: tuple[str, ...] = ()) -> Understood:
    return Understood(intent, confidence, frozenset(services), None)


CATALOGUE = load_content()
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("intent", sorted(waiting.ABOUT_SERVICES))
def test_every_kind_of_question_about_a_service_has_an_answer(intent: str) -> None:
    told = waiting.answer(heard(intent, services=("palkkatuki",)), CATALOGUE, TODAY)
    assert told is not None
    assert told.endswith("Viestisi meni myös neuvojalle.")


@pytest.mark.parametrize("intent", sorted(waiting.FIXED))
def test_questions_about_this_service_have_an_answer(intent: str) -> None:
    assert waiting.answer(heard(intent), CATALOGUE, TODAY) is not None


@pytest.mark.parametrize(
    "unclear",
    [
        heard("ask_service"),
        heard("ask_service", 0.59, ("palkkatuki",)),
        heard("inform_wants_work", services=("palkkatuki",)),
        heard("nlu_fallback"),
        heard("ask_service", services=("no_such_service",)),
    ],
)
def test_anything_else_is_for_the_adviser_alone(unclear: Understood) -> None:
    assert waiting.answer(unclear, CATALOGUE, TODAY) is None


@pytest.mark.parametrize("how", ["button", "call"])
def test_who_takes_a_request_back_has_a_button_to_go_on_with(resident: Resident, handoff: str, how: str) -> None:
    if how == "button":
        resident.say("kysymys")
        said = resident.press("/cancel_handoff")["messages"]
    else:
        said = resident.http.post(f"{resident.path}/handoff/cancel").json()["messages"]
    assert [button["payload"] for button in said[-1]["buttons"]] == ["/repeat"]
    assert resident.press("/repeat")["status"] == "bot"
