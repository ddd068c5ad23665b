"""A slip in a dialogue file is told with its file, line and remedy; a failed talk is told readably."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from actions.questions import questions
from tests.dialogues.dialogue_format import (
    EXPECTED_FAILURES,
    BrokenDialogue,
    Expected,
    files,
    load,
    load_all,
    load_expected_failures,
)
from tests.dialogues.player import Reply, always_wrong, reply_wrong, stored_wrong

GOOD = """\
- name: Moikka
  talk:
    - says: "moi"
      awaiting: nothing
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "talk.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read(tmp_path):
    (dialogue,) = load(written(tmp_path, GOOD))
    assert dialogue.name == "Moikka"
    assert dialogue.talk[0].says == "moi"
    assert dialogue.talk[0].line == 3


def test_yes_and_no_stay_words(tmp_path):
    text = GOOD + "      answers: {wants_work: no, feels_able_to_work: yes}\n"
    (dialogue,) = load(written(tmp_path, text))
    assert dialogue.talk[0].answers == {"wants_work": "no", "feels_able_to_work": "yes"}


@pytest.mark.parametrize(
    ("added", "line", "told"),
    [
        ("      repply_has: hei\n", 5, "docs/dialogue-tests.md"),
        ("      awaiting: wants_job\n", 4, "wants_work"),
        ("      answers: {wants_work: maybe}\n", 5, "contract/self_check.yml"),
        ("      answers: {work_ability_score: 11}\n", 5, "work_ability_score"),
        ("      groups: [sports]\n", 5, "assessment"),
        ("      presses: Kyllä\n", 3, "exactly one of"),
        ("      status: asleep\n", 5, "callback_requested"),
        ("      services_at_least: 0\n", 5, "services_at_least"),
        ("  given: {age: 20}\n", 1, "add `at:"),
        ("  at: nowhere\n", 5, "wants_work"),
    ],
)
def test_a_slip_is_told_with_its_line_and_the_remedy(tmp_path, added, line, told):
    text = GOOD.replace("      awaiting: nothing\n", "") + added if "awaiting" in added else GOOD + added
    with pytest.raises(BrokenDialogue) as error:
        load(written(tmp_path, text))
    assert f"talk.yml, line {line}:" in str(error.value)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- name: 'Moi\n  talk: []\n", 3),
        ("name: Moi\n", 1),
        ("- Moi\n", 1),
        ("- name: Moikka\n", 1),
        ("- name: Moikka\n  talk: []\n", 2),
    ],
)
def test_a_file_that_is_no_list_of_talks_is_told(tmp_path, text, line):
    with pytest.raises(BrokenDialogue, match=f"line {line}:"):
        load(written(tmp_path, text))


def test_a_name_stands_once(tmp_path):
    with pytest.raises(BrokenDialogue, match=r"line 5.*line 1"):
        load_all([written(tmp_path, GOOD + GOOD)])


def test_an_expected_failure_needs_a_talk_and_a_reason(tmp_path):
    good = written(tmp_path, "- {name: Moikka, reason: tervehdys menee väärin}\n")
    assert load_expected_failures(good, ["Moikka"])["Moikka"].reason == "tervehdys menee väärin"
    with pytest.raises(BrokenDialogue, match="no dialogue"):
        load_expected_failures(good, ["Toinen"])
    with pytest.raises(BrokenDialogue, match="line 1"):
        load_expected_failures(written(tmp_path, "- {name: Moikka}\n"), ["Moikka"])


def reply(text: str = "Hei", awaiting: str | None = None, **message: object) -> Reply:
    return Reply([{"text": text, "buttons": [], "services": [], **message}], awaiting, "bot")


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        ({"awaiting": "wants_work"}, reply(awaiting="wants_work"), reply(awaiting="age")),
        ({"awaiting": "nothing"}, reply(), reply(awaiting="age")),
        ({"reply_has": "HEI"}, reply("hei vaan"), reply("moi")),
        ({"reply_lacks": "virhe"}, reply(), reply("Virhe")),
        ({"buttons": "Kyllä"}, reply(buttons=[{"title": "Kyllä"}]), reply(buttons=[{"title": "Ei"}])),
        ({"buttons_lack": "Ei"}, reply(buttons=[{"title": "Kyllä"}]), reply(buttons=[{"title": "Ei"}])),
        ({"services_at_least": 2}, reply(services=[{}, {}]), reply(services=[{}])),
        ({"help": "crisis"}, reply("112 ja 09 2525 0111"), reply("112")),
        ({"help": "none"}, reply("112"), reply("112 ja 080 005 005")),
        ({"status": "bot"}, reply(), Reply([], None, "queued")),
    ],
)
def test_each_expectation_can_hold_and_fail(expected, good, bad):
    assert reply_wrong(good, Expected(**expected)) == []
    assert reply_wrong(bad, Expected(**expected))


def stored(**changed: object) -> dict[str, object]:
    return {"answers": {}, "recommendations": [], "handoff": None, **changed}


CARD = {"group": "care", "service": {"id": "hoito"}}


@pytest.mark.parametrize(
    ("expected", "good", "bad"),
    [
        ({"answers": {"age": 40}}, stored(answers={"age": 40}), stored(answers={"age": 41})),
        ({"answers": {"age": None}}, stored(), stored(answers={"age": 41})),
        (
            {"answers": {"life_situation_barriers": ["money", "family"]}},
            stored(answers={"life_situation_barriers": ["family", "money"]}),
            stored(answers={"life_situation_barriers": ["family"]}),
        ),
        ({"groups": "care"}, stored(recommendations=[CARD]), stored()),
        ({"groups_lack": "care"}, stored(), stored(recommendations=[CARD])),
        ({"recommends": "hoito"}, stored(recommendations=[CARD]), stored()),
        ({"urgent": "crisis"}, stored(handoff={"urgent": "crisis"}), stored(handoff={"urgent": None})),
        ({"urgent": "none"}, stored(), stored(handoff={"urgent": "danger"})),
        ({"phone": "+358401234567"}, stored(handoff={"callback": {"phone": "+358401234567"}}), stored()),
    ],
)
def test_each_expectation_of_what_is_stored_can_hold_and_fail(expected, good, bad):
    assert stored_wrong(good, Expected(**expected)) == []
    assert stored_wrong(bad, Expected(**expected))


def test_silence_error_texts_and_repetition_are_always_wrong():
    assert always_wrong(reply(), None) == []
    assert always_wrong(reply(), reply("Moi")) == []
    assert always_wrong(Reply([], None, "queued"), None) == []
    for bad, before in ((Reply([], None, "bot"), None), (reply("utter_ask_age"), None), (reply(), reply())):
        assert always_wrong(bad, before)


KINDS_OF_TALK = 9
"""Ways to meet a question: button, yes or no or a value, unsure, statement, skip, explain, why, back, crisis."""


def test_every_question_is_met_in_many_ways():
    met = Counter(dialogue.at for dialogue in load_all(files()))
    for question_id in questions():
        assert met[question_id] >= KINDS_OF_TALK, f"only {met[question_id]} talks begin at {question_id}"


def test_there_are_enough_talks_and_few_known_failures():
    dialogues = load_all(files())
    known = load_expected_failures(EXPECTED_FAILURES, [dialogue.name for dialogue in dialogues])
    assert len(dialogues) >= 150
    assert len(known) <= 0.15 * len(dialogues)
