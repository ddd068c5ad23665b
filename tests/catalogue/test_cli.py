"""The commands: what they print, and how they end when something is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from typer.testing import CliRunner

from catalogue.cli import app, rules
from catalogue.loader import CONTENT
from catalogue.tables import Base
from settings import get_settings

runner = CliRunner()


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "catalogue.db"
    monkeypatch.setenv("TIENVIITTA_DATABASE_URL", f"sqlite:///{file}")
    get_settings.cache_clear()
    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    engine.dispose()
    yield file
    get_settings.cache_clear()


def test_validate() -> None:
    result = runner.invoke(app, ["validate"])
    assert result.exit_code == 0
    assert "Kunnossa" in result.output


def test_validate_names_file_line_and_remedy(content: Path) -> None:
    file = content / "services" / "work.yml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    number = next(i for i, line in enumerate(lines) if line.startswith("  provider:"))
    lines[number] = lines[number].replace("provider", "proviider")
    file.write_text("".join(lines), "utf-8")
    result = runner.invoke(app, ["validate", "--content", str(content)])
    assert result.exit_code == 1
    assert f"services/work.yml:{number + 1}: tuntematon kenttä proviider" in result.output
    assert "Korjaa kentän nimi" in result.output


def test_validate_reads_the_thesaurus_too(content: Path) -> None:
    (content / "thesaurus.yml").write_text("- {say: [a]}\n", "utf-8")
    result = runner.invoke(app, ["validate", "--content", str(content)])
    assert result.exit_code == 1
    assert "thesaurus.yml: kohdan 1" in result.output


@pytest.mark.parametrize(
    ("name", "text"), [("overrides.yml", "ptv_x: {group: fun}\n"), ("ptv.yml", "default: fun\n"), ("ptv.yml", "{\n")]
)
def test_validate_reads_what_imports_need(content: Path, name: str, text: str) -> None:
    (content / name).write_text(text, "utf-8")
    result = runner.invoke(app, ["validate", "--content", str(content)])
    assert result.exit_code == 1
    assert name in result.output


def test_load_twice_and_diff(database: Path, content: Path) -> None:
    assert "0 uutta" not in runner.invoke(app, ["load"]).output
    again = runner.invoke(app, ["load"])
    assert again.exit_code == 0
    assert again.output.strip() == "0 uutta, 0 muuttunutta, 0 poistunutta"
    file = content / "services" / "care.yml"
    file.write_text(file.read_text("utf-8").replace("name: Erikoissairaanhoito", "name: Sairaala"), "utf-8")
    changed = runner.invoke(app, ["diff", "--content", str(content)])
    assert "muuttunut palvelu erikoissairaanhoito: name" in changed.output
    assert runner.invoke(app, ["diff"]).output.strip() == "0 uutta, 0 muuttunutta, 0 poistunutta"


def test_a_database_without_tables_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIENVIITTA_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    get_settings.cache_clear()
    result = runner.invoke(app, ["load"])
    get_settings.cache_clear()
    assert result.exit_code == 1
    assert "Tietokantaa ei voi käyttää" in result.output
    assert "Traceback" not in result.output


def test_stale_lists_the_oldest_first() -> None:
    result = runner.invoke(app, ["stale", "--days", "1000", "--on", "2026-11-22"])
    dates = [line[:10] for line in result.output.splitlines()[:-1]]
    assert dates == sorted(dates)
    assert dates[0] == "2019-12-31"
    # 2023-01-01 is 1421 days before.
    assert "2023-01-01" in runner.invoke(app, ["stale", "--days", "1420", "--on", "2026-11-22"]).output
    assert "2023-01-01" not in runner.invoke(app, ["stale", "--days", "1421", "--on", "2026-11-22"]).output


def test_explain() -> None:
    result = runner.invoke(rules, ["explain", "wants_work=yes", "work_ability_score=6", "--on", "2026-11-22"])
    assert result.exit_code == 0
    assert "Työmarkkinatori" in result.output
    assert "arvosanan 6" in result.output


@pytest.mark.parametrize("answer", ["wants_work", "wants_job=yes", "wants_work=maybe", "work_ability_score=12"])
def test_explain_refuses_what_it_does_not_know(answer: str) -> None:
    result = runner.invoke(rules, ["explain", answer])
    assert result.exit_code == 1
    assert answer.partition("=")[0] in result.output


def test_coverage() -> None:
    result = runner.invoke(rules, ["coverage", "--every", "997", "--on", "2026-11-22"])
    assert result.exit_code == 0
    assert "ilman suositusta 0" in result.output
    assert "typ_durations" in result.output
