"""A bare yes or no answers what was said last, and never costs a resident their answers."""

from __future__ import annotations

import pytest

from tests.actions.conftest import Talk
from tests.actions.test_self_check import at


@pytest.mark.parametrize("kind", ["crisis", "danger"])
def test_yes_after_help_is_a_wish_for_a_person(kind):
    talk = at("feels_able_to_work").says(kind).says("affirm", "joo")
    assert "feels_able_to_work" not in talk.state.answers
    assert talk.state.awaiting == "handoff_consent"


def test_no_after_help_goes_on_with_the_question_unanswered():
    talk = at("feels_able_to_work").says("crisis").says("deny", "ei kiitos")
    assert "feels_able_to_work" not in talk.state.answers
    assert talk.state.awaiting == "feels_able_to_work"


def test_a_yes_later_than_that_answers_the_question():
    talk = at("feels_able_to_work").says("crisis").presses("/continue_after_help").says("affirm", "joo")
    assert talk.state.answers["feels_able_to_work"] == "yes"


def test_no_to_did_you_mean_is_no_answer_to_the_question():
    ranking = [("ask_privacy", 0.2), ("stop", 0.2)]
    talk = at("wants_work").says("nlu_fallback", ranking=ranking).says("nlu_fallback", ranking=ranking)
    assert talk.said == ["utter_did_you_mean"]
    talk.says("deny", "ei")
    assert talk.said[0] == "utter_none_of_these"
    assert "wants_work" not in talk.state.answers


def test_yes_to_the_offer_of_a_person_brings_one():
    ranking = [("greet", 0.01)]
    talk = at("wants_work").says("nlu_fallback", ranking=ranking).says("nlu_fallback", ranking=ranking)
    assert talk.said == ["utter_not_understood_offer_person"]
    talk.says("affirm", "joo")
    assert talk.state.awaiting == "handoff_consent"
    assert "wants_work" not in talk.state.answers


@pytest.mark.parametrize("intent", ["deny", "unsure", "stop"])
def test_not_now_on_a_pause_keeps_the_answers(intent):
    talk = at("has_usable_skills")
    before = dict(talk.state.answers)
    talk.says("stop").says(intent, "ei nyt")
    assert talk.state.answers == before
    assert talk.state.awaiting == "resume_or_restart"
    said = talk.said
    talk.says(intent, "ei")
    assert talk.said != said
    assert talk.says("affirm").state.awaiting == "has_usable_skills"


def test_starting_over_on_a_pause_still_works():
    talk = at("has_usable_skills").says("stop").says("restart", "alusta")
    assert talk.state.answers == {}


def test_a_fresh_talk_has_no_offer_to_answer():
    assert Talk().says("affirm").said[0] == "utter_start_self_check"


@pytest.mark.parametrize(
    "intent",
    ["thank", "bot_challenge", "ask_capabilities", "out_of_scope", "ask_privacy", "download_my_data", "cancel_handoff",
     "skip_question", "correct_answer", "explain_question", "ask_why_asked", "simplify", "ask_summary", "greet",
     "list_services"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["greeting", "result"])
def test_when_nothing_is_asked_the_answer_still_shows_a_way_on(intent, place):
    talk = Talk().presses("/start_conversation")
    if place == "result":
        talk = at("labour_market_subsidy_days").says("skip_question")
    talk.says(intent)
    assert talk.state.awaiting is None
    assert talk.buttons()


def test_declining_a_person_before_the_questions_shows_a_way_on():
    talk = Talk().presses("/start_conversation").says("request_human").says("deny")
    assert talk.said == ["utter_handoff_declined", "utter_start_or_ask"]
