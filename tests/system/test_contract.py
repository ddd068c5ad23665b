"""contract/api.md over HTTP, on the real engine, actions and api."""

from __future__ import annotations

import json
import re
import threading
import uuid
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from settings import ROOT
from tests.conftest import Stack
from tests.system.people import Json, Resident, values
from tests.waiting import LIMIT_S

pytestmark = pytest.mark.stack

MESSAGE_FIELDS = {"seq", "sender", "text", "at", "buttons", "services"}
PROBLEM_TITLES: dict[str, str] = YAML(typ="safe").load((ROOT / "api" / "texts.yml").read_text("utf-8"))["problems"]


def test_the_greeting_says_machine_storage_and_the_way_to_a_person(resident: Resident) -> None:
    answer, text = resident.answer, resident.text

    assert uuid.UUID(answer["id"])
    assert len(answer["token"]) >= 32
    assert (answer["status"], answer["awaiting"]) == ("bot", None)
    assert re.search(r"\b(kone|tekoäly\w*|botti)\b", text), text
    assert re.search(r"[Ee]n ole ihminen|en ihminen", text), text
    assert re.search(r"\bpäätä\b", text), "it does not decide"
    assert re.search(r"[Tt]allenn", text), text
    assert re.search(r"\b30 päivän\b", text), text
    for message in answer["messages"]:
        assert set(message) >= MESSAGE_FIELDS
        assert message["sender"] == "bot"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", message["at"])

    [person] = [button for button in resident.buttons if button["payload"] == "/request_human"]
    assert re.search(r"ihmi|neuvoj", person["title"].lower())
    assert resident.press(person["payload"])["awaiting"] == "handoff_consent"


def order(contract: Json) -> list[str]:
    return [item["id"] for item in contract["questions"] + contract["background"]]


def test_every_question_is_asked_in_order_and_answered_by_button(resident: Resident, contract: Json) -> None:
    chosen: dict[str, Any] = {"life_situation_allows_work": "no", "work_ability_score": 4, "unemployed_months": 24}
    resident.press("/start_self_check")
    asked, given = [], {}
    while (question := resident.answer["awaiting"]) is not None:
        assert question not in asked, f"{question} was asked twice"
        asked.append(question)
        offered = [values(button)[question] for button in resident.buttons]
        value = chosen.get(question, offered[0])
        given[question] = [value] if question == "life_situation_barriers" else value
        resident.give(value)

    assert asked == order(contract)
    talk = resident.talk()
    assert talk["answers"] == given
    assert talk["recommendations"]
    shown = [service for message in resident.answer["messages"] for service in message["services"]]
    assert shown
    for service in shown:
        assert set(service) >= {"id", "name", "group", "summary", "url", "phone", "reasons"}
        assert service["reasons"]
        assert service["group"] in {group["id"] for group in contract["service_groups"]}


def test_every_question_can_be_skipped(resident: Resident, contract: Json) -> None:
    resident.press("/start_self_check")
    asked = []
    while (question := resident.answer["awaiting"]) is not None:
        asked.append(question)
        resident.give("skipped")

    # Its question is asked only after "no" or "unsure".
    assert asked == [question for question in order(contract) if question != "life_situation_barriers"]
    assert set(resident.talk()["answers"].values()) == {"skipped"}
    assert "/request_human" in {button["payload"] for button in resident.buttons}


@pytest.mark.parametrize(("answer", "asked"), [("yes", False), ("no", True), ("unsure", True)])
def test_what_makes_it_hard_is_asked_when_something_does(resident: Resident, answer: str, asked: bool) -> None:
    resident.press("/start_self_check")
    while resident.answer["awaiting"] != "life_situation_allows_work":
        resident.give("skipped")

    resident.give(answer)

    assert (resident.answer["awaiting"] == "life_situation_barriers") == asked


