"""``POST /webhooks/handoff``: signed, idempotent, and taken while the turn that caused it is open."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.api.harness import Api, FakeEngine, Resident, text


def post(api: Api, body: bytes, headers: dict[str, str]) -> httpx.Response:
    with api.client() as client:
        return client.post("/webhooks/handoff", content=body, headers=headers)


def body_for(conversation_id: str, **data: Any) -> bytes:
    return json.dumps({"type": "handoff.requested", "data": {"conversation_id": conversation_id, **data}}).encode()


def test_a_request_puts_the_talk_into_the_queue(api: Api, resident: Resident) -> None:
    answer = api.hand_over(resident.id)
    assert answer.status_code == 202
    assert answer.json()["status"] == "queued"
    talk = resident.talk()
    assert talk["status"] == "queued"
    assert talk["handoff"]["id"] == answer.json()["handoff_id"]
    assert talk["handoff"]["place"] == answer.json()["place"]
    last = talk["messages"][-1]
    assert last["sender"] == "system"
    assert [button["payload"] for button in last["buttons"]] == ["/cancel_handoff"]
    resident.press("/cancel_handoff")


def test_the_same_webhook_id_is_one_handoff_and_one_answer(api: Api, resident: Resident) -> None:
    webhook_id = f"msg_{uuid.uuid4().hex}"
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: api.hand_over(resident.id, webhook_id=webhook_id), range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    resident.press("/cancel_handoff")
    assert api.hand_over(resident.id, webhook_id=webhook_id).text == answers[0].text, "also after it has ended"
    assert resident.talk()["status"] == "cancelled"


def test_one_webhook_id_for_several_talks_at_once_is_one_handoff(api: Api) -> None:
    residents = [api.resident() for _ in range(5)]
    webhook_id = f"msg_{uuid.uuid4().hex}"
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda r: api.hand_over(r.id, webhook_id=webhook_id), residents))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["handoff_id"] for answer in answers}) == 1
    waiting = [resident for resident in residents if resident.talk()["status"] == "queued"]
    assert len(waiting) == 1
    waiting[0].press("/cancel_handoff")


def test_another_webhook_for_a_waiting_talk_is_no_second_handoff(api: Api, resident: Resident) -> None:
    first, second = api.hand_over(resident.id), api.hand_over(resident.id, name="Matti")
    assert first.json()["handoff_id"] == second.json()["handoff_id"]
    resident.press("/cancel_handoff")


def test_it_is_taken_while_its_turn_is_open(api: Api, resident: Resident, engine: FakeEngine) -> None:
    taken: list[httpx.Response] = []

    def ask(message: dict[str, Any]) -> list[dict[str, Any]]:
        taken.append(api.hand_over(message["sender"]))
        return [text("Olet jonossa."), {"custom": {"type": "state", "state": {"n": 9}}}]

    engine.script = ask
    answer = resident.press("/request_human")
    assert taken[0].status_code == 202
    assert answer["status"] == "queued", "the turn's end did not overwrite it"
    assert [message["text"] for message in answer["messages"]] == ["Olet jonossa."]
    assert answer["messages"][0]["buttons"] == [{"title": "Peru pyyntö", "payload": "/cancel_handoff"}]
    assert resident.talk()["status"] == "queued"
    resident.press("/cancel_handoff")


def test_a_callback_is_kept_with_its_contact_and_the_bot_goes_on(api: Api, resident: Resident) -> None:
    answer = api.hand_over(
        resident.id, kind="callback", contact={"phone": "+358401234567"}, wished_time="huomenna aamulla"
    )
    assert answer.json()["status"] == "callback_requested"
    said = resident.say("kiitos")
    assert said["status"] == "callback_requested"
    assert said["messages"][0]["text"] == "Sanoit: kiitos"
    assert said["handoff"]["callback"] == {
        "phone": "+358401234567", "email": None, "wished_time": "huomenna aamulla",
    }  # fmt: skip
    changed = api.hand_over(resident.id, kind="callback", contact={"email": "a@b.fi"})
    assert changed.json()["handoff_id"] == answer.json()["handoff_id"]
    assert resident.talk()["handoff"]["callback"]["email"] == "a@b.fi"
    assert resident.press("/cancel_handoff")["status"] == "cancelled"


def test_one_tired_of_waiting_becomes_a_callback(api: Api, resident: Resident) -> None:
    waiting = api.hand_over(resident.id).json()
    callback = api.hand_over(resident.id, kind="callback", contact={"phone": "+358401234567"}).json()
    assert (callback["handoff_id"], callback["status"]) == (waiting["handoff_id"], "callback_requested")
    resident.http.post(f"{resident.path}/handoff/cancel")


def signed(api: Api, resident: Resident) -> tuple[bytes, dict[str, str]]:
    body = body_for(resident.id)
    return body, api.sign(body, webhook_id="msg_1")


FORGERIES: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "no signature": lambda h: {k: v for k, v in h.items() if k != "webhook-signature"},
    "no id": lambda h: {k: v for k, v in h.items() if k != "webhook-id"},
    "no timestamp": lambda h: {k: v for k, v in h.items() if k != "webhook-timestamp"},
    "another id": lambda h: h | {"webhook-id": "msg_2"},
    "another time": lambda h: h | {"webhook-timestamp": str(int(h["webhook-timestamp"]) + 1)},
    "no number": lambda h: h | {"webhook-timestamp": "soon"},
    "nan": lambda h: h | {"webhook-timestamp": "nan"},
    "endless": lambda h: h | {"webhook-timestamp": "9" * 400},
    "another signature": lambda h: h | {"webhook-signature": "v1," + "A" * 43 + "="},
    "no version": lambda h: h | {"webhook-signature": "AAAA"},
    "not base64": lambda h: h | {"webhook-signature": "v1,ä".encode().decode("latin-1")},
    "empty": lambda h: h | {"webhook-signature": ""},
    "wrong version": lambda h: h | {"webhook-signature": h["webhook-signature"].replace("v1,", "v2,")},
}


def test_forged_webhooks_are_401(api: Api, resident: Resident) -> None:
    body, headers = signed(api, resident)
    with api.client() as client:
        for name, forge in FORGERIES.items():
            forged = {key: value.encode("latin-1") for key, value in forge(headers).items()}
            answer = client.post("/webhooks/handoff", content=body, headers=forged)
            assert answer.status_code == 401, name
            assert answer.headers["content-type"] == "application/problem+json", name
    assert resident.talk()["status"] == "bot"


def test_a_tampered_body_is_401(api: Api, resident: Resident) -> None:
    body, headers = signed(api, resident)
    assert post(api, body.replace(b"handoff.requested", b"callback.requested"), headers).status_code == 401
    assert resident.talk()["status"] == "bot"


def test_a_signature_by_another_key_is_401_but_one_of_two_is_enough(api: Api, resident: Resident) -> None:
    body, headers = signed(api, resident)
    other = "v1," + "QUJD" * 11
    assert post(api, body, headers | {"webhook-signature": other}).status_code == 401
    both = f"{other} {headers['webhook-signature']}"
    assert post(api, body, headers | {"webhook-signature": both, "webhook-id": "msg_1"}).status_code == 202
    resident.press("/cancel_handoff")


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 202), (4, 202), (6, 401)])
def test_five_minutes_are_the_limit(api: Api, resident: Resident, minutes: int, status: int) -> None:
    body = body_for(resident.id)
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    headers = api.sign(body, webhook_id=f"msg_{uuid.uuid4().hex}", at=at)
    assert post(api, body, headers).status_code == status


def test_bytes_that_are_not_utf8_are_400(api: Api) -> None:
    answer = post(api, b"\xff\xfe", {"webhook-id": "x", "webhook-timestamp": "1", "webhook-signature": "v1,x"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[" * 50_000, 400),
        (b"[]", 422),
        (b'{"type": "handoff.requested"}', 422),
        (b'{"type": "handoff.requested", "data": {"conversation_id": "abc"}}', 422),
        (b'{"type": "other", "data": {"conversation_id": "00000000-0000-4000-8000-000000000000"}}', 422),
        (b'{"type": "handoff.requested", "data": {"conversation_id": "00000000-0000-4000-8000-000000000000"}}', 404),
    ],
)
def test_a_signed_body_that_does_not_fit_is_refused(api: Api, body: bytes, status: int) -> None:
    answer = post(api, body, api.sign(body, webhook_id=f"msg_{uuid.uuid4().hex}"))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_huge_body_is_413(api: Api, resident: Resident) -> None:
    body = body_for(resident.id) + b" " * (256 * 1024)
    assert post(api, body, api.sign(body, webhook_id="msg_huge")).status_code == 413


def test_what_identifies_is_left_out_of_a_request_except_the_contact(api: Api, resident: Resident) -> None:
    handoff_id = api.hand_over(
        resident.id,
        reason="hetuni 131052-308T",
        contact={"phone": "0401234567"},
        summary=[{"area": "Motivaatio", "items": [{"question": "Miksi", "answer": "soita 0401234567"}]}],
    ).json()["handoff_id"]
    seen = api.adviser("aino").get(f"handoffs/{handoff_id}")
    assert seen["reason"] == "hetuni [henkilötunnus poistettu]"
    assert seen["contact"] == {"phone": "0401234567"}
    assert seen["summary"][0]["items"][0]["answer"] == "soita [puhelinnumero poistettu]"
    resident.press("/cancel_handoff")


def test_outside_opening_hours_a_chat_is_409_with_the_next_opening(own_api: Callable[..., Api]) -> None:
    # One minute of one day a week, chosen so that it is not now.
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(datetime.now(UTC).weekday() + 3) % 7]
    api = own_api(adviser_hours=f"{day} 3:00-3:01")
    resident = api.resident()
    answer = api.hand_over(resident.id)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert datetime.fromisoformat(problem["next_open"]) > datetime.now(UTC)
    # The dialogue says it as a sentence of its own.
    assert re.fullmatch(r"He ovat paikalla seuraavan kerran .+ kello 3\.", problem["next_open_text"])
    assert resident.talk()["status"] == "bot"
    callback = api.hand_over(resident.id, kind="callback", contact={"phone": "+358401234567"})
    assert callback.status_code == 202
