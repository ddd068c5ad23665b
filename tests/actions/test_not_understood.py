"""What happens when nothing is understood, and random walks through the dialogue."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.questions import applies, questions
from settings import ROOT
from tests.actions.conftest import Talk
from tests.actions.test_self_check import ALL, at

OTHER = ["handoff_consent", "handoff_contact", "callback_time", "confirm_erasure", "resume_or_restart"]


def contract_intents() -> list[str]:
    document = yaml.safe_load((ROOT / "contract" / "intents.yml").read_text(encoding="utf-8"))
    return [intent for topic in document.values() for intent in topic]


def domain_intents() -> list[str]:
    return yaml.safe_load((ROOT / "bot" / "domain" / "intents.yml").read_text(encoding="utf-8"))["intents"]


def test_every_intent_of_the_contract_is_in_the_domain_and_has_a_rule():
    ruled = {
        step["intent"]
        for path in (ROOT / "data" / "rules").glob("*.yml")
        for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
        for step in rule["steps"]
        if "intent" in step
    }
    assert set(contract_intents()) <= set(domain_intents()) <= ruled


def test_never_the_same_failed_answer_twice_in_a_row():
    ranking = [("request_human", 0.2), ("affirm", 0.15), ("greet", 0.1)]
    for start in (Talk(), at("wants_work"), at("age"), at("municipality")):
        talk = start
        heard: list[list[str]] = []
        for _ in range(8):
            talk.says("nlu_fallback", "asdfgh", ranking=ranking)
            heard.append(talk.said)
        for before, after in pairwise(heard):
            assert before[0] != after[0]


def test_a_person_is_offered_by_the_fourth_failure_at_the_latest():
    talk = at("wants_work")
    offered = False
    for _ in range(4):
        talk.says("nlu_fallback", "asdfgh", ranking=[("greet", 0.01)])
        offered = offered or "/request_human" in [payload for _, payload in talk.buttons()]
    assert offered


def test_likely_meanings_are_offered_in_plain_words():
    talk = (
        Talk()
        .says("nlu_fallback")
        .says(
            "nlu_fallback",
            "hmm",
            ranking=[("nlu_fallback", 0.5), ("ask_privacy", 0.3), ("stop", 0.2), ("crisis", 0.01)],
        )
    )
    assert talk.said == ["utter_did_you_mean"]
    assert [payload for _, payload in talk.buttons()] == ["/ask_privacy", "/stop", "/none_of_these"]


def test_english_and_swedish_are_answered_in_their_own_language():
    assert Talk().says("out_of_scope", "hello can you help me with work please").said[0] == "utter_language_en"
    assert Talk().says("nlu_fallback", "hej kan du svenska jag behöver hjälp").said[0] == "utter_language_sv"


def test_a_broken_state_starts_a_new_talk():
    talk = Talk()
    for broken in ("x", 7, [], {"version": 99}, {"answers": "none"}):
        talk.document = broken
        talk.says("greet")
        assert talk.said == ["utter_greet_back"]


steps = st.one_of(
    st.tuples(st.just("intent"), st.sampled_from([*contract_intents(), "nlu_fallback"])),
    st.tuples(st.just("button"), st.integers(0, 30)),
    st.tuples(st.just("number"), st.integers(-5, 20000)),
    st.tuples(st.just("municipality"), st.sampled_from(["Lahti", "other"])),
)


WALKS = int(os.environ.get("TIENVIITTA_WALKS", "150"))
MAY_REPEAT = ("repeat", "crisis", "danger")
"""Meanings after which the same words may come again; so they may when a button asks for them."""


@settings(max_examples=WALKS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, max_size=40))
def test_random_walks_always_have_an_answer_and_a_way_on(walk):
    talk = Talk().presses("/start_conversation")
    heard: list[tuple[str, str]] = []
    for kind, choice in walk:
        answered = set(talk.state.answers)
        asked_before = talk.state.awaiting
        if kind == "intent":
            talk.says(str(choice), "öö")
        elif kind == "button":
            buttons = talk.buttons()
            if not buttons:
                continue
            talk.presses(buttons[int(choice) % len(buttons)][1])
        elif kind == "number":
            talk.says("inform_background", str(choice), number=choice)
        else:
            talk.says("inform_background", "asun tuolla", municipality=choice)
        state = talk.state
        assert talk.messages
        before, heard = heard, [(message.response, str(message.params)) for message in talk.messages]
        if choice not in MAY_REPEAT and not (
            kind == "button" and "/repeat" in [payload for _, payload in talk.buttons()]
        ):
            assert heard != before
        assert len(talk.messages) <= 8
        assert state.awaiting is None or state.awaiting in [*ALL, *OTHER]
        for question_id, value in state.answers.items():
            assert questions()[question_id].accepts(value)
            assert applies(question_id, state.answers)
        if state.awaiting in questions() and state.awaiting != asked_before and state.awaiting in answered:
            # An answered question is asked again only to change it.
            said = {message.response for message in talk.messages}
            assert {"utter_going_back", "utter_correcting", "utter_contradiction", "utter_restarted"} & said
    # From anywhere, skipping leads to the result.
    talk.says("cancel_handoff").says("restart")
    for _ in range(14):
        if talk.state.awaiting is None:
            break
        talk.says("skip_question")
    assert talk.state.recommendations


@pytest.mark.parametrize("other", ["affirm", "unsure", "inform_wants_participation"])
def test_a_wish_for_a_person_between_two_meanings_is_granted(other):
    talk = at("feels_able_to_work").says(
        "nlu_fallback", "joo haluan jutella jonkun kanssa", [(other, 0.52), ("request_human", 0.47)]
    )
    assert talk.state.awaiting == "handoff_consent"
    assert "feels_able_to_work" not in talk.state.answers


def test_an_unlikely_wish_for_a_person_is_not_guessed():
    talk = at("feels_able_to_work").says("nlu_fallback", "joo jotain", [("affirm", 0.5), ("request_human", 0.1)])
    assert talk.state.awaiting != "handoff_consent"


@pytest.mark.parametrize(
    ("text", "second", "value"), [("kyllä, käyn kerhossa", "affirm", "yes"), ("en, käyn kerhossa", "deny", "no")]
)
def test_a_first_word_answers_where_it_is_one_of_two_meanings(text, second, value):
    ranking = [("inform_wants_participation", 0.31), (second, 0.29)]
    talk = at("has_working_life_habits").says("nlu_fallback", text, ranking)
    assert talk.state.answers["has_working_life_habits"] == value


def test_a_first_word_alone_decides_nothing():
    ranking = [("inform_wants_participation", 0.31), ("ask_service", 0.29)]
    talk = at("has_working_life_habits").says("nlu_fallback", "kyllä, käyn kerhossa", ranking)
    assert "has_working_life_habits" not in talk.state.answers


def test_what_sounds_unsure_where_a_number_is_asked_is_unsure():
    sounds = [("unsure", 0.28), ("inform_background", 0.25)]
    talk = at("unemployed_months").says("nlu_fallback", "en yhtään muista", sounds)
    assert talk.state.answers["unemployed_months"] == "skipped"
    told = at("unemployed_months").says("nlu_fallback", "oisko kaheksan kuukautta", sounds, unemployed_months=8)
    assert told.state.answers["unemployed_months"] == 8


def test_a_no_with_reasons_is_a_no_though_it_sounds_in_order():
    talk = at("life_situation_allows_work").says(
        "inform_life_in_order", "ei, lapset ja velat", barrier=["family", "money"]
    )
    assert talk.state.answers["life_situation_allows_work"] == "no"
    assert talk.state.answers["life_situation_barriers"] == ["family", "money"]
    talk = at("life_situation_allows_work").says(
        "inform_life_in_order", "ei oo velkoja, kaikki hyvin", barrier=["money"]
    )
    assert talk.state.answers["life_situation_allows_work"] == "yes"


@pytest.mark.parametrize("begin", ["request_human", "delete_my_data", "stop"])
def test_what_is_not_understood_beside_the_questions_never_offers_what_is_under_way(begin):
    talk = at("age").says(begin)
    awaiting, heard = talk.state.awaiting, []
    for _ in range(5):
        talk.says("nlu_fallback", "asdf")
        heard.append(talk.said[0])
        assert talk.state.awaiting == awaiting
        assert "utter_not_understood_offer_person" not in talk.said
        assert len(talk.buttons()) >= 1
    assert heard[:3] == ["utter_not_understood_waiting", f"utter_explain_{awaiting}", "utter_press_a_button"]
    assert all(before != after for before, after in pairwise(heard))


def test_a_number_out_of_bounds_is_told_its_bounds_also_after_another_failure():
    talk = at("age").says("nlu_fallback", "asdf").says("inform_background", "kymmenen", number=10)
    assert talk.said[0] == "utter_number_out_of_range"
    assert talk.says("inform_background", "sata", number=100).said[0] == "utter_answer_or_skip"


@pytest.mark.parametrize("said_first", ["complaint", "despair", "not_understood_offer_person"])
def test_no_to_the_offer_of_a_person_is_no_answer_to_the_question(said_first):
    talk = at("wants_work")
    if said_first == "not_understood_offer_person":
        for _ in range(3):
            talk.says("nlu_fallback", "asdf", ranking=[("greet", 0.01)])
    else:
        talk.says("complain", "ei tästä tule mitään" if said_first == "despair" else "paska botti")
    assert talk.said == [f"utter_{said_first}"]
    talk.says("deny", "en")
    assert talk.state.answers == {}
    assert talk.said[-1] == "utter_ask_wants_work"


LEFT_IN_THE_AIR = [("affirm", 0.45), ("unsure", 0.4)]


@pytest.mark.parametrize("text", ["haluaisin kyllä mutta", "joo mut..", "no en kai mutku"])
def test_what_is_left_in_the_air_is_an_unsure_answer(text):
    talk = Talk().says("start_self_check").says("nlu_fallback", text, LEFT_IN_THE_AIR)
    assert talk.state.answers["wants_work"] == "unsure"


@pytest.mark.parametrize(
    ("text", "ranking", "answer"),
    [
        ("tekisin mut kunto ei anna myöten", [("deny", 0.5), ("unsure", 0.45)], "unsure"),
        ("tekisin, kunto ei anna myöten", [("deny", 0.5), ("unsure", 0.45)], None),
        ("tekisin mut kunto ei anna myöten", [("deny", 0.5), ("affirm", 0.45)], None),
    ],
)
def test_what_weighs_both_sides_is_unsure_where_that_is_likely(text, ranking, answer):
    talk = Talk().says("start_self_check").says("nlu_fallback", text, ranking)
    assert talk.state.answers.get("wants_work") == answer


def test_what_is_no_answer_is_none_for_being_left_in_the_air():
    for ranking in ([("ask_privacy", 0.4), ("affirm", 0.38)], [("greet", 0.1)]):
        talk = Talk().says("start_self_check").says("nlu_fallback", "kuka näitä lukee mutta", ranking)
        assert "wants_work" not in talk.state.answers


@pytest.mark.parametrize(("text", "angry"), [("😡😡😡", True), ("🤬!!", True), ("😊", False), ("joo 😡", False)])
def test_signs_of_anger_without_a_word_are_a_complaint(text, angry):
    talk = Talk().says("start_self_check").says("affirm", text)
    assert ("wants_work" not in talk.state.answers) == angry
    assert any(payload == "/request_human" for _, payload in talk.buttons()) or not angry


BETWEEN_HARDSHIPS = [("inform_life_in_order", 0.4), ("inform_health_limits", 0.3)]


@pytest.mark.parametrize(
    ("text", "ranking", "answer"),
    [
        ("arki ei vaan luista", BETWEEN_HARDSHIPS, ["other"]),
        ("arki luistaa", BETWEEN_HARDSHIPS, None),
        ("ei kuulu sulle", [("complain", 0.4), ("inform_life_situation", 0.39)], None),
    ],
)
def test_asked_what_makes_life_hard_one_hardship_or_another_is_an_answer(text, ranking, answer):
    talk = at("life_situation_allows_work").says("deny", "ei").says("nlu_fallback", text, ranking)
    assert talk.state.answers.get("life_situation_barriers") == answer


def test_anger_does_not_drown_the_wish_for_a_person():
    parts = [("complain", 0.9), ("request_human", 0.8)]
    talk = Talk().says("complain", "taas kysely, eikö ihmistä saa", clauses=parts)
    assert talk.state.awaiting == "handoff_consent"
    talk = Talk().says("complain", "taas kysely", clauses=[("complain", 0.9), ("request_human", 0.4)])
    assert talk.state.awaiting is None


@pytest.mark.parametrize(
    ("text", "explained"), [("minä ei ymmärrä tämä", True), ("emmä tajuu tota", True), ("et ymmärrä mitään", False)]
)
def test_who_does_not_understand_the_question_gets_it_explained(text, explained):
    between = [("simplify", 0.4), ("explain_question", 0.38)]
    talk = Talk().says("start_self_check").says("nlu_fallback", text, between)
    assert ("utter_explain_wants_work" in talk.said) == explained