def test_every_question_can_be_answered_in_words(resident: Resident) -> None:
    said: list[tuple[str, str, Any]] = [
        ("wants_work", "joo, haluan töihin", "yes"),
        ("open_labour_market_goal", "ei", "no"),
        ("feels_able_to_work", "en ole varma", "unsure"),
        ("work_ability_score", "kuusi", 6),
        ("life_situation_allows_work", "ei", "no"),
        ("life_situation_barriers", "raha ja asunto", ["housing", "money"]),
        ("has_usable_skills", "kyllä on", "yes"),
        ("has_working_life_habits", "joo kyllä", "yes"),
        ("age", "olen 46-vuotias", 46),
        ("municipality", "asun Lahdessa", "Lahti"),
        ("unemployed_months", "kaksi vuotta", 24),
        ("labour_market_subsidy_days", "noin 300 päivää", 300),
    ]
    resident.say("aloitetaan itsearviointi")
    for question, text, _ in said:
        assert resident.answer["awaiting"] == question, resident.text
        resident.say(text)

    talk = resident.talk()
    assert talk["awaiting"] is None
    assert {**talk["answers"], "life_situation_barriers": sorted(talk["answers"]["life_situation_barriers"])} == {
        question: value for question, _, value in said
    }
    assert talk["recommendations"]


def test_the_talk_recommends_what_the_recommendation_call_does(resident: Resident, contract: Json) -> None:
    resident.press("/start_self_check")
    while (question := resident.answer["awaiting"]) is not None:
        resident.give({"feels_able_to_work": "no", "work_ability_score": 3}.get(question, "skipped"))
    talk = resident.talk()
    background = {item["id"] for item in contract["background"]}

    answered = resident.http.post(
        "/api/v1/recommendations",
        json={
            "answers": {key: value for key, value in talk["answers"].items() if key not in background},
            "background": {key: value for key, value in talk["answers"].items() if key in background},
        },
    )

    assert answered.status_code == 200, answered.text
    found = answered.json()["recommendations"]
    assert found
    assert [item["service"]["id"] for item in talk["recommendations"]] == [item["service"]["id"] for item in found]
    assert [item["rank"] for item in found] == sorted(item["rank"] for item in found)
    for item in found:
        assert set(item["service"]) >= {"id", "name", "summary", "url", "phone"}
        assert item["reasons"]
        assert all(reason["text"] and reason["rule"] and reason["source"] for reason in item["reasons"])


def test_services_are_found_shown_and_missed(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url, timeout=LIMIT_S) as http:
        every = http.get("/api/v1/services", params={"limit": 2}).json()
        assert every["total"] > 2
        assert len(every["items"]) == 2
        one = http.get(f"/api/v1/services/{every['items'][0]['id']}")
        assert one.status_code == 200
        fields = (
            "id name alternative_names group provider what how why for_whom referral_required how_to_apply contacts"
        )
        fields += " urls municipalities age_min age_max valid_from valid_to replaced_by checked_on sources"
        assert set(one.json()) >= set(fields.split())
        missed = http.get("/api/v1/services/no-such-service")
        assert_problem(missed, 404)
        assert http.get("/api/v1/services", params={"q": "työpaja"}).json()["items"]


def test_the_same_client_id_gets_the_same_answer_and_changes_nothing(resident: Resident) -> None:
    resident.press("/start_self_check")
    client_id = str(uuid.uuid4())
    first = resident.post(client_id=client_id, text="kyllä")
    before = resident.talk()

    again = resident.post(client_id=client_id, text="kyllä")
    other = resident.post(client_id=client_id, text="ei")

    assert first.status_code == again.status_code == other.status_code == 200
    assert again.json() == first.json()
    assert other.json() == first.json()
    assert resident.talk() == before


def test_the_same_client_id_at_once_is_one_message(stack: Stack, resident: Resident) -> None:
    resident.press("/start_self_check")
    body = {"client_id": str(uuid.uuid4()), "text": "kyllä"}
    answers: list[httpx.Response] = []
    url = f"{stack.url}{resident.path}/messages"

    def post() -> None:
        answers.append(httpx.post(url, json=body, headers=resident.headers, timeout=LIMIT_S))

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [answer.status_code for answer in answers] == [200] * 4
    assert all(answer.json() == answers[0].json() for answer in answers)
    said = [message for message in resident.talk()["messages"] if message["text"] == "kyllä"]
    assert len(said) == 1


