"""Clear language, measured: every text that the bot says, against the limits in ``limits.yml``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from actions.wording import simple_name
from catalogue.loader import load_content
from settings import ROOT

LIMITS = yaml.safe_load(Path(__file__).with_name("limits.yml").read_text(encoding="utf-8"))
SENTENCE = re.compile(r"(?<=[.?!:])\s+|\n+")
WORD = re.compile(r"[^\W\d_][\w-]*")
OTHER_LANGUAGES = "utter_language_"
PLACEHOLDER = re.compile(r"\{\w+\}")


def texts() -> dict[str, str]:
    found = {}
    for path in sorted((ROOT / "bot" / "domain" / "responses").glob("*.yml")):
        for name, variations in yaml.safe_load(path.read_text(encoding="utf-8"))["responses"].items():
            if not name.startswith(OTHER_LANGUAGES):
                found[name] = variations[0]["text"]
    return found


TEXTS = texts()


def faults(name: str, text: str) -> set[str]:
    """The limits that a text breaks, by name."""
    found = set()
    sentences = [sentence for sentence in SENTENCE.split(text) if WORD.search(sentence)]
    if any(len(WORD.findall(sentence)) > LIMITS["words_in_a_sentence"] for sentence in sentences):
        found.add("words_in_a_sentence")
    if any(len(word) > LIMITS["long_word_characters"] for word in WORD.findall(text)):
        found.add("long_word_characters")
    if len(sentences) > LIMITS["sentences_in_a_message"]:
        found.add("sentences_in_a_message")
    if text.count("?") > LIMITS["questions_in_a_message"]:
        found.add("questions_in_a_message")
    for term, explained_by in LIMITS["terms"].items():
        if re.search(rf"\b{re.escape(term)}", text) and not any(word in text for word in explained_by):
            found.add("terms")
    if any(word in text for word in LIMITS["forbidden"]):
        found.add("forbidden")
    return found


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_text_is_within_the_limits(name):
    assert faults(name, TEXTS[name]) == set(LIMITS["exceptions"].get(name, [])), TEXTS[name]


def longest_word(text: str) -> int:
    return max((len(word) for word in WORD.findall(PLACEHOLDER.sub("", text))), default=0)


def asks_or_recommends(name: str) -> bool:
    asks = "?" in TEXTS[name] or name.startswith(("utter_ask_", "utter_retry_"))
    return not name.startswith("utter_simple_") and (asks or name in LIMITS["recommends"])


@pytest.mark.parametrize("name", [name for name in sorted(TEXTS) if asks_or_recommends(name)])
def test_what_asks_or_recommends_has_a_simpler_wording(name):
    simple = TEXTS[simple_name(name)]
    assert simple != TEXTS[name]
    sentences = [WORD.findall(PLACEHOLDER.sub("", sentence)) for sentence in SENTENCE.split(simple)]
    assert max(map(len, sentences)) <= LIMITS["simple"]["words_in_a_sentence"], simple
    assert len(sentences) <= LIMITS["simple"]["sentences_in_a_message"], simple
    assert longest_word(simple) <= max(longest_word(TEXTS[name]), LIMITS["simple"]["long_word_characters"]), simple
    assert set(PLACEHOLDER.findall(simple)) <= set(PLACEHOLDER.findall(TEXTS[name]))


def test_every_simple_wording_belongs_to_a_text():
    ordinary = {simple_name(name) for name in TEXTS if not name.startswith("utter_simple_")}
    assert {name for name in TEXTS if name.startswith("utter_simple_")} <= ordinary


def test_what_is_listed_as_recommending_exists():
    assert set(LIMITS["recommends"]) <= set(TEXTS)


def test_services_that_rules_recommend_are_told_in_plain_words():
    catalogue = load_content()
    plain = {service.id: service.plain for service in catalogue.services}
    targets = {service_id for rule in catalogue.rules for target in rule.targets for service_id in target.first_of}
    assert targets, "the rules name no services"
    assert [service_id for service_id in sorted(targets) if not plain[service_id]] == []


def test_exceptions_name_texts_that_exist():
    assert set(LIMITS["exceptions"]) <= set(TEXTS)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen yksitoista kaksitoista "
         "kolmetoista neljätoista viisitoista.", "words_in_a_sentence"),
        ("Työllistymissuunnitelmaneuvottelu on tiistaina.", "long_word_characters"),
        ("Haluatko? Voitko? Osaatko?", "questions_in_a_message"),
        ("Sinulle sopii TYP.", "terms"),
        ("Hienoa!", "forbidden"),
    ],
)  # fmt: skip
def test_the_measure_sees_what_it_should(text, fault):
    assert fault in faults("x", text)


def test_a_sentence_at_the_limit_passes():
    words = " ".join(["sana"] * LIMITS["words_in_a_sentence"])
    assert faults("x", f"{words}.") == set()
    assert faults("x", f"{words} sana.") == {"words_in_a_sentence"}
