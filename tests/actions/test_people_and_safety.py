"""Reaching a person, crisis and danger, erasure."""

from __future__ import annotations

import re

import pytest
import yaml

from actions.handoff_client import Accepted, AdvisersClosed, HandoffFailed
from actions.questions import questions
from settings import ROOT
from tests.actions.conftest import RESPONSES, Talk
from tests.actions.test_self_check import at


def asked_for_person() -> Talk:
    return at("work_ability_score").says("request_human")


def test_consent_comes_first_and_says_what_is_passed_on():
    talk = asked_for_person()
    assert talk.state.awaiting == "handoff_consent"
    assert talk.handoffs.requests == []
    assert talk.said == ["utter_handoff_what_is_passed", "utter_ask_handoff_consent"]


def test_every_answer_that_is_passed_on_is_shown_before_the_consent():
    talk = asked_for_person()
    shown = str(talk.messages[0].params["summary"])
    talk.presses('/answer{"handoff_consent": "summary"}')
    talk.says("nlu_fallback", "mun nimi on Kaisa")
    _, data = talk.handoffs.requests[0]
    assert data["summary"]
    for area in data["summary"]:
        for item in area["items"]:
            assert f"– {item['question']}: {item['answer']}" in shown


@pytest.mark.parametrize(("scope", "intent"), [("summary", None), ("transcript", None), ("summary", "affirm")])
def test_a_person_is_asked_for_with_the_consent_given(scope, intent):
    talk = asked_for_person()
    if intent:
        talk.says(intent, "joo")
    else:
        talk.presses(f'/answer{{"handoff_consent": "{scope}"}}')
    assert talk.state.awaiting == "handoff_contact"
    talk.says("nlu_fallback", "mun nimi on Kaisa")
    kind, data = talk.handoffs.requests[0]
    assert kind == "chat"
    assert data["consent"]["scope"] == scope
    assert data["name"] == "Kaisa"
    assert data["answers"]["wants_work"] == "yes"
    assert data["summary"][0]["area"] == "Motivaatio"
    assert talk.state.awaiting == "work_ability_score"


def test_a_name_is_not_needed():
    talk = asked_for_person().presses('/answer{"handoff_consent": "summary"}')
    talk.presses('/answer{"handoff_contact": "skipped"}')
    assert talk.handoffs.requests[0][1]["name"] is None


def test_no_consent_sends_nothing_and_returns():
    talk = asked_for_person().says("deny", "ei")
    assert talk.handoffs.requests == []
    assert talk.state.awaiting == "work_ability_score"


def test_closed_advisers_mean_a_callback_and_never_a_dead_end():
    talk = asked_for_person().presses('/answer{"handoff_consent": "summary"}')
    talk.handoffs.outcome = AdvisersClosed("Neuvojat ovat paikalla huomenna.")
    talk.presses('/answer{"handoff_contact": "skipped"}')
    assert "utter_advisers_closed" in talk.said
    assert talk.state.awaiting == "handoff_contact"
    talk.handoffs.outcome = Accepted("h1", "callback_requested", None)
    talk.says("nlu_fallback", "0401234567", phone_number="+358401234567")
    assert talk.state.awaiting == "callback_time"
    talk.says("inform_background", "huomenna aamulla")
    kind, data = talk.handoffs.requests[-1]
    assert kind == "callback"
    assert data["contact"]["phone"] == "+358401234567"
    assert data["wished_time"] == "huomenna aamulla"
    assert "utter_callback_requested" in talk.said


def test_a_failed_request_says_so_and_loses_nothing():
    talk = asked_for_person().presses('/answer{"handoff_consent": "summary"}')
    talk.handoffs.outcome = HandoffFailed("HTTP 500")
    talk.presses('/answer{"handoff_contact": "skipped"}')
    assert talk.said == ["utter_handoff_failed"]
    assert talk.state.awaiting == "work_ability_score"
    assert "/request_human" in [payload for _, payload in talk.buttons()]


def test_a_callback_without_an_address_asks_again_in_other_words():
    talk = at("wants_work").says("request_callback").says("affirm")
    assert talk.said == ["utter_ask_callback_contact"]
    talk.says("nlu_fallback", "soittakaa vaan")
    assert talk.said == ["utter_contact_not_found"]
    assert talk.state.awaiting == "handoff_contact"


STATES = [
    None,
    *questions(),
    "handoff_consent",
    "handoff_contact",
    "callback_time",
    "confirm_erasure",
    "resume_or_restart",
]


@pytest.mark.parametrize("awaiting", STATES)
@pytest.mark.parametrize("kind", ["crisis", "danger"])
def test_help_is_given_in_every_state(awaiting, kind):
    talk = Talk()
    talk.document = {"awaiting": awaiting}
    talk.says(kind, "…")
    assert talk.said[0] == f"utter_{kind}"
    assert talk.state.urgent == kind
    assert talk.state.awaiting == awaiting
    assert "/request_human" in [payload for _, payload in talk.buttons()]


