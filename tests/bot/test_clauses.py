"""A message of several clauses in its pieces."""

import pytest

from bot.components.finnish.clauses import split_clauses


def pieces(text: str) -> list[str]:
    return [clause.text for clause in split_clauses(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Olen kokki. Asun Lahdessa", ["Olen kokki.", "Asun Lahdessa"]),
        ("joo mutta polvi on kipee", ["joo", "polvi on kipee"]),
        ("joo mut väsyttää", ["joo", "väsyttää"]),
        ("oon 50 ja asun yksin", ["oon 50", "asun yksin"]),
        ("en pysty ku polvi ei kestä", ["en pysty", "ku polvi ei kestä"]),
        ("en halua kouluun enkä kurssille", ["en halua kouluun", "enkä kurssille"]),
        ("Mitä?! en tajua tätä", ["Mitä?!", "en tajua tätä"]),
        (
            "oon 30 asun hollolassa oon ollu kotona kaksi vuotta polvi on kipee haluaisin kyllä töihin",
            ["oon 30 asun hollolassa", "oon ollu kotona kaksi vuotta polvi on kipee haluaisin kyllä töihin"],
        ),
    ],
)
def test_a_message_of_several_clauses_is_taken_apart(text, expected):
    assert pieces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "en",
        "joo kyllä",
        "isä ja äiti",
        "työ ja koulu kiinnostaa",
        "asun vaimon ja kahden lapsen kanssa",
        "enemmän ku ennen",
        "noin 2,5 vuotta",
        "1.3.2024 alkaen",
        "esim. siivousta",
        "kyllä, mutta",
        "luulen että pystyn töihin",
        "...",
        "",
    ],
)
def test_what_is_one_clause_or_says_nothing_on_one_side_stays_whole(text):
    assert split_clauses(text) == []


def test_places_fit_the_text_as_it_was_written():
    text = "  Joo!!  ÄLÄ huoli, mutta en   tiedä…\nja asun Lahessa"
    clauses = split_clauses(text)
    assert len(clauses) == 4
    assert all(text[clause.start : clause.end] == clause.text for clause in clauses)


def test_a_very_long_message_has_a_bounded_number_of_clauses():
    assert 2 <= len(split_clauses("joo en tiedä. " * 2000)) <= 24
