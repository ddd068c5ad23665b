"""The chat calls: order, idempotency, what is a command, what is refused, erasure."""

from __future__ import annotations

import io
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pypdf import PdfReader

from tests.api.harness import Api, FakeEngine, Resident, free_port, serve, state, text
from tests.waiting import eventually

NOBODY = "00000000-0000-4000-8000-000000000000"


def test_a_talk_begins_with_the_greeting_of_the_dialogue(resident: Resident, engine: FakeEngine) -> None:
    assert engine.received[0]["message"] == "/start_conversation"
    assert engine.received[0]["metadata"]["state"] is None
    assert [message["text"] for message in resident.created["messages"]] == ["Hei, olen kone."]
    assert resident.created["status"] == "bot"
    assert resident.created["awaiting"] == "wants_work"


def test_tokens_have_256_bits_and_differ(api: Api) -> None:
    first, second = api.resident(), api.resident()
    assert len(first.token) >= 43
    assert first.token != second.token


def test_a_message_is_answered_and_the_state_travels(resident: Resident, engine: FakeEngine) -> None:
    resident.say("ensimmäinen")
    answer = resident.say("toinen")
    assert [message["text"] for message in answer["messages"]] == ["Sanoit: toinen"]
    assert [message["metadata"]["turn"] for message in engine.received] == [0, 1, 2]
    assert [(message["metadata"]["state"] or {}).get("n") for message in engine.received] == [None, 1, 2]
    assert engine.received[-1]["sender"] == resident.id


def test_seq_grows_by_one_through_the_whole_talk(resident: Resident) -> None:
    for words in ("yksi", "kaksi"):
        resident.say(words)
    messages = resident.talk()["messages"]
    assert [message["seq"] for message in messages] == [1, 2, 3, 4, 5]
    assert [message["sender"] for message in messages] == ["bot", "resident", "bot", "resident", "bot"]


def test_services_belong_to_the_message_before_them(resident: Resident, engine: FakeEngine) -> None:
    service = {
        "id": "typ", "name": "TYP", "group": "guidance", "summary": "s", "url": None, "phone": None, "reasons": ["r"],
    }  # fmt: skip
    engine.script = lambda _: [
        text("Ensin"),
        {"custom": {"type": "services", "services": [service]}},
        text("Sitten"),
        state(recommendations=[{"rank": 1}], answers={"age": 34}, progress={"area": "skills", "index": 1, "of": 2}),
    ]
    answer = resident.say("mitä suosittelet")
    assert [(message["text"], message["services"]) for message in answer["messages"]] == [
        ("Ensin", [service]),
        ("Sitten", []),
    ]
    assert answer["progress"] == {"area": "skills", "index": 1, "of": 2}
    talk = resident.talk()
    assert talk["answers"] == {"age": 34}
    assert talk["recommendations"] == [{"rank": 1}]
    assert talk["handoff"] is None


def test_the_same_client_id_gives_the_same_answer_and_changes_nothing(resident: Resident, engine: FakeEngine) -> None:
    client_id = str(uuid.uuid4())
    first = resident.say("hei", client_id)
    resident.say("väliin")
    before = resident.talk()
    assert resident.say("jotain aivan muuta", client_id) == first
    assert resident.talk() == before
    assert engine.messages.count("hei") == 1


def test_the_same_client_id_at_once_is_answered_once(resident: Resident, engine: FakeEngine) -> None:
    client_id = str(uuid.uuid4())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: resident.say("hei", client_id), range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert engine.messages.count("hei") == 1
    assert resident.said_by("resident") == ["hei"]


def test_messages_sent_at_once_keep_each_its_answer_right_behind_it(resident: Resident) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: resident.say(f"viesti {n}"), range(8)))
    messages = resident.talk()["messages"][1:]
    pairs = list(zip(messages[::2], messages[1::2], strict=True))
    assert sorted(asked["text"] for asked, _ in pairs) == [f"viesti {n}" for n in range(8)]
    for asked, answered in pairs:
        assert answered["text"] == f"Sanoit: {asked['text']}"