def test_help_is_not_the_same_text_twice():
    talk = Talk().says("crisis").says("crisis")
    assert talk.said[0] == "utter_crisis_again"


def test_danger_after_crisis_leaves_the_crisis_flagged_in_the_handoff():
    talk = Talk().says("crisis").says("danger").says("request_human").says("affirm").says("skip_question")
    assert talk.handoffs.requests[0][1]["urgent"] == "crisis"


@pytest.mark.parametrize("name", ["utter_crisis", "utter_crisis_again", "utter_danger", "utter_danger_again"])
def test_help_texts_name_112_and_only_numbers_of_the_checked_facts(name):
    facts = yaml.safe_load((ROOT / "catalogue" / "content" / "facts.yml").read_text(encoding="utf-8"))
    known = {line["number"] for line in facts["help_lines"]}
    text = RESPONSES[name]["text"]
    numbers = set(re.findall(r"\d[\d ]+\d", text))
    assert "112" in numbers
    assert numbers <= known


def test_the_crisis_text_has_the_crisis_line():
    assert "09 2525 0111" in RESPONSES["utter_crisis"]["text"]
    assert "080 005 005" in RESPONSES["utter_danger"]["text"]


@pytest.mark.parametrize(("intent", "command"), [("affirm", "erase"), ("deny", None)])
def test_erasure_is_confirmed_first(intent, command):
    talk = at("wants_work").says("delete_my_data")
    assert talk.state.awaiting == "confirm_erasure"
    assert talk.state.command is None
    talk.says(intent)
    assert talk.state.command == command


def test_an_erasure_command_lasts_one_turn():
    talk = at("wants_work").says("delete_my_data").says("affirm").says("greet")
    assert talk.state.command is None


def test_asking_for_a_person_again_is_no_consent():
    talk = asked_for_person().says("request_human", "haluan jutella ihmisen kanssa")
    assert talk.handoffs.requests == []
    assert talk.state.awaiting == "handoff_consent"
    assert talk.said[0] == "utter_explain_handoff_consent"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mun nimi on Kaisa Maria af Enehjelm", "Kaisa Maria af Enehjelm"),
        ("no en mä nyt oikein tiedä sanoisinko", None),
    ],
)
def test_a_name_has_at_most_four_words(text, name):
    talk = asked_for_person().presses('/answer{"handoff_consent": "summary"}').says("nlu_fallback", text)
    assert talk.handoffs.requests[0][1]["name"] == name


def test_before_any_answer_the_consent_claims_no_answers_and_no_services():
    talk = Talk().says("request_human")
    assert talk.said == ["utter_handoff_nothing_answered", "utter_ask_handoff_consent"]


def test_before_the_result_no_services_are_said_to_be_passed_on():
    talk = asked_for_person()
    assert "suggested" not in talk.messages[0].params


def test_every_service_that_is_passed_on_is_named_before_the_consent():
    talk = at("labour_market_subsidy_days").says("skip_question").says("request_human")
    assert talk.said[0] == "utter_handoff_what_is_passed_with_services"
    named = str(talk.messages[0].params["suggested"])
    talk.presses('/answer{"handoff_consent": "summary"}').presses('/answer{"handoff_contact": "skipped"}')
    passed = [r["service"]["name"] for r in talk.handoffs.requests[0][1]["recommendations"]]
    assert passed
    assert named == ", ".join(passed)


def test_that_the_adviser_sees_a_cry_for_help_is_said_before_the_consent():
    assert "utter_handoff_urgent" in at("age").says("crisis").says("affirm").said
    assert "utter_handoff_urgent" not in at("age").says("request_human").said


def test_taking_erasure_and_then_the_request_back_leads_to_the_question():
    talk = at("age").says("request_human").says("delete_my_data").says("deny")
    assert talk.state.awaiting == "handoff_consent"
    talk.says("deny")
    assert talk.state.awaiting == "age"
    assert talk.handoffs.requests == []


def test_a_person_instead_of_the_erasure_erases_nothing():
    talk = at("age").says("delete_my_data").says("request_human").says("deny")
    assert talk.state.awaiting == "age"
    assert talk.state.command is None


def test_wanted_cancelled_and_wanted_again():
    talk = at("age").says("request_human").says("cancel_handoff").says("request_human")
    assert talk.said == ["utter_handoff_what_is_passed", "utter_ask_handoff_consent"]
    talk.says("affirm").says("nlu_fallback", "Kaisa")
    assert len(talk.handoffs.requests) == 1
    assert talk.state.awaiting == "age"


@pytest.mark.parametrize(
    ("steps", "back_at"), [(0, "age"), (1, "handoff_consent"), (2, "handoff_contact")]
)  # fmt: skip
def test_back_on_the_way_to_a_call_is_one_step(steps, back_at):
    talk = at("age").says("request_callback")
    for step in range(steps):
        talk = (
            talk.says("affirm") if step == 0 else talk.says("inform_background", "040…", phone_number="+358401234567")
        )
    talk.says("go_back", "takaisin")
    assert talk.state.awaiting == back_at
    assert talk.handoffs.requests == []


