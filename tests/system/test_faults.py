"""What a resident meets when a part is killed: an apology and a way on, and then the talk where it was."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Iterator

import httpx
import pytest

from launcher.processes import Process, Supervisor
from tests.conftest import Stack
from tests.launcher.conftest import until
from tests.system.people import Adviser, Resident
from tests.waiting import LIMIT_S

pytestmark = pytest.mark.stack

START_LIMIT_S = 180.0


class Parts:
    """The processes of the service, to be killed and started again."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        assert isinstance(stack.supervisor, Supervisor)
        self.by_name: dict[str, Process] = {process.name: process for process in stack.supervisor.processes}

    def kill(self, name: str) -> None:
        process = self.by_name[name]
        assert process.popen is not None
        os.killpg(process.popen.pid, signal.SIGKILL)
        process.popen.wait(LIMIT_S)

    def start(self, name: str) -> None:
        process = self.by_name[name]
        if not process.running():
            process.start()
        assert until(process.ready, START_LIMIT_S), process.last_words()
        # As the launcher does: what is slow once is not the resident's to wait for.
        if process.cold:
            process.warm_up()

    def missing(self) -> list[str]:
        """What the api says that it lacks."""
        return list(httpx.get(f"{self.stack.url}/readyz", timeout=60).json().get("missing", []))


@pytest.fixture
def parts(stack: Stack) -> Iterator[Parts]:
    found = Parts(stack)
    yield found
    for name in found.by_name:
        found.start(name)


def in_the_middle(resident: Resident) -> None:
    """The self-check, three answers in."""
    resident.press("/start_self_check")
    for value in ("yes", "no", "unsure"):
        resident.give(value)
    assert resident.answer["awaiting"] == "work_ability_score"


@pytest.mark.parametrize("part", ["engine", "actions"])
def test_a_killed_part_is_apologised_for_and_the_talk_goes_on_where_it_was(
    parts: Parts, resident: Resident, part: str
) -> None:
    in_the_middle(resident)
    before = resident.talk()
    parts.kill(part)

    # The client gives an answer five seconds, and raises when none has come.
    resident.say("seitsemän")

    assert "Anteeksi" in resident.text
    titles = {button["payload"]: button["title"] for button in resident.buttons}
    assert "neuvoja" in titles["/request_human"].lower()
    assert resident.answer["awaiting"] == "work_ability_score"
    talk = resident.talk()
    assert talk["answers"] == before["answers"]
    assert [m["text"] for m in talk["messages"] if m["sender"] == "resident"][-1] == "seitsemän"
    assert until(lambda: parts.missing() == [part])
    first = resident.text
    resident.say("seitsemän")
    assert resident.text != first, "the same apology twice running"

    parts.start(part)
    [retry] = [payload for payload in titles if payload != "/request_human"]
    resident.press(retry)

    assert resident.talk()["answers"] == {**before["answers"], "work_ability_score": 7}
    assert resident.answer["awaiting"] == "life_situation_allows_work"
    assert until(lambda: parts.missing() == [])


def test_with_the_engine_gone_a_new_talk_begins_and_a_person_can_be_had(
    parts: Parts, stack: Stack, adviser: Adviser
) -> None:
    parts.kill("engine")

    resident = Resident(stack.url)
    assert "En ole ihminen" in resident.text
    assert "30 päivän" in resident.text
    [person] = [button["payload"] for button in resident.buttons if button["payload"] == "/request_human"]
    resident.press(person)

    assert resident.answer["status"] == "queued"
    assert resident.answer["handoff"]["place"] >= 1
    handoff = resident.answer["handoff"]["id"]
    assert handoff in {item["id"] for item in adviser.queue()}
    adviser.act(handoff, "accept")
    adviser.act(handoff, "messages", client_id=str(uuid.uuid4()), text="Hei, täällä Neuvoja.")
    assert [m["text"] for m in resident.talk()["messages"] if m["sender"] == "adviser"] == ["Hei, täällä Neuvoja."]

    parts.start("engine")
    adviser.act(handoff, "close", outcome="informed", text="Soitat terveysasemalle.")
    assert until(lambda: "olen taas tässä" in resident.talk()["messages"][-2]["text"])
    assert resident.press("/start_self_check")["awaiting"] == "wants_work"
    resident.http.close()


