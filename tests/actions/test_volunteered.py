"""Several things in one message, uncertain answers and their one follow-up, and hard things said."""

from __future__ import annotations

import pytest

from actions.turn import Clause
from tests.actions.conftest import Talk
from tests.actions.test_self_check import at

WORK, HEALTH, LIFE = "inform_wants_work", "inform_health_limits", "inform_life_situation"


def test_what_the_whole_message_says_of_the_question_goes_before_a_part():
    talk = at("wants_work").says("inform_not_motivated", "oon hakenu, mistään ei vastata", clauses=[(WORK, 0.9)])
    assert talk.state.answers["wants_work"] == "no"


def test_an_uncertain_part_does_not_weaken_what_the_whole_says():
    talk = at("has_working_life_habits").says(
        "inform_lacks_skills",
        "aamut on vaikeita, jää menemättä",
        clauses=[("inform_lacks_skills", 0.9), ("unsure", 0.9)],
    )
    assert talk.state.answers["has_working_life_habits"] == "no"


def test_a_part_answers_where_the_whole_does_not():
    talk = at("wants_work").says("inform_background", "oon 40 ja haluan töihin", clauses=[(WORK, 0.9)], age=40)
    assert talk.state.answers["wants_work"] == "yes"
    assert talk.state.answers["age"] == 40


def test_each_part_of_a_message_counts():
    talk = Talk().says(
        "inform_background",
        "oon 23v lahest, ollu työttömän vuoden, haluisin töihin mut pää ei kestä",
        clauses=[("inform_background", 0.9), (WORK, 0.8), (HEALTH, 0.7)],
        age=23,
        municipality="Lahti",
        unemployed_months=12,
    )
    assert talk.state.answers == {
        "age": 23,
        "municipality": "Lahti",
        "unemployed_months": 12,
        "wants_work": "yes",
        "feels_able_to_work": "no",
    }
    assert "utter_noted" in talk.said
    assert talk.state.awaiting == "open_labour_market_goal"


@pytest.mark.parametrize(("confidence", "noted"), [(0.6, True), (0.59, False)])
def test_a_part_counts_from_a_sure_meaning_on(confidence, noted):
    talk = Talk().says("inform_background", "oon 23 ja haluan töihin", clauses=[(WORK, confidence)], age=23)
    assert ("wants_work" in talk.state.answers) is noted


def test_parts_that_say_opposite_things_leave_the_question_to_be_asked():
    talk = Talk().says(
        "inform_background", "haluan töihin, en halua", clauses=[(WORK, 0.9), ("inform_not_motivated", 0.9)], age=23
    )
    assert "wants_work" not in talk.state.answers
    assert talk.state.awaiting == "wants_work"


def test_opposite_parts_in_answer_to_the_question_are_an_uncertain_answer():
    talk = at("wants_work").says(WORK, "haluan ja en halua", clauses=[(WORK, 0.9), ("inform_not_motivated", 0.9)])
    assert talk.state.answers["wants_work"] == "unsure"


@pytest.mark.parametrize("intent", ["deny", LIFE])
def test_barriers_named_with_a_no_are_kept(intent):
    talk = at("life_situation_allows_work").says(intent, "ei, lapset ja velat", barrier=["family", "money"])
    assert talk.state.answers["life_situation_allows_work"] == "no"
    assert talk.state.answers["life_situation_barriers"] == ["family", "money"]
    assert talk.state.awaiting == "has_usable_skills"


def test_a_money_worry_beside_wanting_work_is_kept_until_it_is_asked_for():
    talk = at("wants_work").says(WORK, "pakko mennä töihin kun rahat on loppu", barrier="money")
    assert talk.state.answers == {"wants_work": "yes"}
    assert "utter_noted" in talk.said
    for _ in range(3):
        talk.says("skip_question")
    assert talk.state.awaiting == "life_situation_allows_work"
    talk.says("deny", "ei")
    assert talk.state.answers["life_situation_barriers"] == ["money"]
    assert talk.state.awaiting == "has_usable_skills"


def test_a_worry_is_dropped_when_life_turns_out_to_be_in_order():
    talk = at("wants_work").says(WORK, "rahat on loppu, töihin siis", barrier="money")
    for _ in range(3):
        talk.says("skip_question")
    talk.says("affirm", "joo sopii")
    assert "life_situation_barriers" not in talk.state.answers


def test_a_question_about_money_is_no_worry_about_it():
    talk = at("wants_work").says("ask_benefits", "mistä rahaa saa", barrier="money")
    assert talk.state.barriers_told == []


@pytest.mark.parametrize("intent", ["affirm", "inform_wants_work"])
def test_a_wish_left_in_the_air_is_an_uncertain_answer(intent):
    assert at("wants_work").says(intent, "haluaisin mutta").state.answers["wants_work"] == "unsure"
    assert at("wants_work").says(intent, "haluaisin mutta osa-aikaisesti").state.answers["wants_work"] == "yes"