@pytest.mark.parametrize("intent", ["goodbye", "stop", "restart", "start_self_check"])
@pytest.mark.parametrize("step", ["handoff_consent", "handoff_contact"])
def test_who_goes_elsewhere_on_the_way_to_a_person_sends_nothing(intent, step):
    talk = at("age").says("request_human")
    if step == "handoff_contact":
        talk.says("affirm")
    talk.says(intent, "moikka")
    assert talk.said[0] == "utter_handoff_declined"
    assert len(talk.said) > 1
    assert talk.handoffs.requests == []
    assert talk.state.awaiting not in ("handoff_consent", "handoff_contact")


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        ("affirm", "joo"),
        ("unsure", "en tiiä"),
        ("thank", "kiitos"),
        ("greet", "moi"),
        ("request_human", "haluan ihmisen"),
    ],
)
def test_what_is_no_name_is_not_passed_on_as_one(intent, text):
    talk = asked_for_person().says("affirm").says(intent, text)
    assert talk.handoffs.requests[0][1]["name"] is None


@pytest.mark.parametrize("text", ["Eija", "Eino Kaisla", "Hilkka", "Jooa", "oon Enni"])
def test_names_that_begin_like_other_words_are_names(text):
    talk = asked_for_person().says("affirm").says("nlu_fallback", text)
    assert talk.handoffs.requests[0][1]["name"] == text.removeprefix("oon ")


@pytest.mark.parametrize(
    ("text", "time"),
    [("en tiiä", None), ("ihan sama", None), ("joo", None), ("milloin vaan", None), ("joo aamulla", "joo aamulla"),
     ("ihan koska vaan paitsi perjantaina", "ihan koska vaan paitsi perjantaina")],
)  # fmt: skip
def test_no_wish_about_the_time_is_none(text, time):
    talk = at("age").says("request_callback").says("affirm")
    talk.says("inform_background", "040…", phone_number="+358401234567").says("nlu_fallback", text)
    assert talk.handoffs.requests[-1][1]["wished_time"] == time


@pytest.mark.parametrize("how", ["button", "word"])
def test_trying_again_sends_the_same_request_without_asking_anything_twice(how):
    talk = at("age").says("request_callback").says("affirm")
    talk.says("inform_background", "040…", phone_number="+358401234567")
    talk.handoffs.outcome = HandoffFailed("HTTP 500")
    talk.says("inform_background", "aamulla")
    assert talk.said == ["utter_handoff_failed"]
    talk = talk.presses("/request_human") if how == "button" else talk.says("affirm", "joo")
    assert talk.said == ["utter_handoff_failed_again"]
    talk.handoffs.outcome = Accepted("h1", "callback_requested", None)
    talk.presses("/request_human")
    assert [kind for kind, _ in talk.handoffs.requests] == ["callback"] * 3
    assert {data["wished_time"] for _, data in talk.handoffs.requests} == {"aamulla"}
    assert talk.state.awaiting == "age"


def test_not_trying_again_goes_on_with_the_question_unanswered():
    talk = at("wants_work").says("request_human").says("affirm")
    talk.handoffs.outcome = HandoffFailed("HTTP 500")
    talk.says("nlu_fallback", "Kaisa").says("deny", "ei")
    assert talk.state.answers == {}
    assert talk.state.awaiting == "wants_work"


def test_a_later_wish_for_a_person_asks_for_consent_anew():
    talk = at("wants_work").says("request_human").says("affirm")
    talk.handoffs.outcome = HandoffFailed("HTTP 500")
    talk.says("nlu_fallback", "Kaisa").says("deny", "ei").says("request_human")
    assert talk.state.awaiting == "handoff_consent"
    assert len(talk.handoffs.requests) == 1


def test_closed_advisers_of_whom_no_hours_are_known():
    talk = asked_for_person().says("affirm")
    talk.handoffs.outcome = AdvisersClosed(None)
    talk.says("nlu_fallback", "Kaisa")
    assert talk.said == ["utter_advisers_closed_for_now", "utter_ask_callback_contact"]


def test_a_number_that_is_not_found_twice_leads_to_the_chat():
    talk = at("wants_work").says("request_callback").says("affirm").says("nlu_fallback", "soittakaa vaan")
    talk.says("nlu_fallback", "no soittakaa")
    assert talk.said == ["utter_contact_not_found_again"]
    assert "/request_human" in [payload for _, payload in talk.buttons()]


@pytest.mark.parametrize("text", ["lähetä yhteenveto", "no lähettäkää vaan yhteenveto"])
def test_the_words_of_the_button_are_a_consent(text):
    assert at("age").says("request_human").says("download_my_data", text).state.handoff.scope == "summary"


def test_not_knowing_whether_to_consent_is_no_consent_and_is_explained():
    talk = at("age").says("request_human").says("unsure", "en tiiä")
    assert talk.said == ["utter_explain_handoff_consent", "utter_ask_handoff_consent"]
    assert talk.state.handoff.scope is None