def test_a_killed_api_has_lost_nothing(parts: Parts, resident: Resident) -> None:
    in_the_middle(resident)
    client_id = str(uuid.uuid4())
    answered = resident.post(client_id=client_id, text="seitsemän").json()
    before = resident.talk()
    parts.kill("api")
    with pytest.raises(httpx.TransportError):
        resident.talk()

    parts.start("api")

    assert resident.talk() == before
    assert resident.post(client_id=client_id, text="seitsemän").json() == answered
    assert resident.talk() == before
    resident.say("kyllä")
    assert resident.answer["awaiting"] == "has_usable_skills"


def test_an_api_killed_in_the_middle_of_a_turn_takes_it_up_again(parts: Parts, resident: Resident) -> None:
    in_the_middle(resident)
    client_id = str(uuid.uuid4())
    engine = parts.by_name["engine"].popen
    assert engine is not None
    os.killpg(engine.pid, signal.SIGSTOP)
    try:
        with pytest.raises(httpx.TimeoutException):
            resident.http.post(
                f"{resident.path}/messages",
                json={"client_id": client_id, "text": "seitsemän"},
                headers=resident.headers,
                timeout=1.0,
            )
        parts.kill("api")
    finally:
        os.killpg(engine.pid, signal.SIGCONT)
    parts.start("api")

    again = resident.post(client_id=client_id, text="seitsemän")

    assert again.status_code == 200, again.text
    assert again.json()["awaiting"] == "life_situation_allows_work"
    talk = resident.talk()
    assert talk["answers"]["work_ability_score"] == 7
    assert [m["text"] for m in talk["messages"] if m["sender"] == "resident"].count("seitsemän") == 1


def test_an_engine_that_hangs_is_apologised_for(parts: Parts, resident: Resident) -> None:
    in_the_middle(resident)
    engine = parts.by_name["engine"].popen
    assert engine is not None
    os.killpg(engine.pid, signal.SIGSTOP)
    try:
        resident.say("seitsemän")
    finally:
        os.killpg(engine.pid, signal.SIGCONT)

    assert "Anteeksi" in resident.text
    assert "/request_human" in {button["payload"] for button in resident.buttons}
    assert until(lambda: parts.missing() == [])
    resident.say("seitsemän")
    assert resident.answer["awaiting"] == "life_situation_allows_work"


def test_a_crisis_is_noticed_while_waiting_and_while_an_adviser_talks(
    parts: Parts, resident: Resident, adviser: Adviser
) -> None:
    resident.ask_for_a_person("Matti")
    assert resident.answer["status"] == "queued"
    handoff = resident.answer["handoff"]["id"]
    assert adviser.request(handoff)["urgent"] is None

    resident.say("odotan tässä rauhassa")
    assert "112" not in resident.text
    resident.say("mieheni hakkaa minua ja pelkään kotona")
    assert "112" in resident.text
    assert adviser.request(handoff)["urgent"] == "danger"
    assert adviser.queue()[0]["id"] == handoff

    adviser.act(handoff, "accept")
    resident.say("kiitos että olet siinä")
    assert resident.answer["messages"] == []
    resident.say("en halua enää elää")
    assert "112" in resident.text
    assert "09 2525 0111" in resident.text
    assert resident.answer["handoff"]["urgent"] == "crisis"
    assert adviser.request(handoff)["urgent"] == "crisis"
    seen = [m["text"] for m in adviser.request(handoff)["messages"] if m["sender"] == "resident"]
    assert seen[-1] == "en halua enää elää"
    adviser.act(handoff, "close", outcome="referred", text="Soitamme yhdessä kriisipuhelimeen.")


def test_a_message_in_the_queue_is_kept_while_the_engine_is_gone(
    parts: Parts, resident: Resident, adviser: Adviser
) -> None:
    resident.ask_for_a_person("Liisa")
    handoff = resident.answer["handoff"]["id"]
    parts.kill("engine")

    resident.say("tulen vähän myöhässä")

    assert resident.answer["status"] == "queued"
    texts = [m["text"] for m in adviser.request(handoff)["messages"] if m["sender"] == "resident"]
    assert texts[-1] == "tulen vähän myöhässä"
    adviser.act(handoff, "accept")
    adviser.act(handoff, "close", outcome="informed")