def test_two_processes_on_one_database_answer_once_and_in_order(
    api: Api, engine: FakeEngine, resident: Resident
) -> None:
    other = serve(api.settings.model_copy(update={"port": free_port()}), engine)
    other.server.start()
    try:
        engine.mode, engine.delay_s = "slow", 0.05
        with api.client() as one, other.client() as two:
            client_ids = [str(uuid.uuid4()) for _ in range(4)]

            def send(job: tuple[Any, str]) -> Any:
                client, client_id = job
                answer = client.post(
                    f"{resident.path}/messages",
                    json={"client_id": client_id, "text": f"viesti {client_id}"},
                    headers={"Authorization": f"Bearer {resident.token}"},
                )
                assert answer.status_code == 200, answer.text
                return client_id, answer.json()

            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(send, [(client, one_id) for one_id in client_ids for client in (one, two)]))
    finally:
        other.server.stop()
    for client_id in client_ids:
        first, second = [answer for sent, answer in answers if sent == client_id]
        assert first == second
    messages = resident.talk()["messages"][1:]
    assert [message["seq"] for message in messages] == list(range(2, 10))
    for asked, answered in zip(messages[::2], messages[1::2], strict=True):
        assert answered["text"] == f"Sanoit: {asked['text']}"


def test_an_offered_button_is_a_command_and_stored_by_its_title(resident: Resident, engine: FakeEngine) -> None:
    resident.press("/affirm")
    assert engine.messages[-1] == "/affirm"
    assert resident.said_by("resident") == ["Kyllä"]


def test_a_payload_that_was_not_offered_reaches_nothing(resident: Resident, engine: FakeEngine) -> None:
    before, calls = resident.talk(), len(engine.received)
    answer = resident.post(payload="/restart")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"].startswith("Tätä painiketta ei ole tarjottu tässä keskustelussa.")
    assert resident.talk() == before
    assert len(engine.received) == calls


def test_a_payload_offered_in_another_talk_is_not_offered_in_this_one(
    api: Api, resident: Resident, engine: FakeEngine
) -> None:
    other = api.resident()
    engine.script = lambda _: [text("Valitse", ("Vain täällä", "/only_here")), state()]
    resident.say("näytä")
    assert resident.post(payload="/only_here").status_code == 200
    assert other.post(payload="/only_here").status_code == 422


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/restart", "?"),
        ("  //restart", "?"),
        ("/ /affirm", "?"),
        ('/answer{"wants_work": "no"}', "?"),
        ("/lopeta", "lopeta"),
        ("  //restart nyt", "restart nyt"),
        ("/crisis", "crisis"),
        ("///", "?"),
        ("joko/tai", "joko/tai"),
    ],
)
def test_text_with_a_leading_slash_is_text(resident: Resident, engine: FakeEngine, written: str, sent: str) -> None:
    resident.say(written)
    assert engine.messages[-1] == sent
    assert resident.said_by("resident") == [written]


BAD_BODIES: dict[str, Any] = {
    "neither": {"client_id": NOBODY},
    "both": {"client_id": NOBODY, "text": "a", "payload": "/affirm"},
    "null text": {"client_id": NOBODY, "text": None},
    "number": {"client_id": NOBODY, "text": 5},
    "list": {"client_id": NOBODY, "text": ["a"]},
    "object": {"client_id": NOBODY, "text": {"a": 1}},
    "no client_id": {"text": "hei"},
    "client_id is no uuid": {"client_id": "abc", "text": "hei"},
    "empty": {"client_id": NOBODY, "text": ""},
    "spaces": {"client_id": NOBODY, "text": " \n\t "},
    "invisible": {"client_id": NOBODY, "text": "\u200b\u200d"},
    "NUL": {"client_id": NOBODY, "text": "salaisuus\x00"},
    "escape": {"client_id": NOBODY, "text": "salaisuus\x1b[2J"},
    "delete": {"client_id": NOBODY, "text": "salaisuus\x7f"},
    "C1": {"client_id": NOBODY, "text": "salaisuus\x85"},
    "lone carriage return": {"client_id": NOBODY, "text": "salaisuus\rtoinen"},
    "too long": {"client_id": NOBODY, "text": "x" * 2001},
    "payload is no text": {"client_id": NOBODY, "payload": True},
    "payload with NUL": {"client_id": NOBODY, "payload": "/affirm\x00"},
    "array": [],
    "string": "hei",
    "null": None,
}

RAW_BODIES: dict[str, bytes] = {
    "malformed": b'{"client_id": "',
    "nothing": b"",
    "not UTF-8": b'{"client_id": "00000000-0000-4000-8000-000000000000", "text": "\xff\xfe salaisuus"}',
    "escaped surrogate": b'{"client_id": "00000000-0000-4000-8000-000000000000", "text": "salaisuus \\ud800"}',
    "raw surrogate": b'{"client_id": "00000000-0000-4000-8000-000000000000", "text": "salaisuus \xed\xa0\x80"}',
    "surrogate in a key": b'{"client_id": "00000000-0000-4000-8000-000000000000", "\\ud800": 1}',
    "deep": b"[" * 30_000,
    "long number": b'{"client_id": ' + b"9" * 6000 + b"}",
    "not a number": b'{"client_id": NaN, "text": "salaisuus"}',
}