def test_seq_grows_by_one_through_the_whole_talk(resident: Resident) -> None:
    resident.press("/start_self_check")
    for text in ("kyllä", "mitä se tarkoittaa", "en"):
        resident.say(text)

    messages = resident.talk()["messages"]

    assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
    assert [m["text"] for m in messages if m["sender"] == "resident"][1:] == ["kyllä", "mitä se tarkoittaa", "en"]
    assert [m["seq"] for m in resident.answer["messages"]] == [m["seq"] for m in messages][
        -len(resident.answer["messages"]) :
    ]


def read_events(resident: Resident, headers: dict[str, str], until_seq: int) -> list[tuple[str, str, Json]]:
    """Events as (name, id, data), up to the message ``until_seq`` and the status after it."""
    found: list[tuple[str, str, Json]] = []
    event: dict[str, str] = {}
    url = f"{resident.path}/events"
    with resident.http.stream("GET", url, headers={**resident.headers, **headers}, timeout=LIMIT_S) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        seen = False
        for line in stream.iter_lines():
            if line:
                name, _, value = line.partition(":")
                event[name] = value.removeprefix(" ")
                continue
            if "data" in event:
                found.append((event.get("event", "message"), event.get("id", ""), json.loads(event["data"])))
                seen = seen or found[-1][2].get("seq") == until_seq
            event = {}
            if seen and found[-1][0] == "status":
                return found
    raise AssertionError(f"the stream ended after {found}")


def test_events_tell_messages_and_status_from_the_last_id_on(resident: Resident) -> None:
    resident.press("/start_self_check")
    messages = resident.talk()["messages"]
    last = messages[-1]["seq"]

    every = read_events(resident, {}, last)
    later = read_events(resident, {"Last-Event-ID": "2"}, last)

    assert [data for name, _, data in every if name == "message"] == messages
    assert [data for name, _, data in later if name == "message"] == messages[2:]
    assert all(id_ == str(data["seq"]) for name, id_, data in every if name == "message")
    [status] = [data for name, _, data in every if name == "status"]
    assert (status["status"], status["awaiting"]) == ("bot", "wants_work")


def test_waiting_for_events_answers_once_something_is_new(resident: Resident) -> None:
    resident.press("/start_self_check")
    last = resident.talk()["messages"][-1]["seq"]

    at_once = resident.get("/events", params={"wait": 0, "after": 1}).json()
    nothing = resident.get("/events", params={"wait": 0, "after": last}).json()
    later = threading.Timer(0.5, resident.say, ["kyllä"])
    later.start()
    waited = resident.get("/events", params={"wait": 30, "after": last}, timeout=LIMIT_S).json()
    later.join()

    assert [message["seq"] for message in at_once["messages"]] == list(range(2, last + 1))
    assert nothing["messages"] == []
    assert waited["messages"][0]["seq"] == last + 1
    assert waited["messages"][0]["text"] == "kyllä"


def test_the_transcript_in_every_format(resident: Resident) -> None:
    resident.press("/start_self_check")
    resident.say("kyllä <b>& silleen</b>")
    talk = resident.talk()

    as_json = resident.get("/transcript", params={"format": "json"})
    as_text = resident.get("/transcript", params={"format": "txt"})
    as_page = resident.get("/transcript", params={"format": "html"})

    assert as_json.json()["messages"] == talk["messages"]
    assert as_json.json()["answers"] == talk["answers"]
    assert as_text.headers["content-type"] == "text/plain; charset=utf-8"
    assert as_page.headers["content-type"] == "text/html; charset=utf-8"
    for message in talk["messages"]:
        assert message["text"] in as_text.text
    assert "kyllä <b>& silleen</b>" in as_text.text
    assert "kyllä &lt;b&gt;&amp; silleen&lt;/b&gt;" in as_page.text
    assert '<html lang="fi">' in as_page.text
    as_pdf = resident.get("/transcript", params={"format": "pdf"})
    assert as_pdf.headers["content-type"] == "application/pdf"
    assert as_pdf.content.startswith(b"%PDF-")
    assert_problem(resident.get("/transcript", params={"format": "docx"}), 422)


