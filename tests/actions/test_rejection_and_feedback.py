"""A service that does not suit, its reason, further suggestions, and whether it all helped."""

from __future__ import annotations

import pytest

from tests.actions.conftest import Talk
from tests.actions.test_self_check import at
from tests.actions.test_services import Content
from tests.actions.test_steering import result

FIRST = ["tyonhaku", "palkkatuki", "valmennus"]


def offered(talk: Talk) -> list[str]:
    return [service["id"] for message in talk.messages for service in message.services]


def recommended(talk: Talk) -> list[str]:
    return [r["service"]["id"] for r in talk.state.recommendations or []]


def test_the_result_has_a_button_that_asks_which_does_not_suit():
    talk = result()
    assert ("Ei sovi minulle", "/reject_service") in talk.buttons()
    talk.presses("/reject_service")
    assert talk.said == ["utter_which_does_not_suit"]
    assert [title for title, _ in talk.buttons()] == [
        "Tyonhaku",
        "Palkkatuki",
        "Valmennus",
        "Mikään näistä ei sovi",
        "Jatketaan tässä",
    ]


def test_another_is_offered_and_the_rejected_one_never_again():
    talk = result().presses('/reject_service{"service": "palkkatuki"}')
    assert offered(talk) == ["opinnot"]
    assert "palkkatuki" not in recommended(talk)
    talk.says("ask_recommendation").says("thank").says("ask_recommendation").presses("/more_services")
    assert "palkkatuki" not in recommended(talk)
    talk.presses('/correct_answer{"question": "age"}').says("skip_question")
    assert "palkkatuki" not in offered(talk)


@pytest.mark.parametrize(
    ("text", "rejected"),
    [
        ("toi eka ei sovi mulle", ["tyonhaku"]),
        ("toka ei kiinnosta", ["palkkatuki"]),
        ("se kolmas ei ole minua varten", ["valmennus"]),
        ("en halua mitään noista", FIRST),
        ("ei sovi mulle", []),
        ("onko tämä ilmainen", []),
    ],
)
def test_which_one_is_meant_in_words(text, rejected):
    talk = result().says("deny", text)
    assert [r.service for r in talk.state.rejections] == rejected


def test_after_talk_of_one_service_no_means_that_one():
    talk = result()
    document = {**talk.document, "topic": "valmennus", "last": [{"response": "utter_service_answer", "params": {}}]}
    talk.document = document
    talk.says("deny", "ei sovi mulle")
    assert [r.service for r in talk.state.rejections] == ["valmennus"]


def test_no_to_an_open_question_turns_no_service_down():
    talk = result().presses('/correct_answer{"question": "wants_work"}').says("deny", "ei kiinnosta")
    assert talk.state.rejections == []
    assert talk.state.answers["wants_work"] == "no"


def test_the_reason_is_asked_once_and_told_to_the_adviser():
    talk = result().presses('/reject_service{"service": "palkkatuki"}')
    assert talk.said[-1] == "utter_ask_reject_reason"
    talk.presses('/answer{"reject_reason": "far"}')
    assert talk.said[0] == "utter_reject_reason_kept"
    talk.says("request_human").says("affirm").says("nlu_fallback", "Kaisa")
    summary = talk.handoffs.requests[0][1]["summary"]
    assert summary[-1] == {
        "area": "Palvelut, jotka eivät sopineet",
        "items": [{"question": "Palkkatuki", "answer": "liian kaukana"}],
    }
    assert [r["service"]["id"] for r in talk.handoffs.requests[0][1]["recommendations"]] == recommended(talk)


def test_the_reason_in_own_words():
    talk = result().presses('/reject_service{"service": "palkkatuki"}').says("nlu_fallback", "siellä on mun eksä")
    assert talk.state.rejections[0].reason == "siellä on mun eksä"


def test_a_question_instead_of_a_reason_is_answered():
    talk = result().presses('/reject_service{"service": "palkkatuki"}').says("ask_privacy", "kuka tän näkee")
    assert talk.state.rejections[0].reason is None
    assert talk.said[0] == "utter_privacy"


def test_a_reason_that_was_said_along_is_not_asked_for():
    talk = result().says("deny", "toi eka ei sovi, liian kaukana")
    assert talk.state.rejections[0].reason == "liian kaukana"
    assert "utter_ask_reject_reason" not in talk.said


@pytest.mark.parametrize("button", [True, False])
def test_who_gives_no_reason_is_not_asked_again(button):
    talk = result().presses('/reject_service{"service": "palkkatuki"}')
    talk = talk.presses('/answer{"reject_reason": "skipped"}') if button else talk.says("deny", "en")
    assert talk.said[0] == "utter_no_reason_needed"
    talk.presses('/reject_service{"service": "tyonhaku"}')
    assert "utter_ask_reject_reason" not in talk.said


