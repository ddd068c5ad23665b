"""The self-check's rules: order, every way to answer, going back, correcting, volunteering, contradicting."""

from __future__ import annotations

import pytest

from actions.questions import questions
from tests.actions.conftest import RESPONSES, Talk

ALL = [
    "wants_work",
    "open_labour_market_goal",
    "feels_able_to_work",
    "work_ability_score",
    "life_situation_allows_work",
    "life_situation_barriers",
    "has_usable_skills",
    "has_working_life_habits",
    "age",
    "municipality",
    "unemployed_months",
    "labour_market_subsidy_days",
]


def at(question_id: str) -> Talk:
    """A talk in which everything before ``question_id`` was answered by its first button."""
    talk = Talk().presses("/start_self_check")
    for _ in ALL:
        if talk.state.awaiting == question_id:
            return talk
        asked = talk.state.awaiting
        assert asked is not None
        value = '"no"' if asked == "life_situation_allows_work" else None
        payload = f'/answer{{"{asked}": {value}}}' if value else first_button(asked)
        talk.presses(payload)
    raise AssertionError(f"{question_id} was never asked")


def first_button(question_id: str) -> str:
    """The first button of a question that is no zero and no skip, else its skip."""
    payloads = [button["payload"] for button in RESPONSES[f"utter_ask_{question_id}"]["buttons"]]
    return next((p for p in payloads if "skipped" not in p and ": 0}" not in p), payloads[0])


def test_questions_come_in_the_order_of_the_contract():
    assert list(questions()) == ALL
    talk = Talk().presses("/start_self_check")
    asked = []
    while talk.state.awaiting:
        asked.append(talk.state.awaiting)
        answer = '/answer{"life_situation_allows_work": "unsure"}'
        talk.presses(answer if asked[-1] == "life_situation_allows_work" else first_button(asked[-1]))
    assert asked == ALL
    assert "utter_result_services" in talk.said


@pytest.mark.parametrize(("answer", "asked"), [("yes", False), ("no", True), ("unsure", True), ("skipped", False)])
def test_barriers_are_asked_only_when_the_life_situation_hinders(answer, asked):
    talk = at("life_situation_allows_work").presses(f'/answer{{"life_situation_allows_work": "{answer}"}}')
    assert (talk.state.awaiting == "life_situation_barriers") is asked


@pytest.mark.parametrize("question_id", ALL)
def test_every_question_has_its_four_texts_and_buttons_that_fit(question_id):
    for kind in ("ask", "simple", "explain", "why"):
        assert RESPONSES[f"utter_{kind}_{question_id}"]["text"]
    for kind in ("ask", "simple"):
        for button in RESPONSES[f"utter_{kind}_{question_id}"]["buttons"]:
            talk = at(question_id).presses(button["payload"])
            assert question_id in talk.state.answers, button
            assert questions()[question_id].accepts(talk.state.answers[question_id])


@pytest.mark.parametrize("question_id", ALL)
def test_every_question_can_be_skipped_in_words(question_id):
    talk = at(question_id).says("skip_question", "ohita")
    assert talk.state.answers[question_id] == "skipped"
    assert talk.state.awaiting != question_id


@pytest.mark.parametrize("question_id", [q for q in ALL if questions()[q].kind == "yes_no"])
@pytest.mark.parametrize(("intent", "value"), [("affirm", "yes"), ("deny", "no"), ("unsure", "unsure")])
def test_yes_no_questions_take_plain_words(question_id, intent, value):
    assert at(question_id).says(intent).state.answers[question_id] == value


@pytest.mark.parametrize(
    ("question_id", "value", "taken"),
    [
        ("work_ability_score", 0, True),
        ("work_ability_score", 10, True),
        ("work_ability_score", 11, False),
        ("age", 14, False),
        ("age", 15, True),
        ("age", 75, True),
        ("age", 76, False),
        ("unemployed_months", 600, True),
        ("unemployed_months", 601, False),
        ("labour_market_subsidy_days", 10000, True),
        ("labour_market_subsidy_days", 10001, False),
    ],
)
def test_numbers_are_taken_within_the_contracts_bounds(question_id, value, taken):
    talk = at(question_id).says("inform_background", str(value), number=value)
    if taken:
        assert talk.state.answers[question_id] == value
    else:
        assert question_id not in talk.state.answers
        assert talk.state.awaiting == question_id
        assert "utter_number_out_of_range" in talk.said


