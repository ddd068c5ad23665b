"""Broken content: the error names file, line and remedy. Each test breaks one thing in a small copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalogue.loader import CONTENT, ContentError, Problem, load_content

SERVICE = """\
- id: one
  name: Ensimmäinen
  provider: Kunta
  summary: Palvelu.
  what: Palvelu.
  checked_on: 2026-01-01
  sources: [{seed: "001", passage: Opinnot}]
"""
RULE = """\
- id: rule
  need: Tarve
  when: {wants_work: yes}
  targets: [one]
  urgency: 50
  reason: Kerroit, että haluat töihin.
  source: {seed: "001", passage: Haluaako työllistyä}
"""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    for name in ("facts.yml", "municipalities.yml", "sources.yml"):
        shutil.copy(CONTENT / name, tmp_path / name)
    (tmp_path / "services").mkdir()
    (tmp_path / "rules").mkdir()
    (tmp_path / "services" / "studies.yml").write_text(SERVICE, "utf-8")
    (tmp_path / "rules" / "all.yml").write_text(RULE, "utf-8")
    return tmp_path


def problems(content: Path) -> tuple[Problem, ...]:
    with pytest.raises(ContentError) as caught:
        load_content(content)
    for problem in caught.value.problems:
        assert problem.remedy
        assert f"{problem.file}:{problem.line}: " in str(caught.value)
    return caught.value.problems


def test_the_small_copy_is_whole(content: Path) -> None:
    catalogue = load_content(content)
    assert [s.group for s in catalogue.services] == ["studies"]
    assert [r.id for r in catalogue.rules] == ["rule"]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  provider: Kunta\n", "", 1, "provider puuttuu"),
        ("provider: Kunta", "provider: Kunta\n  providr: Kunta", 4, "tuntematon kenttä providr"),
        ("checked_on: 2026-01-01", "checked_on: eilen", 6, "checked_on"),
        ('seed: "001"', 'seed: "009"', 7, "009"),
        ('{seed: "001", passage: Opinnot}', "{fact: nothing}", 7, "tuntematon tieto 'nothing'"),
        (", passage: Opinnot", "", 7, "kohta puuttuu"),
        ("what: Palvelu.", "what: Palvelu.\n  group: fun", 6, "tuntematon palveluryhmä 'fun'"),
        ("what: Palvelu.", "what: Palvelu.\n  municipalities: [Lahti, Turku]", 6, "tuntematon kunta 'Turku'"),
        ("what: Palvelu.", "what: Palvelu.\n  municipalities: area:north", 6, "tuntematon alue"),
        (
            "what: Palvelu.",
            'what: Palvelu.\n  urls: [{title: A, url: "http://a.fi"}]',
            6,
            "https",
        ),
        ("what: Palvelu.", "what: Palvelu.\n  age_min: 30\n  age_max: 29", 1, "age_min"),
        ("what: Palvelu.", "what: Palvelu.\n  valid_from: 2025-01-02\n  valid_to: 2025-01-01", 1, "valid_from"),
        ("what: Palvelu.", "what: Palvelu.\n  valid_to: 2025-01-01\n  replaced_by: two", 7, "tuntematon palvelu 'two'"),
        ("what: Palvelu.", "what: Palvelu.\n  replaced_by: one", 1, "itseään"),
        ("name: Ensimmäinen", "name: [Ensimmäinen", 3, "YAML on rikki"),
    ],
)
def test_a_broken_service(content: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in SERVICE
    (content / "services" / "studies.yml").write_text(SERVICE.replace(old, new), "utf-8")
    found = [p for p in problems(content) if p.file == "services/studies.yml"]
    assert len(found) == 1
    assert words in found[0].message
    assert found[0].line == line


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("wants_work: yes", "wants_job: yes", 3, "tuntematon kysymys 'wants_job'"),
        ("wants_work: yes", "wants_work: maybe", 3, "ei ole arvoa 'maybe'"),
        ("wants_work: yes", "wants_work: {min: 3}", 3, "ei ole lukua"),
        ("wants_work: yes", "work_ability_score: {min: 8, max: 7}", 3, "min on suurempi"),
        ("wants_work: yes", "work_ability_score: {least: 8}", 3, "min ja max"),
        ("wants_work: yes", "work_ability_score: [11]", 3, "ei ole sallittu"),
        ("{wants_work: yes}", "{any: []}", 3, "luettelon ehtoja"),
        ("{wants_work: yes}", "{}", 3, "tyhjä"),
        ("targets: [one]", "targets: [two]", 4, "tuntematon palvelu 'two'"),
        ("targets: [one]", "group: fun", 4, "tuntematon palveluryhmä"),
        ("targets: [one]", "targets: [one]\n  group: work", 1, "joko targets tai group"),
        ("urgency: 50", "urgency: 101", 5, "urgency"),
        ("haluat töihin.", "haluat {work}.", 6, "tuntematon nimi"),
        ("reason: Kerroit, että haluat töihin.", "reason_by: wants_work\n  reason: {no: Ei}", 7, "'yes'"),
        ("reason: Kerroit, että haluat töihin.", "reason_by: age\n  reason: {default: Ei}", 6, "valintakysymys"),
    ],
)
def test_a_broken_rule(content: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in RULE
    (content / "rules" / "all.yml").write_text(RULE.replace(old, new), "utf-8")
    found = [p for p in problems(content) if p.file == "rules/all.yml"]
    assert len(found) == 1
    assert words in found[0].message
    assert found[0].line == line


def write_services(content: Path, *items: str) -> None:
    (content / "services" / "studies.yml").write_text("".join(items), "utf-8")


def test_a_second_use_of_an_id(content: Path) -> None:
    write_services(content, SERVICE, SERVICE)
    (found,) = problems(content)
    assert found.line == 8
    assert "'one' on jo käytössä (services/studies.yml:1)" in found.message


def test_successors_in_a_circle(content: Path) -> None:
    one = SERVICE + "  valid_to: 2025-01-01\n  replaced_by: two\n"
    two = SERVICE.replace("id: one", "id: two") + "  valid_to: 2025-01-01\n  replaced_by: one\n"
    write_services(content, one, two)
    assert {"replaced_by kiertää kehää"} == {p.message for p in problems(content)}


@pytest.mark.parametrize(("begins", "broken"), [("2025-01-02", False), ("2025-01-03", True)])
def test_no_day_between_a_service_and_its_successor(content: Path, begins: str, broken: bool) -> None:
    one = SERVICE + "  valid_to: 2025-01-01\n  replaced_by: two\n"
    two = SERVICE.replace("id: one", "id: two") + f"  valid_from: {begins}\n"
    write_services(content, one, two)
    if broken:
        assert "jää päiviä" in problems(content)[0].message
    else:
        assert len(load_content(content).services) == 2


def test_every_problem_is_told_at_once(content: Path) -> None:
    write_services(content, SERVICE.replace("  provider: Kunta\n", ""))
    (content / "rules" / "all.yml").write_text("- 3\n" + RULE.replace("wants_work", "wants"), "utf-8")
    files = [p.file for p in problems(content)]
    assert files.count("rules/all.yml") == 3  # not a mapping, unknown question, and the service that is not there now
    assert files.count("services/studies.yml") == 1


@pytest.mark.parametrize(
    ("text", "words"), [("a: 1\n", "väärää muotoa"), ("- a\n", "pareja"), ("\tx", "YAML on rikki")]
)
def test_a_file_of_another_form(content: Path, text: str, words: str) -> None:
    (content / "rules" / "all.yml").write_text(text, "utf-8")
    assert words in problems(content)[0].message


def test_a_file_that_is_not_utf8(content: Path) -> None:
    (content / "rules" / "all.yml").write_bytes("- nimi: päivä".encode("latin-1"))
    assert "UTF-8" in problems(content)[0].message


def test_a_missing_file(content: Path) -> None:
    (content / "municipalities.yml").unlink()
    assert "puuttuu" in problems(content)[0].message