def test_when_all_are_turned_down_a_person_is_left():
    talk = result()
    for service in [*FIRST, "opinnot", "ohjaus"]:
        talk.presses(f'/reject_service{{"service": "{service}"}}')
    assert "utter_none_left" in talk.said
    assert recommended(talk) == []
    assert talk.presses("/reject_service").said == ["utter_no_more_services"]


def test_each_service_is_offered_once_before_the_first_ones_come_again():
    talk = result()
    assert offered(talk) == FIRST
    assert offered(talk.presses('/reject_service{"service": "tyonhaku"}')) == ["opinnot"]
    assert offered(talk.presses('/reject_service{"service": "palkkatuki"}')) == ["ohjaus"]
    assert talk.presses('/reject_service{"service": "valmennus"}').said[0] == "utter_the_others_remain"


@pytest.mark.parametrize("text", ["onko vielä jotain muuta", "entä muut", "näytä muut palvelut"])
def test_others_are_shown_on_request(text):
    talk = result().says("nlu_fallback", text)
    assert offered(talk) == ["opinnot", "ohjaus"]


def test_others_are_not_shown_in_the_middle_of_a_question():
    talk = result().presses('/correct_answer{"question": "age"}').says("nlu_fallback", "onko muuta")
    assert offered(talk) == []


def test_whether_it_helped_is_asked_at_the_end_once():
    talk = result().presses("/goodbye")
    assert talk.said == ["utter_goodbye", "utter_ask_feedback"]
    assert talk.says("ask_recommendation").says("goodbye").said == ["utter_goodbye"]


def test_it_is_not_asked_without_a_result():
    assert Talk().says("goodbye").said == ["utter_goodbye"]


@pytest.mark.parametrize(
    ("intent", "text", "helped"),
    [("affirm", "joo", "yes"), ("thank", "oli apua kiitos", "yes"), ("deny", "ei", "no"),
     ("unsure", "en tiiä", "partly"), ("affirm", "vähän joo", "partly")],
)  # fmt: skip
def test_whether_it_helped_in_words(intent, text, helped):
    talk = result().says("goodbye").says(intent, text)
    assert talk.state.feedback is not None
    assert talk.state.feedback.helped == helped


def test_a_few_words_more_are_kept():
    talk = result().says("goodbye").presses('/answer{"feedback": "no"}')
    assert "utter_feedback_more_no" in talk.said
    talk.says("inform_skills", "kurssit puuttui")
    assert talk.document["feedback"] == {"helped": "no", "text": "kurssit puuttui"}


@pytest.mark.parametrize("how", ["button", "word"])
def test_nothing_more_need_be_said(how):
    talk = result().says("goodbye").presses('/answer{"feedback": "yes"}')
    talk = talk.presses('/answer{"feedback_text": "skipped"}') if how == "button" else talk.says("deny", "en")
    assert talk.document["feedback"] == {"helped": "yes", "text": None}
    assert talk.said == ["utter_feedback_kept"]


def test_a_wish_for_a_person_is_no_feedback():
    talk = result().says("goodbye").says("request_human", "haluan ihmisen")
    assert talk.state.feedback is None
    assert talk.state.awaiting == "handoff_consent"


def test_a_button_for_feedback_works_later_too():
    talk = result().says("goodbye").says("ask_privacy").presses('/answer{"feedback": "partly"}')
    assert talk.document["feedback"]["helped"] == "partly"


@pytest.mark.parametrize("text", ["liian kaukana", "se on ihan liian kaukana mulle", "siellä oon jo käyny"])
@pytest.mark.parametrize("intent", ["simplify", "nlu_fallback", "inform_life_situation"])
def test_an_objection_after_the_result_turns_a_service_down_whatever_it_was_taken_for(intent, text):
    talk = result().says("thank").says(intent, text)
    assert talk.said == ["utter_which_does_not_suit"]
    assert not talk.state.plain
    talk.presses('/reject_service{"service": "valmennus"}')
    assert talk.state.rejections[0].service == "valmennus"


def test_a_reason_said_before_the_service_was_clear_is_not_asked_for_again():
    talk = result().says("simplify", "liian kaukana").presses('/reject_service{"service": "valmennus"}')
    assert talk.state.rejections[0].reason == "liian kaukana"
    assert "utter_ask_reject_reason" not in talk.said
    later = result().says("simplify", "liian kaukana").presses("/repeat")
    later.presses('/reject_service{"service": "valmennus"}')
    assert later.state.rejections[0].reason is None


@pytest.mark.parametrize("text", ["ei sovi mulle tuo eka", "ei toi eka kiinnosta"])
def test_a_service_is_turned_down_in_the_middle_of_a_question_after_the_result(text):
    talk = result().presses('/correct_answer{"question": "wants_work"}').says("deny", text)
    assert [r.service for r in talk.state.rejections] == ["tyonhaku"]
    assert "wants_work" not in talk.state.answers
    assert talk.said == ["utter_left_out", "utter_back_to_question", "utter_ask_wants_work"]
    assert talk.messages[0].params["list"] == "Tyonhaku"