def test_an_erased_talk_is_gone(resident: Resident) -> None:
    resident.press("/start_self_check")

    erased = resident.http.delete(resident.path, headers=resident.headers)

    assert (erased.status_code, erased.content) == (204, b"")
    for after in (
        resident.get(),
        resident.get("/transcript"),
        resident.get("/events", params={"wait": 0}),
        resident.post(client_id=str(uuid.uuid4()), text="hei"),
        resident.http.delete(resident.path, headers=resident.headers),
    ):
        assert_problem(after, 401, 404)


COMMANDS = [
    "/restart",
    " /restart",
    "\n//restart",
    "/start_conversation",
    '/answer{"work_ability_score": 3}',
    '/answer{"wants_work": "no"}',
    '/inform_background{"age": 99}',
    "/request_human",
]


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_that_is_typed_is_text(resident: Resident, text: str) -> None:
    resident.press("/start_self_check")
    resident.give("yes")

    resident.say(text)

    talk = resident.talk()
    assert [m["text"] for m in talk["messages"] if m["sender"] == "resident"][-1] == text
    assert talk["answers"]["wants_work"] == "yes"
    assert not {"work_ability_score", "age"} & set(talk["answers"])
    assert resident.answer["awaiting"] == "open_labour_market_goal"
    assert "Tienviitta" not in resident.text, "it greeted anew"


def test_an_intent_for_each_thing_that_is_said(stack: Stack) -> None:
    intents = YAML(typ="safe").load((ROOT / "contract" / "intents.yml").read_text("utf-8"))
    names = {name for group in intents.values() for name in group}
    said = {
        "moi": "greet",
        "oletko sä robotti vai ihminen": "bot_challenge",
        "haluan puhua ihmisen kanssa": "request_human",
        "en halua enää elää": "crisis",
        "mieheni lyö minua": "danger",
        "mitä minusta tallennetaan": "ask_privacy",
        "aloitetaan alusta": "restart",
    }
    with httpx.Client(base_url=stack.settings.engine_url, timeout=LIMIT_S) as engine:
        for text, intent in said.items():
            parsed = engine.post("/model/parse", json={"text": text}).json()
            assert parsed["intent"]["name"] == intent, text
            assert {guess["name"] for guess in parsed["intent_ranking"]} & names
        parsed = engine.post("/model/parse", json={"text": "olen 52-vuotias ja asun Heinolassa"}).json()
    found = {entity["entity"]: entity["value"] for entity in parsed["entities"]}
    assert found["age"] == 52
    assert found["municipality"] == "Heinola"


def test_health_readiness_figures_and_description(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url, timeout=LIMIT_S) as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 200
        figures = http.get("/metrics")
        described = http.get("/openapi.json").json()
    assert figures.headers["content-type"].startswith("text/plain")
    assert "\ntienviitta_turns_total{" in figures.text
    for path, calls in described["paths"].items():
        for method, call in calls.items():
            assert call.get("summary"), f"{method} {path}"
            assert call.get("description"), f"{method} {path}"


def assert_problem(answer: httpx.Response, *statuses: int) -> None:
    """A problem document with one of our Finnish titles."""
    assert answer.status_code in (statuses or range(400, 500)), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == answer.status_code
    assert document["title"] in {title.replace("{max}", "2000") for title in PROBLEM_TITLES.values()}


def engine_calls(stack: Stack) -> float:
    """How many messages the api has sent to the engine."""
    figures = httpx.get(f"{stack.url}/metrics", timeout=LIMIT_S).text
    return sum(float(number) for number in re.findall(r"^tienviitta_turns_total\{.*\} (\S+)$", figures, re.MULTILINE))


