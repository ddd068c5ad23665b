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
    talk = at("wants_work")
    for _ in range(3):
        talk.says("nlu_fallback", ranking=ranking)
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


def test_what_is_told_while_consent_is_asked_is_not_asked_afterwards():
    talk = at("wants_work").says("request_human").says("inform_wants_work", "haluan töihin")
    talk.says("deny", "ei")
    assert talk.state.answers["wants_work"] == "yes"
    assert talk.state.awaiting == "open_labour_market_goal"


@pytest.mark.parametrize("intent", ["ask_capabilities", "out_of_scope", "nlu_fallback", "greet"])
def test_english_is_answered_in_english_whatever_it_was_taken_for(intent):
    talk = at("wants_work").says(intent, "sorry can you speak english please")
    assert talk.said[0] == "utter_language_en"
    assert talk.state.awaiting == "wants_work"


def test_a_cry_for_help_or_for_a_person_counts_in_any_language():
    assert at("wants_work").says("crisis", "I want help can not go on").said[0] == "utter_crisis"
    assert at("wants_work").says("request_human", "I want help please").state.awaiting == "handoff_consent"


def test_two_foreign_words_are_no_foreign_language():
    assert Talk().says("greet", "hello hej").said == ["utter_greet_back"]


@pytest.mark.parametrize("intent", ["correct_answer", "inform_health_limits", "nlu_fallback", "ask_contact"])
def test_a_bare_number_answers_the_question_for_a_number(intent):
    talk = at("work_ability_score").says(intent, "nelonen", number=4)
    assert talk.state.answers["work_ability_score"] == 4
    assert talk.state.awaiting == "life_situation_allows_work"


def test_a_number_in_a_longer_message_does_not_hide_what_it_says():
    talk = at("work_ability_score").says("go_back", "mene 2 kysymystä takaisin", number=2)
    assert talk.state.awaiting == "feels_able_to_work"
    assert at("work_ability_score").says("crisis", "4", number=4).said[0] == "utter_crisis"


@pytest.mark.parametrize("intent", ["request_callback", "ask_contact", "inform_background"])
def test_a_number_to_call_is_taken_however_it_sounded(intent):
    talk = at("age").says("request_callback").says("affirm")
    talk.says(intent, "0401234567", phone_number="+358401234567")
    assert talk.state.awaiting == "callback_time"


def test_the_number_is_asked_again_and_not_a_name_after_a_side_question():
    talk = at("age").says("request_callback").says("affirm").says("ask_privacy")
    assert talk.said == ["utter_privacy", "utter_ask_callback_contact"]


def test_why_means_what_it_does_when_erasure_is_to_be_confirmed():
    talk = at("age").says("delete_my_data").says("ask_why_asked", "mitä siitä seuraa")
    assert talk.said == ["utter_explain_confirm_erasure", "utter_ask_confirm_erasure"]


def test_asking_what_to_do_right_after_the_result_is_not_told_all_of_it_again():
    talk = at("labour_market_subsidy_days").says("skip_question").says("ask_recommendation")
    assert talk.said == ["utter_first_step"]
    assert "utter_result_intro" in talk.says("thank").says("ask_recommendation").said


def test_facts_count_in_a_message_that_was_not_understood_as_a_whole():
    talk = Talk().says("nlu_fallback", "pitkä tarina Lahdesta", municipality="Lahti", unemployed_months=24)
    assert talk.state.answers == {"municipality": "Lahti", "unemployed_months": 24}
    assert talk.state.awaiting == "wants_work"
    assert Talk().says("nlu_fallback", "plörinä").said == ["utter_not_understood_first"]


@pytest.mark.parametrize(
    ("text", "value"), [("Kyllä, käyn työpajalla", "yes"), ("ei, käyn työpajalla", "no"), ("käyn työpajalla", None)]
)
def test_the_first_word_of_a_statement_answers_a_yes_or_no_question(text, value):
    talk = at("has_working_life_habits").says("inform_wants_participation", text)
    assert talk.state.answers.get("has_working_life_habits") == value


def test_call_me_on_thursday_is_a_time():
    talk = at("age").says("request_callback").says("affirm")
    talk.says("inform_background", "0401234567", phone_number="+358401234567")
    talk.says("request_callback", "soittakaa torstaina")
    assert talk.handoffs.requests[-1][1]["wished_time"] == "soittakaa torstaina"