@pytest.mark.parametrize(
    ("intent", "text"), [("simplify", "liian kaukana"), ("reject_service", "ei sovi mulle tuo eka")]
)
def test_before_any_suggestion_there_is_nothing_to_turn_down(intent, text):
    talk = Talk().says(intent, text)
    assert talk.said == ["utter_nothing_recommended_yet"]
    assert "/ask_recommendation" in [payload for _, payload in talk.buttons()]
    asked = at("wants_work").says(intent, text)
    assert asked.state.awaiting == "wants_work"
    assert asked.state.rejections == []
    assert not asked.state.plain


@pytest.mark.parametrize("text", ["onko se liian kaukana", "liian vaikeeta"])
def test_what_only_sounds_like_an_objection_is_none(text):
    talk = result().says("thank").says("simplify", text)
    assert talk.state.plain


def test_several_turned_down_are_answered_in_the_plural():
    talk = result().says("deny", "en halua mitään noista")
    assert talk.said[0] == "utter_other_services"
    assert result().says("deny", "toi eka ei sovi").said[0] == "utter_another_service"


def test_one_that_remains_is_named_in_the_singular():
    talk = result()
    for service in [*FIRST, "opinnot"]:
        talk.presses(f'/reject_service{{"service": "{service}"}}')
    assert talk.said[0] == "utter_the_other_remains"


def test_when_all_are_turned_down_nothing_is_said_to_be_missing():
    talk = result()
    for service in [*FIRST, "opinnot", "ohjaus"]:
        talk.presses(f'/reject_service{{"service": "{service}"}}')
    for intent in ("ask_why_recommended", "ask_recommendation"):
        talk.says("thank").says(intent)
        assert talk.said == ["utter_no_more_services"]
        payloads = [payload for _, payload in talk.buttons()]
        assert "/request_human" in payloads
        assert "/reject_service" not in payloads


def test_yes_to_the_question_for_a_reason_is_no_reason_yet():
    talk = result().presses('/reject_service{"service": "palkkatuki"}').says("affirm", "joo")
    assert talk.said == ["utter_tell_reason"]
    talk.says("nlu_fallback", "ei oo autoa")
    assert talk.state.rejections[0].reason == "ei oo autoa"


def test_another_one_that_does_not_suit_is_no_reason_for_the_first():
    talk = result().presses('/reject_service{"service": "palkkatuki"}').says("reject_service", "toi eka ei sovi")
    assert [r.service for r in talk.state.rejections] == ["palkkatuki", "opinnot"]
    assert talk.state.rejections[0].reason is None


@pytest.mark.parametrize(
    ("intent", "text", "kept"),
    [("affirm", "joo", None), ("deny", "en", None), ("deny", "en halua nyt", None),
     ("deny", "en, mutta numerot puuttuivat", "en, mutta numerot puuttuivat")],
)  # fmt: skip
def test_only_what_says_something_is_kept_as_feedback(intent, text, kept):
    talk = result().says("goodbye").presses('/answer{"feedback": "yes"}').says(intent, text)
    assert talk.document["feedback"]["text"] == kept
    assert (talk.said == ["utter_tell_feedback"]) is (text == "joo")


def test_services_that_were_listed_can_be_turned_down_before_any_result():
    talk = Talk(catalogue=Content()).presses('/list_services{"group": "studies"}')
    listed = [service["name"] for message in talk.messages for service in message.services]
    talk.says("reject_service", "toka ei kiinnosta")
    assert talk.said == ["utter_left_out", "utter_start_or_ask"]
    assert talk.messages[0].params["list"] == listed[1]
    talk.says("reject_service", "ei mikään noista kiinnosta")
    assert talk.said[0] == "utter_left_out_several"


def test_what_sounds_like_a_no_to_a_service_is_a_no_to_the_question_that_is_open():
    talk = at("wants_work").says("reject_service", "ei kiinnosta yhtään")
    assert talk.state.answers["wants_work"] == "no"
    pointing = at("wants_work").says("reject_service", "se paja ei kiinnosta")
    assert "wants_work" not in pointing.state.answers


def test_an_objection_in_the_middle_of_a_question_asks_which_and_comes_back():
    talk = result().presses('/correct_answer{"question": "age"}').says("simplify", "liian kaukana")
    assert talk.said == ["utter_which_does_not_suit"]
    talk.presses('/reject_service{"service": "valmennus"}')
    assert talk.said == ["utter_left_out", "utter_back_to_question", "utter_ask_age"]
    assert talk.state.rejections[0].reason == "liian kaukana"