def _refused(resident: Resident, engine: FakeEngine, name: str, content: bytes) -> None:
    answer = resident.http.post(
        f"{resident.path}/messages", content=content, headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500, name
    assert answer.headers["content-type"] == "application/problem+json", name
    problem = answer.json()
    assert problem["status"] == answer.status_code, name
    assert problem["title"][0].isupper(), name
    for leak in ("salaisuus", "Traceback", "pydantic", "json.decoder"):
        assert leak not in answer.text, name
    assert engine.messages == ["/start_conversation"], name
    assert len(resident.talk()["messages"]) == 1, name


def test_bodies_that_do_not_fit_are_refused_and_stored_nowhere(resident: Resident, engine: FakeEngine) -> None:
    for name, body in BAD_BODIES.items():
        _refused(resident, engine, name, json.dumps(body).encode())


def test_bytes_that_are_no_json_text_are_refused_and_stored_nowhere(resident: Resident, engine: FakeEngine) -> None:
    for name, content in RAW_BODIES.items():
        _refused(resident, engine, name, content)


def test_2000_characters_are_taken_and_line_ends_kept(resident: Resident) -> None:
    resident.say("ä" * 2000)
    resident.say("yksi\r\nkaksi\tkolme 🙂")
    assert resident.said_by("resident") == ["ä" * 2000, "yksi\nkaksi\tkolme 🙂"]


def test_a_body_over_64_kib_is_refused_before_it_is_read(resident: Resident, engine: FakeEngine) -> None:
    exact = json.dumps({"client_id": NOBODY, "text": "x"}).encode()
    at_limit = exact + b" " * (64 * 1024 - len(exact))
    headers = {"Content-Type": "application/json"}
    path = f"{resident.path}/messages"
    assert resident.http.post(path, content=at_limit, headers=headers).status_code == 200
    too_large = resident.http.post(path, content=at_limit + b" ", headers=headers)
    assert too_large.status_code == 413
    assert too_large.headers["content-type"] == "application/problem+json"

    def chunks() -> Any:  # without a content-length
        for _ in range(70):
            yield b" " * 1024

    assert resident.http.post(path, content=chunks(), headers=headers).status_code == 413
    assert engine.messages == ["/start_conversation", "x"]


CALLS = [
    ("GET", ""),
    ("POST", "/messages"),
    ("GET", "/events?wait=0"),
    ("GET", "/transcript"),
    ("DELETE", ""),
    ("POST", "/handoff/cancel"),
    ("POST", "/typing"),
    ("POST", "/feedback"),
]
BODIES = {"/messages": {"client_id": NOBODY, "text": "hei"}, "/feedback": {"helped": True}}


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "wrong", "Bearer \xe4\xe4"]
)
def test_without_a_good_token_everything_is_401(resident: Resident, authorization: str | None) -> None:
    if authorization is None:
        del resident.http.headers["Authorization"]
    headers = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    for method, path in CALLS:
        answer = resident.http.request(method, resident.path + path, headers=headers, json=BODIES.get(path))
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_token_of_another_talk_opens_nothing(api: Api, engine: FakeEngine) -> None:
    mine, other = api.resident(), api.resident()
    headers = {"Authorization": f"Bearer {other.token}"}
    answers = [
        mine.http.get(mine.path, headers=headers),
        mine.http.delete(mine.path, headers=headers),
        mine.http.post(f"{mine.path}/messages", json={"client_id": NOBODY, "text": "hei"}, headers=headers),
        mine.http.get(f"/api/v1/conversations/{NOBODY}", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [404] * 4
    assert len(mine.talk()["messages"]) == 1
    assert "hei" not in engine.messages


def test_an_id_that_is_no_uuid_is_refused(resident: Resident) -> None:
    answer = resident.http.get("/api/v1/conversations/..%2f..%2fetc")
    assert answer.status_code in {404, 422}
    assert resident.http.get("/api/v1/conversations/abc").status_code == 422


def test_erasing_leaves_nothing_in_any_table(api: Api, resident: Resident) -> None:
    from sqlalchemy import func, inspect, select

    from api.database import Base, make_sync_engine

    resident.say("hei 131052-308T")
    assert api.hand_over(resident.id, name="Matti").status_code == 202
    resident.say("odotan")
    resident.http.post(f"{resident.path}/feedback", json={"helped": True, "text": "hyvä"})
    assert resident.http.delete(resident.path).status_code == 204
    assert resident.http.get(resident.path).status_code == 401
    engine = make_sync_engine(api.settings)
    keepers = {"advisers", "adviser_presence", "adviser_sessions", "audit", "erasure_clock", "webhook_receivers"}
    with engine.connect() as connection:
        assert set(Base.metadata.tables) <= set(inspect(connection).get_table_names())
        for table in Base.metadata.sorted_tables:
            if table.name in keepers:
                continue
            key = "id" if table.name == "conversations" else "conversation_id"
            if key in table.c:
                query = select(func.count()).select_from(table).where(table.c[key] == resident.id)
            else:
                assert table.name == "handoff_notes"
                handoffs = select(Base.metadata.tables["handoffs"].c.id)
                query = select(func.count()).select_from(table).where(table.c.handoff_id.not_in(handoffs))
            assert connection.scalar(query) == 0, table.name
    engine.dispose()


def test_a_talk_erased_while_the_engine_thinks_stays_erased(api: Api, resident: Resident, engine: FakeEngine) -> None:
    engine.mode, engine.delay_s = "slow", 3.0
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(resident.post, text="hetki")
        eventually(lambda: "hetki" in engine.messages)
        assert resident.http.delete(resident.path).status_code == 204
        engine.release.set()
        assert answer.result().status_code == 404
    assert resident.http.get(resident.path).status_code == 401


def test_erasing_in_words_erases_after_the_answer(resident: Resident, engine: FakeEngine) -> None:
    engine.script = lambda _: [text("Poistin kaiken."), state(command="erase")]
    answer = resident.say("kyllä, poista")
    assert [message["text"] for message in answer["messages"]] == ["Poistin kaiken."]
    assert resident.http.get(resident.path).status_code == 401


def test_the_transcript_comes_in_four_shapes(resident: Resident, engine: FakeEngine) -> None:
    recommendation = {
        "service": {"id": "typ", "name": "Palvelu <X>", "summary": "Lyhyesti", "url": None, "phone": "03 123"},
        "group": "guidance",
        "rank": 1,
        "reasons": [{"text": "Koska kerroit niin", "rule": "r", "source": "s"}],
    }
    engine.script = lambda _: [
        text("Selvä"),
        state(answers={"wants_work": "yes", "age": 34}, recommendations=[recommendation]),
    ]
    resident.say("<script>alert(1)</script>")
    path = f"{resident.path}/transcript"
    document = resident.http.get(path).json()
    assert document["answers"] == {"wants_work": "yes", "age": 34}
    assert [message["sender"] for message in document["messages"]] == ["bot", "resident", "bot"]
    plain = resident.http.get(path, params={"format": "txt"})
    assert plain.headers["content-type"] == "text/plain; charset=utf-8"
    for part in ("Haluatko työhön: kyllä", "Ikä vuosina: 34", "Palvelu <X>", "Koska kerroit niin", "03 123"):
        assert part in plain.text
    page = resident.http.get(path, params={"format": "html"}).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "Palvelu &lt;X&gt;" in page
    pdf = resident.http.get(path, params={"format": "pdf"})
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"] == 'attachment; filename="tienviitta-keskustelu.pdf"'
    printed = "".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(pdf.content)).pages)
    for part in ("<script>alert(1)</script>", "Palvelu <X>", "Koska kerroit niin", "03 123"):
        assert part in printed
    assert resident.http.get(path, params={"format": "docx"}).status_code == 422


def test_feedback_is_kept_without_what_identifies(api: Api, resident: Resident) -> None:
    from sqlalchemy import select

    from api.conversations.models import Feedback
    from api.database import sync_session

    path = f"{resident.path}/feedback"
    assert resident.http.post(path, json={"helped": "yes"}).status_code == 204
    answer = resident.http.post(path, json={"helped": False, "text": "soittakaa 040 1234567"})
    assert answer.status_code == 204
    for helped in ("ehkä", 1, None, "Yes"):
        assert resident.http.post(path, json={"helped": helped}).status_code == 422
    with sync_session(api.settings) as session:
        kept = session.scalars(select(Feedback).where(Feedback.conversation_id == resident.id)).one()
        assert (kept.about, kept.helped) == ("bot", "no")
        assert kept.text == "soittakaa [puhelinnumero poistettu]"
