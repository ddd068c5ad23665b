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
