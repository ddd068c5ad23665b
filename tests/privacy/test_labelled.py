"""How much of what identifies a person is found in texts as people type them, and how much else is taken with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

import pytest

from api.privacy.redaction import Kind, find, redact
from settings import ROOT
from tests.privacy.labelled import Span, Text, measure, parse, read, table

RECALL = {"hetu": 0.95, "iban": 0.9, "phone": 0.9, "email": 0.9, "address": 0.9}
PRECISION = {"hetu": 0.98, "iban": 0.95, "phone": 0.95, "email": 0.95, "address": 0.95}
HALVES = ("first", "second")
KNOWN_NEW_SIGNS = "YXWVUBCDEF"


def ours(text: str) -> Iterable[Span]:
    return [(one.start, one.end, one.kind) for one in find(text)]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("kind", get_args(Kind))
def test_recall_and_precision(half: str, kind: str) -> None:
    figures = measure(read(half), ours)[kind]
    assert figures.marked >= 10
    assert figures.recall >= RECALL[kind], figures.slips
    assert figures.precision >= PRECISION[kind], figures.slips


def test_the_set_is_large_and_half_of_it_has_nothing_to_leave_out() -> None:
    texts = [text for half in HALVES for text in read(half)]
    assert len(texts) >= 300
    assert len({text.text for text in texts}) == len(texts)
    assert sum(not text.labels for text in texts) >= 100


@pytest.mark.parametrize("half", HALVES)
def test_every_code_with_a_new_sign_is_found(half: str) -> None:
    new = [
        (text.text, text.text[start:end])
        for text in read(half)
        for start, end, kind in text.labels
        if kind == "hetu" and any(sign in text.text[start + 6 : end].upper()[:1] for sign in KNOWN_NEW_SIGNS)
    ]
    assert len(new) >= 10
    assert [(text, code) for text, code in new if code in redact(text).text] == []


@pytest.mark.parametrize(
    ("found", "recall", "precision"),
    [
        ([(0, 4, "phone")], 1.0, 1.0),
        ([(0, 3, "phone")], 0.0, 1.0),
        ([(0, 6, "phone")], 1.0, 0.0),
        ([(0, 4, "hetu")], 0.0, 1.0),
        ([], 0.0, 1.0),
    ],
)
def test_the_measure_tells_what_is_missed_from_what_is_taken(
    found: list[Span], recall: float, precision: float
) -> None:
    phone = measure([parse("[[phone:0401]] ja")], lambda _: found)["phone"]
    assert (phone.recall, phone.precision) == (recall, precision)


def test_a_line_is_read_with_its_marks() -> None:
    assert parse("a [[email:m [at] e.fi]] b") == Text("a m [at] e.fi b", ((2, 13, "email"),))


def test_the_page_gives_the_figures_as_they_are_measured() -> None:
    page = (ROOT / "docs" / "privacy.md").read_text("utf-8")
    for half in HALVES:
        assert table(measure(read(half), ours)) in page