@pytest.mark.parametrize("question_id", ["unemployed_months", "labour_market_subsidy_days"])
def test_no_means_none_for_an_amount(question_id):
    assert at(question_id).says("deny", "en oo").state.answers[question_id] == 0


def test_subsidy_days_are_asked_of_everybody_as_the_contract_says():
    talk = at("unemployed_months").presses('/answer{"unemployed_months": 0}')
    assert talk.state.awaiting == "labour_market_subsidy_days"


@pytest.mark.parametrize("question_id", ["work_ability_score", "age", "municipality"])
def test_not_knowing_a_fact_does_not_keep_one_stuck(question_id):
    talk = at(question_id).says("unsure", "en tiiä")
    assert talk.state.answers[question_id] == "skipped"


@pytest.mark.parametrize("intent", ["unsure", "deny", "complain", "nlu_fallback"])
@pytest.mark.parametrize("question_id", ["unemployed_months", "labour_market_subsidy_days", "age"])
def test_not_remembering_a_number_is_no_number(question_id, intent):
    talk = at(question_id).says(intent, "en muista")
    assert talk.state.answers[question_id] == "skipped"


def test_several_barriers_in_one_message():
    talk = at("life_situation_barriers").says("inform_life_situation", "rahat ja koti", barrier=["money", "housing"])
    assert talk.state.answers["life_situation_barriers"] == ["housing", "money"]


def test_volunteered_facts_are_kept_said_and_not_asked():
    talk = Talk().says(
        "inform_health_limits",
        "oon 23v lahest, selkä on paskana",
        age=23,
        municipality="Lahti",
        unemployed_months=24,
    )
    assert talk.state.answers == {
        "feels_able_to_work": "no",
        "age": 23,
        "municipality": "Lahti",
        "unemployed_months": 24,
    }
    assert talk.said[0] == "utter_noted"
    assert talk.state.awaiting == "wants_work"
    asked = []
    while talk.state.awaiting:
        asked.append(talk.state.awaiting)
        talk.presses(first_button(talk.state.awaiting))
    assert not {"feels_able_to_work", "age", "municipality", "unemployed_months"} & set(asked)


def test_volunteered_in_the_middle_returns_to_the_open_question():
    talk = at("wants_work").says("inform_background", "oon 45 hollolasta", age=45, municipality="Hollola")
    assert talk.state.awaiting == "wants_work"
    assert talk.state.answers == {"age": 45, "municipality": "Hollola"}


def test_a_contradiction_is_asked_about_and_not_overwritten():
    talk = at("has_usable_skills")
    assert talk.state.answers["feels_able_to_work"] == "yes"
    talk.says("inform_health_limits", "en mä kyllä pysty, selkä ei kestä mitään työtä")
    assert talk.state.answers["feels_able_to_work"] == "yes"
    talk = at("has_usable_skills").says("affirm", "on, oon 45", age=45).says("affirm", "joo mut oonki 54", age=54)
    assert talk.said == ["utter_contradiction"]
    assert talk.state.answers["age"] == 45
    titles = [title for title, _ in talk.buttons()]
    assert titles == ["45 vuotta", "54 vuotta"]
    talk.presses('/answer{"age": 54}')
    assert talk.state.answers["age"] == 54


def test_going_back_asks_the_previous_question_again():
    talk = at("feels_able_to_work").says("go_back")
    assert talk.state.awaiting == "open_labour_market_goal"
    talk.says("deny")
    assert talk.state.answers["open_labour_market_goal"] == "no"
    assert talk.state.awaiting == "feels_able_to_work"


def test_going_back_at_the_first_question_stays_there():
    talk = at("wants_work").says("go_back")
    assert talk.state.awaiting == "wants_work"
    assert "utter_nothing_before" in talk.said


def test_correcting_by_pointing_drops_what_depended_on_it():
    talk = at("has_usable_skills")
    assert "life_situation_barriers" in talk.state.answers
    talk.says("correct_answer", "se elämäntilanne meni väärin", question="life_situation_allows_work")
    assert talk.state.awaiting == "life_situation_allows_work"
    talk.says("affirm")
    assert "life_situation_barriers" not in talk.state.answers
    assert talk.state.awaiting == "has_usable_skills"