ID = str(uuid.UUID(int=7))


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


BAD_BODIES = [
    pytest.param(b"", id="nothing"),
    pytest.param(b'{"client_id":', id="cut off"),
    pytest.param(b"\xff\xfe{}", id="not UTF-8"),
    pytest.param(b"null", id="null"),
    pytest.param(b'"hei"', id="a string"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"[" * 30000, id="deeply nested"),
    pytest.param(b"{}", id="an empty object"),
    pytest.param(body(text="hei"), id="no client_id"),
    pytest.param(body(client_id="7", text="hei"), id="client_id is no uuid"),
    pytest.param(body(client_id=7, text="hei"), id="client_id is a number"),
    pytest.param(body(client_id=ID), id="neither text nor payload"),
    pytest.param(body(client_id=ID, text="hei", payload="/restart"), id="both text and payload"),
    pytest.param(body(client_id=ID, text=None), id="text is null"),
    pytest.param(body(client_id=ID, text=7), id="text is a number"),
    pytest.param(body(client_id=ID, text=["hei"]), id="text is a list"),
    pytest.param(body(client_id=ID, text={"hei": 1}), id="text is an object"),
    pytest.param(body(client_id=ID, text=True), id="text is true"),
    pytest.param(body(client_id=ID, text=""), id="empty"),
    pytest.param(body(client_id=ID, text=" \n\t"), id="white space"),
    pytest.param(body(client_id=ID, text="\u200b"), id="invisible"),
    pytest.param(body(client_id=ID, text="a" * 2001), id="2001 characters"),
    pytest.param(body(client_id=ID, text="hei\x00"), id="NUL"),
    pytest.param(body(client_id=ID, text="hei\x07"), id="bell"),
    pytest.param(body(client_id=ID, text="\x1b[31mhei"), id="escape"),
    pytest.param(body(client_id=ID, text="hei\x7f"), id="delete"),
    pytest.param(body(client_id=ID, text="hei\x85"), id="a C1 control character"),
    pytest.param(body(client_id=ID, text="hei\ud800"), id="a lone high surrogate"),
    pytest.param(body(client_id=ID, text="\udc00hei"), id="a lone low surrogate"),
    pytest.param(body(client_id=ID, payload="/restart"), id="a payload that was never offered"),
    pytest.param(body(client_id=ID, payload="start_self_check"), id="an offered payload without its slash"),
    pytest.param(body(client_id=ID, payload='/answer{"wants_work": "yes"}'), id="a payload that is yet to be offered"),
    pytest.param(body(client_id=ID, payload="/start_self_check\x00"), id="an offered payload with NUL"),
    pytest.param(body(client_id=ID, payload=7), id="payload is a number"),
    pytest.param(body(client_id=ID, payload="/" + "a" * 5000), id="a long payload"),
    pytest.param(body(client_id=ID, text="a" * 70_000), id="more than 64 KiB"),
]  # fmt: skip


@pytest.mark.parametrize("content", BAD_BODIES)
def test_bad_input_is_refused_stores_nothing_and_does_not_reach_the_engine(
    stack: Stack, resident: Resident, content: bytes
) -> None:
    before, calls = resident.talk(), engine_calls(stack)

    refused = resident.http.post(
        f"{resident.path}/messages",
        content=content,
        headers={**resident.headers, "Content-Type": "application/json"},
    )

    assert_problem(refused, 400, 413, 422)
    assert resident.talk() == before
    assert engine_calls(stack) == calls


@pytest.mark.parametrize(
    "text", ["a" * 2000, "😀" * 2000, "rivi\nja\tsarain", "👩‍👩‍👧"], ids=["2000", "2000 emoji", "lines", "joined"]
)
def test_what_is_just_within_the_limits_is_taken(resident: Resident, text: str) -> None:
    resident.say(text)

    assert [m["text"] for m in resident.talk()["messages"] if m["sender"] == "resident"] == [text]


