"""Training examples and held-out utterances: enough of them, none too much alike, and apart."""

import pytest

from benchmarks.nlu_duplicates import pairs, problems, trained_on


def test_the_examples_are_enough_varied_and_apart_from_the_held_out():
    assert problems() == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Joo, haluan!", "affirm"), ("joo haluan", "affirm")),
        (("jooooo", "affirm"), ("joo", "affirm")),
        (("en pysty töihin", "deny"), ("en pysty toihin", "affirm")),
        (("en jaksa mennä töihin huomenna", "deny"), ("en jaksa mennä töihin tänään", "deny")),
        (("🙂🙂", "affirm"), ("🙂🙂🙂🙂", "affirm")),
    ],
)
def test_what_is_the_same_or_near_is_found(first, second):
    found = pairs([first, second, ("aivan muuta", "greet")])
    assert [(pair.first, pair.second) for pair in found] == [(first, second)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("joo kyllä", "joo haluan"),  # short ones differ in one word by nature
        ("kylla", "kyllä"),  # typed without dots, on purpose
        ("en jaksa mennä töihin huomenna", "en jaksa lähteä töihin tänään"),
    ],
)
def test_what_differs_enough_is_left_alone(first, second):
    assert pairs([(first, "affirm"), (second, "affirm")]) == []


def test_a_held_out_utterance_that_was_trained_on_is_found():
    examples = [("Näytä vastaukset", "ask_summary"), ("joo", "affirm")]
    assert [p.second[0] for p in trained_on(examples, [("näytä vastaukset!", "ask_summary")])] == ["näytä vastaukset!"]
    assert trained_on(examples, [("joo", "affirm"), ("näytä tulokset", "ask_summary")]) == []