def test_correcting_without_pointing_offers_every_answer():
    talk = at("work_ability_score").says("correct_answer", "vastasin väärin")
    *payloads, away = [payload for _, payload in talk.buttons()]
    assert away == "/repeat"
    assert payloads == [
        f'/correct_answer{{"question": "{q}"}}' for q in ("wants_work", "open_labour_market_goal", "feels_able_to_work")
    ]
    talk.presses(payloads[0])
    assert talk.state.awaiting == "wants_work"


def test_correcting_with_the_new_value_changes_it_at_once():
    talk = at("municipality")
    talk.document["answers"]["age"] = 54
    talk.says("correct_answer", "oonki 45 en 54", age=45)
    assert talk.state.answers["age"] == 45
    assert talk.state.awaiting == "municipality"


def test_correcting_after_the_result_shows_a_new_one():
    talk = at("labour_market_subsidy_days").says("skip_question")
    assert talk.state.recommendations
    talk.presses('/correct_answer{"question": "wants_work"}').says("deny")
    assert "utter_result_updated" in talk.said
    assert talk.catalogue.asked[-1]["wants_work"] == "no"


@pytest.mark.parametrize("question_id", ALL)
@pytest.mark.parametrize(
    "intent",
    ["explain_question", "ask_why_asked", "simplify", "repeat", "ask_summary", "bot_challenge", "ask_privacy",
     "ask_capabilities", "thank", "greet", "out_of_scope", "ask_service", "ask_benefits", "list_services",
     "ask_recommendation", "ask_why_recommended", "ask_contact", "ask_eligibility", "ask_how_to_apply",
     "download_my_data", "cancel_handoff"],
)  # fmt: skip
def test_side_questions_land_back_on_the_question(question_id, intent):
    talk = at(question_id).says(intent)
    assert talk.state.awaiting == question_id
    assert talk.said[-1] in (f"utter_ask_{question_id}", f"utter_simple_{question_id}")


def test_plainer_words_stay_on():
    talk = at("wants_work").says("simplify")
    assert talk.said[-1] == "utter_simple_wants_work"
    talk.says("affirm")
    assert talk.said[-1] == "utter_simple_open_labour_market_goal"


def test_stopping_keeps_the_answers_and_offers_to_go_on():
    talk = at("has_usable_skills")
    before = dict(talk.state.answers)
    talk.says("stop")
    assert talk.state.awaiting == "resume_or_restart"
    assert talk.state.answers == before
    talk.says("affirm", "jatketaan")
    assert talk.state.awaiting == "has_usable_skills"


def test_starting_over_forgets():
    talk = at("has_usable_skills").says("restart")
    assert talk.state.answers == {}
    assert talk.state.awaiting == "wants_work"


def test_an_old_button_answers_its_own_question():
    talk = at("has_usable_skills").presses('/answer{"wants_work": "unsure"}')
    assert talk.said == ["utter_noted", "utter_ask_has_usable_skills"]
    assert talk.state.answers["wants_work"] == "unsure"
    assert talk.state.awaiting == "has_usable_skills"


@pytest.mark.parametrize(
    "payload", ['/answer{"wants_work": "kenties"}', '/answer{"age": 200}', '/answer{"age": "vanha"}']
)
def test_a_button_with_a_value_outside_the_contract_changes_nothing(payload):
    talk = at("feels_able_to_work")
    before = dict(talk.state.answers)
    talk.presses(payload)
    assert talk.state.answers == before
    assert talk.state.awaiting == "feels_able_to_work"


def test_everything_skipped_ends_with_the_way_to_a_person():
    talk = Talk().presses("/start_self_check")
    while talk.state.awaiting:
        talk.says("skip_question")
    assert "utter_result_all_skipped" in talk.said
    assert "/request_human" in [payload for _, payload in talk.buttons()]


def test_the_first_three_services_are_shown_and_the_rest_on_request():
    talk = at("labour_market_subsidy_days").says("skip_question")
    shown = [service["id"] for message in talk.messages for service in message.services]
    assert shown == ["tyonhaku", "palkkatuki", "valmennus"]
    talk.presses("/more_services")
    assert [s["id"] for m in talk.messages for s in m.services] == ["opinnot", "ohjaus"]
    talk.presses("/more_services")
    assert talk.said == ["utter_no_more_services"]
