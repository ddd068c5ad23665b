"""Questions about services: which one is meant, that it is named, why it is suggested, and lists that have an end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from actions.catalogue_access import valid_on
from catalogue.loader import load_content
from catalogue.models import Catalogue, Service
from tests.actions.conftest import FakeCatalogue, Talk, recommendation
from tests.actions.test_self_check import at
from tests.actions.test_steering import result

CONTENT = load_content()
LARGE = "studies"
"""A group of more services than are shown at once."""


class Content(FakeCatalogue):
    """The services of the content; what is recommended stays as the others have it."""

    def catalogue(self) -> Catalogue:
        return CONTENT

    def service(self, service_id: str) -> Service | None:  # type: ignore[override]
        return next((service for service in CONTENT.services if service.id == service_id), None)

    def in_group(self, group: str, on: date) -> list[Any]:
        return [service for service in CONTENT.services if service.group == group and valid_on(service, on)]


def talk_with_content() -> Talk:
    return Talk(catalogue=Content()).presses("/start_conversation")


@pytest.mark.parametrize("intent", ["ask_eligibility", "ask_how_to_apply", "ask_contact", "ask_benefits"])
def test_an_answer_names_the_service_that_it_is_about(intent):
    talk = talk_with_content().says("ask_service", "mikä on palkkatuki", service="palkkatuki")
    talk.says(intent, "entä se toinen juttu")
    assert talk.said[0] == "utter_service_detail"
    assert talk.messages[0].params["name"] == "Palkkatuki"


def test_what_points_back_means_the_service_last_spoken_of():
    talk = talk_with_content().says("ask_how_to_apply", "miten palkkatukeen pääsee", service="palkkatuki")
    assert talk.says("ask_service", "mikä se on").said[0] == "utter_service_answer"
    talk.says("thank")
    assert talk.says("ask_service", "mikä on foobar").said == ["utter_which_service_what"]


def test_the_bare_name_answers_what_was_asked_before():
    talk = talk_with_content().says("ask_contact", "mikä on numero")
    assert talk.said == ["utter_which_service_contact"]
    talk.says("ask_service", "palkkatuki", service="palkkatuki")
    assert talk.said[0] == "utter_service_detail"
    assert "tiedä" in talk.messages[0].params["answer"] or "Verkkosivu" in talk.messages[0].params["answer"]


def test_an_unknown_service_twice_leads_to_the_groups():
    talk = talk_with_content().says("ask_service", "mikä on foobar").says("ask_service", "mikä on foobar")
    assert talk.said == ["utter_service_groups"]


@pytest.mark.parametrize("kind", ["ask_service", "ask_eligibility", "ask_how_to_apply", "ask_contact", "ask_benefits"])
def test_in_the_middle_of_a_question_only_that_question_is_asked(kind):
    asking = {"utter_service_groups"}
    talk = at("wants_work")
    for _ in range(3):
        talk.says(kind, "mikä on foobar")
        assert not asking & set(talk.said)
        assert talk.said[-1] == "utter_ask_wants_work"


def test_the_groups_are_told_in_words_where_their_buttons_would_be_hidden():
    talk = at("wants_work").says("list_services", "mitä palveluja on")
    assert talk.said == ["utter_service_groups_in_words", "utter_back_to_question", "utter_ask_wants_work"]


def test_a_large_group_is_shown_to_its_end():
    talk = talk_with_content().presses(f'/list_services{{"group": "{LARGE}"}}')
    assert talk.said[0] == "utter_services_many"
    everything = [service.id for service in Content().in_group(LARGE, date(2026, 11, 22))]
    assert talk.messages[0].params["number"] == len(everything)
    shown: list[str] = []
    while True:
        shown += [service["id"] for message in talk.messages for service in message.services]
        further = [payload for title, payload in talk.buttons() if title == "Näytä lisää"]
        if not further:
            break
        talk.presses(further[0])
        assert talk.said[0] == "utter_services_further"
    assert shown == everything


def test_one_service_is_found_in_the_singular():
    talk = talk_with_content().says("list_services", "näytä palkkatuki", service="palkkatuki")
    assert talk.said[0] == "utter_service_found"
    two = talk_with_content().says("list_services", "palkkatuki vai ohjaamo", service=["palkkatuki", "ohjaamo_lahti"])
    assert two.said[0] in ("utter_services_found", "utter_service_found")


@pytest.mark.parametrize(
    ("text", "names"), [("miksi toi eka", ["Tyonhaku"]), ("miks toka", ["Palkkatuki"]), ("miks se vika", ["Valmennus"])]
)
def test_why_means_the_one_that_is_pointed_at(text, names):
    talk = result().says("ask_why_recommended", text)
    assert [m.params["name"] for m in talk.messages if m.response == "utter_why_this_service"] == names


def test_no_reason_is_told_twice():
    talk = result()
    same = [{**recommendation(key, n), "reasons": [{"text": "Sama syy.", "rule": "r", "source": "s"}]} for n, key in
            enumerate(["tyonhaku", "palkkatuki"], 1)]  # fmt: skip
    talk.document = {**talk.document, "recommendations": [*same, recommendation("valmennus", 3)]}
    talk.says("ask_why_recommended", "miksi nää")
    assert talk.said[:-1] == ["utter_why_these_services", "utter_why_this_service"]
    assert [message.params.get("name") for message in talk.messages[:-1]] == ["Tyonhaku, Palkkatuki", "Valmennus"]


def test_the_last_is_the_last_of_however_many():
    talk = talk_with_content().presses(f'/list_services{{"group": "{LARGE}"}}')
    names = [service["name"] for message in talk.messages for service in message.services]
    assert len(names) > 3
    talk.says("reject_service", "se vika ei sovi mulle")
    assert talk.messages[0].params["list"] == names[-1]