def test_it_depends_is_followed_up_once():
    talk = at("wants_work").says("unsure", "riippuu työstä")
    assert talk.state.answers["wants_work"] == "unsure"
    assert talk.said == ["utter_follow_up_wants_work"]
    assert talk.state.awaiting == "wants_work"
    talk.says("unsure", "riippuu ihan")
    assert talk.state.answers["wants_work"] == "unsure"
    assert talk.state.awaiting == "open_labour_market_goal"


def test_the_follow_up_may_make_it_sure():
    talk = at("wants_work").says("unsure", "riippuu työstä").says("affirm", "joo")
    assert talk.state.answers["wants_work"] == "yes"
    assert talk.state.awaiting == "open_labour_market_goal"


@pytest.mark.parametrize(
    ("question_id", "text"),
    [
        ("wants_work", "en tiedä"),
        ("wants_work", "en oikein tiedä, riippuu päivästä"),
        ("wants_work", "riippuu"),
        ("feels_able_to_work", "riippuu päivästä"),
    ],
)
def test_other_uncertain_answers_are_acknowledged_and_left_alone(question_id, text):
    talk = at(question_id).says("unsure", text)
    assert talk.said[0] == "utter_acknowledge_unsure"
    assert talk.state.awaiting != question_id


def test_the_button_for_an_uncertain_answer_is_acknowledged_in_changing_words():
    talk = at("wants_work").presses('/answer{"wants_work": "unsure"}')
    assert talk.said[0] == "utter_acknowledge_unsure"
    talk.presses('/answer{"open_labour_market_goal": "unsure"}')
    assert talk.said[0] == "utter_acknowledge_unsure_again"


def test_despair_is_met_with_a_warmer_word_and_goes_on():
    talk = at("wants_work").says("inform_not_motivated", "kaikki on ihan toivotonta")
    assert talk.said[0] == "utter_acknowledge_despair"
    assert talk.state.answers["wants_work"] == "no"


@pytest.mark.parametrize(
    ("text", "said"), [("ei tästä tule mitään", "utter_despair"), ("paska botti", "utter_complaint")]
)
def test_anger_and_despair_are_met_with_calm_and_no_menu(text, said):
    talk = at("wants_work").says("complain", text)
    assert talk.said == [said]
    assert [payload for _, payload in talk.buttons()] == ["/request_human", "/repeat"]
    assert talk.state.awaiting == "wants_work"
    assert talk.presses("/repeat").said == ["utter_ask_wants_work"]


def test_anger_goes_on_in_other_words():
    talk = at("wants_work").says("complain", "paska botti").says("complain", "paska botti")
    assert talk.said == ["utter_complaint_again"]


def test_a_joke_is_taken_lightly():
    assert at("age").says("out_of_scope", "kerro vitsi").said[0] == "utter_no_jokes"


def test_english_twice_is_answered_in_other_words():
    talk = at("age").says("out_of_scope", "can you help me please").says("out_of_scope", "please help me with work")
    assert talk.said == ["utter_language_en_again"]
    assert "/repeat" in [payload for _, payload in talk.buttons()]


def test_a_yes_before_a_side_question_is_taken_and_the_next_question_asked():
    talk = at("feels_able_to_work").says(
        "ask_recommendation", "joo mutta tarviin apua", clauses=[("affirm", 1.0), ("ask_recommendation", 0.9)]
    )
    assert talk.state.answers["feels_able_to_work"] == "yes"
    assert talk.said[-1] == "utter_ask_work_ability_score"


def test_a_side_question_alone_answers_nothing():
    talk = at("feels_able_to_work").says("ask_benefits", "mistä rahaa", clauses=[("ask_benefits", 0.9)])
    assert "feels_able_to_work" not in talk.state.answers
    assert talk.state.awaiting == "feels_able_to_work"


@pytest.mark.parametrize(("text", "taken"), [("joku kutonen asteikolla", True), ("mitä se kutonen tarkoittaa", False)])
def test_a_number_on_the_scale_is_an_answer_unless_it_is_asked_about(text, taken):
    talk = at("feels_able_to_work").says("explain_question", text, work_ability_score=6)
    assert ("work_ability_score" in talk.state.answers) is taken


@pytest.mark.parametrize(
    ("text", "value"), [("no kyllähän se semmonen ois", "yes"), ("eihän se oikeen", "no"), ("semmonen ois", None)]
)
def test_a_clear_beginning_answers_what_was_not_understood_as_a_whole(text, value):
    ranking = [("nlu_fallback", 0.4), ("deny", 0.31), ("affirm", 0.27)]
    talk = at("open_labour_market_goal").says("nlu_fallback", text, ranking=ranking)
    assert talk.state.answers.get("open_labour_market_goal") == value


