"""A talk becomes a dialogue test: what was said and pressed, what was asked next, no personal data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.talk_recording import NotATalk, as_yaml, read, without_names
from settings import ROOT
from tests.dialogues.dialogue_format import load
from tests.dialogues.player import Talk

START = {"title": "Aloita itsearviointi", "payload": "/start_self_check"}


def bot(text: str, *buttons: dict[str, str]) -> dict[str, Any]:
    return {"sender": "bot", "text": text, "buttons": list(buttons)}


def resident(text: str) -> dict[str, Any]:
    return {"sender": "resident", "text": text, "buttons": []}


TALK = {
    "messages": [
        bot("Hei.", START),
        resident("Aloita itsearviointi"),
        bot("Haluatko töihin?", {"title": "Kyllä, haluan", "payload": "x"}),
        resident("Mun nimi on Matti Meikäläinen, asun Lahdessa ja Liisan kanssa haluan"),
        bot("Onko tavoitteesi tavallinen palkkatyö?"),
        resident("Kyllä"),
    ],
    "answers": {"wants_work": "yes", "municipality": "Lahti", "life_situation_barriers": ["money"]},
}


def test_what_was_said_pressed_and_asked_is_kept():
    steps = read(TALK).steps
    assert steps[0] == {"presses": "Aloita itsearviointi", "awaiting": "wants_work"}
    assert steps[1]["awaiting"] == "open_labour_market_goal"
    assert "Maija" in steps[1]["says"]
    assert steps[2] == {"says": "Kyllä"}


def test_the_recording_is_a_dialogue_that_can_be_read(tmp_path):
    path = tmp_path / "talk.yml"
    path.write_text(as_yaml(read(TALK), name="Nauhoitettu"), encoding="utf-8")
    (dialogue,) = load(path)
    assert dialogue.name == "Nauhoitettu"
    assert [step.awaiting for step in dialogue.talk] == ["wants_work", "open_labour_market_goal", None]
    assert dialogue.talk[-1].answers == TALK["answers"]


def test_names_are_replaced_and_other_capitals_pointed_out():
    recording = read(TALK)
    assert "Meikäläinen" not in str(recording.steps)
    assert recording.look_at == ["Liisan"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("nimeni on Pekka", "nimeni on Maija"),
        ("Olen Anna Virtanen ja haluan töihin", "Olen Maija ja haluan töihin"),
        ("olen Lahdesta", "olen Lahdesta"),
        ("oon tosi väsynyt", "oon tosi väsynyt"),
        ("Olen ollut työtön", "Olen ollut työtön"),
    ],
)
def test_a_name_that_was_told_is_invented_anew(said, kept):
    assert without_names(said) == kept


@pytest.mark.parametrize("secret", ["010190-123M", "040 123 4567", "minna@example.org", "FI21 1234 5600 0007 85"])
def test_what_identifies_a_person_is_left_out(secret):
    talk = {"messages": [bot("Hei"), resident(f"tässä on {secret} minulta")]}
    assert secret not in as_yaml(read(talk), name="Salainen")


def test_contact_details_become_invented_ones_so_that_the_talk_can_be_played():
    talk = {"messages": [bot("Hei"), resident("numeroni on [puhelinnumero poistettu]")]}
    assert read(talk).steps == [{"says": "numeroni on 0401234567"}]


def test_a_name_given_to_the_adviser_is_invented():
    question = "Millä nimellä neuvoja voi puhutella sinua? Etunimi riittää. Voit jatkaa myös ilman nimeä."
    talk = {"messages": [bot(question), resident("pertti"), bot("Pyysin neuvojaa.")]}
    assert read(talk).steps == [{"says": "Maija"}]


def test_the_talk_ends_where_an_adviser_comes():
    talk = {"messages": [resident("hei"), {"sender": "adviser", "text": "Hei, täällä Aino"}, resident("moi")]}
    recording = read(talk)
    assert recording.steps == [{"says": "hei"}]
    assert recording.cut_at_adviser


def test_a_document_without_messages_is_no_talk():
    with pytest.raises(NotATalk):
        read({"answers": {}})


def test_the_command_adds_to_a_file_and_says_what_to_look_at(tmp_path: Path):
    source, target = tmp_path / "talk.json", tmp_path / "talks.yml"
    source.write_text(json.dumps(TALK), encoding="utf-8")
    target.write_text('- name: Vanha\n  talk:\n    - says: "hei"\n', encoding="utf-8")
    done = CliRunner().invoke(app, ["talk", "record", str(source), "--name", "Uusi", "--to", str(target)])
    assert done.exit_code == 0
    assert [dialogue.name for dialogue in load(target)] == ["Vanha", "Uusi"]
    assert "Liisan" in done.output


def test_the_command_says_what_is_wrong(tmp_path: Path):
    broken = tmp_path / "talk.json"
    broken.write_text("ei", encoding="utf-8")
    for source in (str(broken), "not-there"):
        done = CliRunner().invoke(app, ["talk", "record", source])
        assert done.exit_code == 1
        assert "Error" in done.output


@pytest.mark.stack
def test_a_talk_is_recorded_from_the_database_by_its_id(stack: Any, http: httpx.Client, tmp_path: Path):
    talk = Talk(http)
    talk.begin()
    talk.presses("/start_self_check")
    talk.says("joo haluan töihin")
    target = tmp_path / "talks.yml"
    done = subprocess.run(
        [sys.executable, "-m", "cli", "talk", "record", talk.id, "--to", str(target)],
        cwd=ROOT, env={**os.environ, **stack.environment, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (dialogue,) = load(target)
    assert [step.act for step in dialogue.talk] == ["[Aloita itsearviointi]", "joo haluan töihin"]
    assert dialogue.talk[-1].awaiting == "open_labour_market_goal"
    assert dialogue.talk[-1].answers == {"wants_work": "yes"}
