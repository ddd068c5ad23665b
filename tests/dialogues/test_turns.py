"""How many messages an average talk takes until the result: what a tired person can bear."""

from __future__ import annotations

import httpx
import pytest

from tests.dialogues.player import USUAL, Talk

pytestmark = pytest.mark.stack

MOST_WITH_BUTTONS = 14
MOST_IN_WORDS = 9

FREE_TALKERS = {
    "kertoo heti kaiken": [
        "oon 34v lahest ja ollu puoltoista vuotta työttömänä, haluisin töihin",
        "joo palkkatyö ois tavote",
        "en oikein, selkä on huonona",
        "sanoisin et vitonen",
        "joo kotona kaikki ok",
        "on mulla varastotyökokemusta",
        "onnistuu",
        "en oo saanu",
    ],
    "kertoo puolet alussa": [
        "hei, asun Heinolassa ja olen 51-vuotias, työttömänä viisi vuotta",
        "kyllä haluan",
        "kyllä",
        "kyllä pystyn",
        "8",
        "sopii",
        "on, olen merkonomi",
        "kyllä",
        "500 päivää",
    ],
}


def test_with_buttons(http: httpx.Client) -> None:
    """From the greeting's button to the result, every question asked."""
    talk = Talk(http)
    talk.begin()
    reply = talk.presses("/start_self_check")
    while reply.awaiting is not None:
        reply = talk.answer(reply.awaiting, {**USUAL, "life_situation_allows_work": "no"}[reply.awaiting])
        assert talk.turns <= MOST_WITH_BUTTONS
    assert talk.read().json()["recommendations"]
    print(f"turns with buttons: {talk.turns}")


@pytest.mark.parametrize("talker", FREE_TALKERS)
def test_in_words(http: httpx.Client, talker: str) -> None:
    """Somebody who tells several things at once gets there sooner."""
    talk = Talk(http)
    talk.begin()
    log = []
    for text in FREE_TALKERS[talker]:
        reply = talk.says(text)
        log.append(f"{text} -> {reply.awaiting}")
    assert talk.reply.awaiting is None, "\n".join(log)
    assert talk.read().json()["recommendations"]
    assert talk.turns <= MOST_IN_WORDS
    print(f"turns in words: {talk.turns}")