def test_a_clear_beginning_of_something_else_is_no_answer():
    ranking = [("nlu_fallback", 0.4), ("deny", 0.31), ("stop", 0.27)]
    talk = at("open_labour_market_goal").says("nlu_fallback", "en enää", ranking=ranking)
    assert "open_labour_market_goal" not in talk.state.answers


@pytest.mark.parametrize(("text", "value"), [("arki ei vaan suju", ["other"]), ("arki sujuu hyvin", None)])
def test_everyday_life_that_does_not_run_makes_work_hard(text, value):
    talk = at("life_situation_barriers").says("inform_life_in_order", text)
    assert talk.state.answers.get("life_situation_barriers") == value


@pytest.mark.parametrize(
    ("text", "barriers"),
    [("ei, lapset ja velat", ["family", "money"]), ("ei oo asuntoa", ["housing"]), ("ei vaan sovi", None)],
)
def test_bare_words_name_what_makes_work_hard_where_that_was_asked(text, barriers):
    talk = at("life_situation_allows_work").says("deny", text)
    assert talk.state.answers.get("life_situation_barriers") == barriers
    elsewhere = at("wants_work").says("deny", text)
    assert elsewhere.state.barriers_told == []


def test_bare_words_beside_a_yes_are_no_hindrance():
    talk = at("life_situation_allows_work").says("affirm", "joo, lapset on isoja")
    assert "life_situation_barriers" not in talk.state.answers
    assert talk.state.awaiting == "has_usable_skills"


@pytest.mark.parametrize(
    ("intent", "text", "value"),
    [
        ("affirm", "kai mä joo", "unsure"),
        ("inform_wants_work", "haluisin kai töihin", "unsure"),
        ("deny", "en kai", "unsure"),
        ("affirm", "ehkä joo", "unsure"),
        ("affirm", "totta kai", "yes"),
        ("affirm", "en kai mä muuten täällä olis, joo", "yes"),
        ("inform_wants_work", "pakko kai se on mennä töihin", "yes"),
        ("affirm", "joo varmaan", "yes"),
        ("inform_wants_work", "haluan kaikenlaista työtä", "yes"),
    ],
)
def test_a_hedged_answer_is_an_uncertain_one(intent, text, value):
    talk = at("wants_work").says(intent, text)
    assert talk.state.answers["wants_work"] == value


def test_a_hedged_answer_is_followed_up_once_and_may_become_sure():
    talk = at("wants_work").says("inform_wants_work", "haluisin kai töihin")
    assert talk.said == ["utter_follow_up_wants_work"]
    assert talk.says("affirm", "joo").state.answers["wants_work"] == "yes"
    assert talk.state.awaiting == "open_labour_market_goal"
    again = at("wants_work").says("affirm", "kai mä joo").says("affirm", "kai mä joo")
    assert again.state.awaiting == "open_labour_market_goal"


def test_a_hedge_about_something_else_weakens_nothing():
    talk = at("wants_work")
    parts = [Clause(WORK, 0.9, "haluan töihin"), Clause(HEALTH, 0.9, "selkä kai haittaa")]
    talk.says(WORK, "haluan töihin, selkä kai haittaa", clauses=parts)
    assert talk.state.answers["wants_work"] == "yes"
    assert talk.state.answers["feels_able_to_work"] == "unsure"


def test_a_hedged_wish_told_before_it_is_asked_is_noted_as_uncertain():
    talk = Talk().says("inform_wants_work", "haluisin kai töihin")
    assert talk.state.answers["wants_work"] == "unsure"
    assert "utter_noted" in talk.said


def test_a_hedged_word_in_passing_contradicts_nothing():
    talk = at("age").says("inform_health_limits", "en kai mä pysty")
    assert talk.state.answers["feels_able_to_work"] == "yes"
    assert "utter_contradiction" not in talk.said


def test_what_is_told_twice_is_known_and_no_failed_answer():
    talk = at("wants_work").says("inform_background", "oon 23", age=23).says("inform_background", "oon 23", age=23)
    assert talk.said == ["utter_already_noted", "utter_back_to_question", "utter_ask_wants_work"]


def test_not_knowing_which_of_two_is_right_leaves_it_as_it_was():
    talk = at("wants_work").says("inform_background", "oon 23", age=23).says("inform_background", "oon 24", age=24)
    assert talk.said == ["utter_contradiction"]
    talk.says("unsure", "en tiiä")
    assert talk.state.answers["age"] == 23
    assert talk.said == ["utter_left_as_it_was", "utter_ask_wants_work"]


def test_skipping_the_question_which_is_right_leaves_it_as_it_was():
    talk = at("wants_work").says("inform_background", "oon 23", age=23).says("inform_background", "oon 24", age=24)
    assert talk.says("skip_question", "ohita").state.answers["age"] == 23
    followed_up = at("wants_work").says("affirm", "kai mä joo").says("skip_question", "ohita")
    assert followed_up.state.answers["wants_work"] == "unsure"
    assert followed_up.state.awaiting == "open_labour_market_goal"
