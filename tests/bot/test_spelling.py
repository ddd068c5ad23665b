import pytest

from bot.components.finnish.spelling import Speller, count_words, slip_score
from bot.components.finnish.text import fold, normalise, sentences, windows

SPELLER = Speller(count_words(["työtön työtön koulutus koulutus haluan haluan töihin töihin tyoton puro"]), least=2)


def test_missing_dots_come_back():
    assert SPELLER.text("tyoton") == "työtön"
    assert SPELLER.text("haluan toihin") == "haluan töihin"


def test_one_slip_is_put_right():
    assert SPELLER.text("kouulutus") == "koulutus"
    assert SPELLER.text("koultuus") == "koulutus"
    assert SPELLER.text("kuolutus") == "koulutus"


def test_two_slips_are_left_alone():
    assert SPELLER.text("kuulluttus") == "kuulluttus"


def test_known_and_short_words_stay():
    assert SPELLER.text("koulutus") == "koulutus"
    assert SPELLER.text("ei on") == "ei on"


def test_a_word_seen_once_corrects_nobody():
    assert SPELLER.text("purro") == "purro"


def test_a_long_word_seen_once_is_enough():
    assert Speller(count_words(["toimistosihteeri"])).text("toimistosihteri") == "toimistosihteeri"


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("kuolutus", "koulutus", True),  # swapped
        ("koulutuus", "koulutus", True),  # doubled
        ("kouluts", "koulutus", True),  # left out
        ("koulutjs", "koulutus", True),  # the key beside
        ("koulutvs", "koulutus", False),  # a key from elsewhere
        ("koulutxus", "koulutus", False),  # a letter from nowhere
        ("koulttus", "kolutus", False),  # two slips
    ],
)
def test_what_is_a_slip_of_the_finger(typed, meant, slip):
    assert (slip_score(typed, meant) is not None) is slip


def test_the_kind_of_slip_decides_before_how_common_a_word_is():
    speller = Speller({"varma": 3, "vara": 30})
    assert speller.word("vamra") == "varma"


def test_normalise_keeps_digits_and_shortens_shouting():
    assert normalise("  JOOOOO!!!!  100000 ") == "joo!! 100000"


def test_fold_keeps_the_length():
    assert fold("äöåÄ") == "aoaA"


def test_windows_reach_into_a_long_message():
    text = "Hei. " + " ".join(f"sana{i}" for i in range(40)) + ". Loppu tuli."
    pieces = windows(text)
    assert pieces[0] == text
    assert "Loppu tuli." in pieces
    assert any(piece.startswith("sana7 ") for piece in pieces)


def test_a_short_sentence_is_its_only_window():
    assert windows("en tiedä") == ["en tiedä"]


def test_sentences_end_at_marks_and_lines():
    assert sentences("Eka. Toka\nkolmas") == ["Eka.", "Toka", "kolmas"]
