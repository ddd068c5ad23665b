"""How many messages an average talk takes until the result: what a tired person can bear."""

from __future__ import annotations

import httpx
import pytest

from tests.dialogues.player import USUAL, Talk

pytestmark = pytest.mark.stack

MOST_WITH_BUTTONS = 14
MOST_IN_WORDS = 9

WORDS = {
    "wants_work": "kyllä mä haluan",
    "open_labour_market_goal": "joo",
    "feels_able_to_work": "en oikein, selkä on huonona",
    "work_ability_score": "vitonen",
    "life_situation_allows_work": "joo sopii",
    "has_usable_skills": "on mulla varastotyökokemusta",
    "has_working_life_habits": "onnistuu",
    "labour_market_subsidy_days": "noin 300",
}
"""How somebody answers in words what they did not tell at first; what they told is not here, so asking it fails."""

OPENINGS = {
    "kertoo iän, kunnan ja keston": "oon 34v lahest ja ollu puoltoista vuotta työttömänä",
    "kirjoittaa kokonaisin lausein": "Hei, asun Heinolassa ja olen 51-vuotias. Olen ollut työttömänä viisi vuotta.",
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


@pytest.mark.parametrize("opening", OPENINGS)
def test_in_words(http: httpx.Client, opening: str) -> None:
    """Somebody who tells several things at once gets there sooner, and is not asked what they told."""
    talk = Talk(http)
    talk.begin()
    reply = talk.says(OPENINGS[opening])
    log = [f"{OPENINGS[opening]} -> {reply.awaiting}"]
    while reply.awaiting is not None:
        assert talk.turns < MOST_IN_WORDS, "\n".join(log)
        text = WORDS[reply.awaiting]
        reply = talk.says(text)
        log.append(f"{text} -> {reply.awaiting}")
    assert talk.read().json()["recommendations"]
    print(f"turns in words: {talk.turns}")