@pytest.mark.parametrize(("intent", "value"), [("inform_lacks_skills", "no"), ("inform_skills", "yes")])
def test_what_is_said_of_working_hours_is_not_taken_for_a_trade(intent, value):
    talk = at("has_working_life_habits")
    before = talk.state.answers["has_usable_skills"]
    talk.says(intent, "en herää aamulla")
    assert talk.state.answers["has_working_life_habits"] == value
    assert talk.state.answers["has_usable_skills"] == before
    assert talk.state.awaiting == "age"


@pytest.mark.parametrize(
    ("ranking", "noted"),
    [
        ([("inform_background", 0.8), ("inform_health_limits", 0.12), ("inform_able_to_work", 0.02)], True),
        ([("inform_background", 0.8), ("inform_health_limits", 0.11), ("inform_able_to_work", 0.02)], False),
        ([("inform_background", 0.7), ("inform_health_limits", 0.15), ("inform_able_to_work", 0.14)], False),
    ],
)
def test_a_clear_second_meaning_beside_background_counts(ranking, noted):
    talk = Talk().says("inform_background", "kaks vuotta työttömänä ja selkä", ranking=ranking, unemployed_months=24)
    assert talk.state.answers["unemployed_months"] == 24
    assert ("feels_able_to_work" in talk.state.answers) == noted


def test_going_on_after_a_pause_in_so_many_words():
    talk = at("has_usable_skills").says("stop").says("cancel_handoff", "no jatketaan sittenkin")
    assert talk.state.awaiting == "has_usable_skills"


@pytest.mark.parametrize(
    ("intent", "text", "scope"),
    [
        ("download_my_data", "joo laita vaan koko keskustelu", "transcript"),
        ("affirm", "joo kaikki vaan", "transcript"),
        ("affirm", "joo", "summary"),
        ("download_my_data", "mitä se koko keskustelu on", None),
        ("deny", "ei koko keskustelua", None),
    ],
)
def test_the_whole_talk_is_passed_on_only_when_that_is_said(intent, text, scope):
    talk = at("age").says("request_human").says(intent, text)
    assert talk.state.handoff.scope == scope


@pytest.mark.parametrize(
    ("ranking", "value"),
    [
        ([("nlu_fallback", 0.3), ("inform_health_limits", 0.45), ("deny", 0.4)], "no"),
        ([("nlu_fallback", 0.3), ("inform_wants_work", 0.4), ("affirm", 0.2)], "yes"),
        ([("nlu_fallback", 0.3), ("deny", 0.36), ("affirm", 0.28)], None),
        ([("nlu_fallback", 0.3), ("inform_health_limits", 0.45), ("deny", 0.19)], None),
        ([("nlu_fallback", 0.3), ("inform_health_limits", 0.45), ("stop", 0.4)], None),
    ],
)
def test_between_two_meanings_that_answer_alike_the_answer_is_taken(ranking, value):
    talk = at("feels_able_to_work").says("nlu_fallback", "todellakin", ranking=ranking)
    assert talk.state.answers.get("feels_able_to_work") == value


def test_a_barrier_named_as_its_button_is_the_answer():
    talk = at("life_situation_barriers").says("ask_benefits", "Raha")
    assert talk.state.answers["life_situation_barriers"] == ["money"]
    talk = at("life_situation_barriers").says("ask_benefits", "mistä rahaa saa kun raha loppuu")
    assert "life_situation_barriers" not in talk.state.answers


@pytest.mark.parametrize(
    ("intent", "value"), [("inform_wants_participation", ["other"]), ("inform_able_to_work", None)]
)
def test_being_alone_makes_work_hard_though_it_has_no_button(intent, value):
    talk = at("life_situation_barriers").says(intent, "oon ihan yksin")
    assert talk.state.answers.get("life_situation_barriers") == value


def test_yes_to_did_you_mean_is_no_answer_to_the_question():
    ranking = [("ask_privacy", 0.2), ("stop", 0.2)]
    talk = at("wants_work").says("nlu_fallback", ranking=ranking).says("nlu_fallback", ranking=ranking)
    talk.says("affirm", "joo")
    assert talk.said == ["utter_one_of_these", "utter_back_to_question", "utter_ask_wants_work"]
    assert talk.state.answers == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [("en pysty mihinkään", None), ("en, selkä on niin kipeä", "no"), ("en oikeen, kipu vie voimat", "no")],
)
def test_what_is_negated_about_something_else_answers_nothing(text, value):
    talk = (
        at("has_usable_skills")
        .presses('/correct_answer{"question": "feels_able_to_work"}')
        .presses('/answer{"feels_able_to_work": "no"}')
    )
    assert talk.state.awaiting == "has_usable_skills"
    talk.says("inform_health_limits", text)
    assert talk.state.answers.get("has_usable_skills") == value