def test_a_payload_of_another_talk_is_refused(stack: Stack, resident: Resident) -> None:
    other = Resident(stack.url)
    other.press("/start_self_check")
    offered = other.buttons[0]["payload"]
    before, calls = resident.talk(), engine_calls(stack)

    refused = resident.post(client_id=ID, payload=offered)

    assert_problem(refused, 422)
    assert resident.talk() == before
    assert engine_calls(stack) == calls
    other.http.close()


CALLS = [
    ("GET", ""),
    ("POST", "/messages"),
    ("GET", "/events?wait=0"),
    ("GET", "/events"),
    ("GET", "/transcript"),
    ("DELETE", ""),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_the_right_token_nothing_is_told_or_changed(
    stack: Stack, resident: Resident, method: str, path: str
) -> None:
    other = Resident(stack.url)
    before, calls = resident.talk(), engine_calls(stack)
    wrong: list[tuple[dict[str, str], int]] = [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": f"Bearer {uuid.uuid4()}"}, 401),
        ({"Authorization": f"Basic {resident.token}"}, 401),
        ({"Authorization": resident.token}, 401),
        ({"Authorization": f"Bearer {resident.token}x"}, 401),
        ({"Authorization": f"Bearer {other.token}"}, 404),
    ]
    for headers, status in wrong:
        sent = body(client_id=ID, text="hei") if method == "POST" else None
        kind = {"Content-Type": "application/json"} if sent else {}
        refused = resident.http.request(method, f"{resident.path}{path}", headers={**headers, **kind}, content=sent)
        assert_problem(refused, status)
        assert resident.id not in refused.text

    assert resident.talk() == before
    assert engine_calls(stack) == calls
    other.http.close()


@pytest.mark.parametrize(
    ("id_", "statuses"), [(str(uuid.UUID(int=1)), (404,)), ("no-uuid", (404, 422)), ("%00", (404, 422))]
)
def test_a_conversation_that_does_not_exist(resident: Resident, id_: str, statuses: tuple[int, ...]) -> None:
    for method, path in CALLS:
        sent = {"client_id": ID, "text": "hei"} if method == "POST" else None
        refused = resident.http.request(
            method, f"/api/v1/conversations/{id_}{path}", headers=resident.headers, json=sent
        )
        assert_problem(refused, *statuses)


@pytest.mark.parametrize("content", [b"{", b"[]", b"7", b"\xff"])
def test_a_talk_does_not_begin_with_bad_input(stack: Stack, content: bytes) -> None:
    calls = engine_calls(stack)

    refused = httpx.post(
        f"{stack.url}/api/v1/conversations",
        content=content,
        headers={"Content-Type": "application/json"},
        timeout=LIMIT_S,
    )

    assert_problem(refused, 400, 422)
    assert engine_calls(stack) == calls


def test_what_is_not_there_is_a_problem_too(stack: Stack) -> None:
    with httpx.Client(base_url=stack.url, timeout=LIMIT_S) as http:
        assert_problem(http.get("/api/v1/nothing"), 404)
        assert_problem(http.put("/api/v1/conversations", json={}), 405)
        assert_problem(http.post("/api/v1/recommendations", json={"answers": {"wants_work": "perhaps"}}), 422)
        assert_problem(http.post("/api/v1/recommendations", json={"answers": {"work_ability_score": 11}}), 422)
        assert http.post("/api/v1/recommendations", json={"answers": {"work_ability_score": 10}}).status_code == 200
        assert_problem(http.get("/api/v1/services", params={"limit": "many"}), 422)
        assert_problem(http.post("/webhooks/handoff", content=b"{}"), 401)


def test_a_refused_call_does_not_keep_others_waiting(resident: Resident) -> None:
    """A refusal leaves no lock behind: the next message is answered within the client's limit."""
    for content in (b"{", body(client_id=ID, payload="/never")):
        resident.http.post(f"{resident.path}/messages", content=content, headers=resident.headers)
    assert resident.press("/start_self_check")["awaiting"] == "wants_work"
