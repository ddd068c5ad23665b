"""Correcting what was just said, coming back after a silence, and never the same words twice running."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.actions.conftest import Talk
from tests.actions.test_self_check import at


def result() -> Talk:
    return at("labour_market_subsidy_days").says("skip_question")


def test_a_bare_correction_means_the_last_answer():
    talk = at("work_ability_score").says("correct_answer", "ei kun")
    assert talk.said == ["utter_correcting", "utter_ask_feels_able_to_work"]
    assert "feels_able_to_work" not in talk.state.answers


@pytest.mark.parametrize("text", ["vastasin äskeiseen väärin", "edellinen meni pieleen", "se viimeisin on väärin"])
def test_the_one_before_is_the_last_answer(text):
    talk = at("work_ability_score").says("correct_answer", text)
    assert talk.said == ["utter_correcting", "utter_ask_feels_able_to_work"]


def test_a_wish_to_correct_something_shows_the_list():
    talk = at("work_ability_score").says("correct_answer", "haluan muuttaa yhtä vastausta")
    assert talk.said == ["utter_which_to_correct"]


@pytest.mark.parametrize(("text", "value"), [("ei kun ei", "no"), ("eiku joo", "yes"), ("ei kun siis öö", "yes")])
def test_a_correction_with_the_answer_puts_it_right_at_once(text, value):
    talk = at("work_ability_score")
    assert talk.state.answers["feels_able_to_work"] == "yes"
    talk.says("correct_answer" if "öö" not in text else "deny", text)
    assert talk.state.answers.get("feels_able_to_work", "yes") == value


def test_a_number_after_ei_kun_corrects_the_last_number():
    talk = at("municipality")
    talk.says("go_back").says("inform_background", "54", number=54)
    talk.says("inform_background", "ei kun 45", number=45)
    assert talk.state.answers["age"] == 45
    assert talk.said[0] == "utter_corrected"
    assert talk.state.awaiting == "municipality"


def test_said_in_passing_another_age_is_asked_about():
    talk = at("municipality").says("go_back").says("inform_background", "54", number=54)
    talk.says("inform_background", "oon 45", age=45)
    assert talk.said == ["utter_contradiction"]
    assert talk.state.answers["age"] == 54


def test_a_contradiction_is_asked_about_also_when_the_open_question_got_no_answer():
    talk = at("municipality").says("inform_health_limits", "en pysty työhön")
    assert talk.said == ["utter_contradiction"]
    assert talk.state.answers["feels_able_to_work"] == "yes"


def test_what_else_was_told_beside_a_contradiction_is_noted():
    talk = at("municipality").says("inform_health_limits", "asun Lahdessa enkä pysty", municipality="Lahti")
    assert talk.state.answers["municipality"] == "Lahti"
    assert "utter_contradiction" in talk.said


def test_an_uncertain_answer_is_filled_in_by_what_is_told_later():
    talk = at("wants_work").says("unsure", "en tiedä")
    talk.says("inform_wants_work", "haluan kyllä töihin")
    assert talk.state.answers["wants_work"] == "yes"
    assert "utter_contradiction" not in talk.said


def test_coming_back_after_a_silence_is_met_with_the_open_question():
    talk = at("work_ability_score").says("greet", "moi", away=True)
    assert talk.said == ["utter_welcome_back", "utter_ask_work_ability_score"]
    assert talk.state.awaiting == "work_ability_score"
    assert ("Aloita alusta", "/restart") in talk.buttons()


def test_the_offer_to_go_on_may_come_in_the_same_words_on_another_day():
    talk = at("work_ability_score").says("greet", "moi", away=True).says("greet", "moi", away=True)
    assert talk.said == ["utter_welcome_back", "utter_ask_work_ability_score"]


def test_an_answer_after_a_silence_counts():
    talk = at("wants_work").says("affirm", "joo haluan", away=True)
    assert talk.said == ["utter_hello_again", "utter_ask_open_labour_market_goal"]
    assert talk.state.answers == {"wants_work": "yes"}


def test_a_crisis_after_a_silence_is_answered_before_anything():
    assert at("wants_work").says("crisis", away=True).said[0] == "utter_crisis"


def test_coming_back_to_a_result_or_a_pause():
    assert result().says("greet", away=True).said == ["utter_welcome_back_to_result", "utter_what_next_after_result"]
    paused = at("age").says("stop").says("greet", away=True)
    assert paused.said == ["utter_hello_again", "utter_ask_resume_or_restart"]


@pytest.mark.parametrize("intent", ["explain_question", "ask_why_asked", "bot_challenge", "inform_skills"])
def test_the_same_words_never_come_twice_running(intent):
    talk = at("age")
    heard = []
    for _ in range(4):
        talk.says(intent)
        heard.append([(message.response, str(message.params)) for message in talk.messages])
    assert all(before != after for before, after in pairwise(heard))


def test_a_question_that_is_heard_again_and_again_is_explained_every_other_time():
    talk = at("age")
    assert talk.said == ["utter_ask_age"]
    assert talk.says("repeat").said == ["utter_explain_age", "utter_ask_age"]
    assert talk.says("repeat").said == ["utter_ask_age"]
    assert talk.says("repeat").said == ["utter_explain_age", "utter_ask_age"]


def test_starting_over_forgets_all_but_how_to_talk_and_what_is_urgent():
    talk = at("age").says("crisis").says("simplify").says("restart")
    assert talk.state.answers == {}
    assert talk.state.urgent == "crisis"
    assert talk.said == ["utter_restarted", "utter_simple_wants_work"]


def test_the_summary_after_the_result_has_a_button_for_each_answer():
    talk = result().says("ask_summary")
    titles = [title for title, _ in talk.buttons()]
    assert "Muuta: Ikä" in titles
    assert "Muuta: Haluatko töihin" in titles
    talk.presses('/correct_answer{"question": "age"}')
    assert talk.state.awaiting == "age"


def test_the_summary_in_between_returns_to_the_question_with_a_way_to_correct():
    talk = at("age").says("ask_summary")
    assert talk.said[-1] == "utter_ask_age"
    assert ("Muuta vastausta", "/correct_answer") in talk.buttons()


def test_going_back_before_anything_starts_nothing():
    talk = Talk().presses("/start_conversation").says("go_back")
    assert talk.said == ["utter_nothing_answered", "utter_start_or_ask"]
    assert talk.state.awaiting is None


def test_at_the_first_question_back_asks_it_again_without_more():
    assert at("wants_work").says("go_back").said == ["utter_nothing_before", "utter_ask_wants_work"]


def test_an_answer_that_was_never_given_cannot_be_corrected_and_that_is_said():
    talk = at("age").says("correct_answer", "kunta on väärin", question="municipality")
    assert talk.said == ["utter_not_answered_yet", "utter_back_to_question", "utter_ask_age"]


def test_a_pause_before_any_answer_claims_none():
    talk = at("wants_work").says("stop")
    assert talk.said == ["utter_stopped_at_start"]
    heard = [talk.said]
    for _ in range(4):
        talk.says("deny", "en nyt")
        assert talk.buttons()
        heard.append(talk.said)
    assert all(before != after for before, after in pairwise(heard))


def test_no_at_the_end_of_a_result_offers_what_can_be_done_with_it():
    talk = result().says("start_self_check").says("deny", "ei")
    assert talk.state.awaiting is None
    assert talk.said == ["utter_no_hurry", "utter_what_next_after_result"]
    assert "/start_self_check" not in [payload for _, payload in talk.buttons()]


def test_say_it_again_means_what_was_told():
    talk = Talk().says("ask_privacy").says("repeat")
    assert talk.said == ["utter_privacy", "utter_start_or_ask"]
    talk = at("age").says("bot_challenge").says("repeat")
    assert talk.said == ["utter_i_am_a_machine", "utter_ask_age"]


def test_what_cannot_be_said_more_simply_is_owned_and_a_person_offered():
    talk = at("age").says("simplify").says("simplify")
    assert talk.said == ["utter_simplify_again", "utter_explain_age", "utter_simple_age"]
    talk.says("simplify")
    assert talk.said[0] == "utter_cannot_simplify"
    assert "/request_human" in [payload for _, payload in talk.buttons()]
    assert Talk().says("simplify").says("simplify").said[0] == "utter_cannot_simplify"
    assert result().says("simplify").says("simplify").said[0] == "utter_cannot_simplify"


def test_the_answers_are_not_listed_again_with_the_suggestions():
    talk = result()
    assert "utter_summary" in talk.said
    assert "utter_summary" not in talk.says("thank").says("ask_recommendation").said


def test_who_skipped_everything_is_not_shown_a_list_of_skipped_questions():
    talk = Talk().presses("/start_self_check")
    while talk.state.awaiting:
        talk.says("skip_question")
    assert "utter_summary" not in talk.said
    assert talk.said[0] == "utter_skipped"
