"""A broken file is named with its line and what to do, before anything is trained or started."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from launcher.content_check import catalogue_content, check_bot_content, check_yaml
from launcher.failure import LaunchError
from settings import ROOT
from tests.launcher.conftest import Project

GOOD = """version: "3.1"
nlu:
  - intent: affirm
    examples: |
      - joo
      - kyllä
  - intent: deny
    examples: |
      - en
"""


def write(folder: Path, content: str | bytes, name: str = "data/nlu/answers/affirm.yml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_what_is_there_now_is_good() -> None:
    check_bot_content()
    assert catalogue_content().services


def test_a_good_file_passes(tmp_path: Path) -> None:
    check_yaml(write(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("content", "line", "remedy"),
    [
        pytest.param(GOOD.replace('"3.1"', '"3.1'), None, "quotes", id="a quote that is not closed"),
        pytest.param(GOOD.replace("  - intent: deny", " - intent: deny"), 7, "indentation", id="wrong indentation"),
        pytest.param(GOOD + "\tx: 1\n", 10, "", id="a tab"),
        pytest.param(GOOD + "nlu: []\n", 10, "", id="a key twice"),
        pytest.param(GOOD.replace("- en", "- en\x00"), 9, "Delete", id="a control character"),
        pytest.param(GOOD.encode().replace("kyllä".encode(), "kyllä".encode("latin-1")), 6, "UTF-8", id="not UTF-8"),
        pytest.param("", 1, "version", id="nothing in it"),
        pytest.param("- joo\n- kyllä\n", 1, "version", id="a list"),
        pytest.param('version: "3.1"\nintents: []\n', 1, "nlu:", id="no examples at all"),
        pytest.param(GOOD.replace("- intent: deny", "- inten: deny"), 7, "intent:", id="a misspelt key"),
        pytest.param(GOOD.replace("|\n      - en", "\n      - en"), 7, "examples: |", id="examples as a list"),
        pytest.param(GOOD.replace("- en\n", "en\n"), 9, "Add it", id="an example without its dash"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_line_and_remedy(
    tmp_path: Path, content: str | bytes, line: int | None, remedy: str
) -> None:
    path = write(tmp_path, content)

    with pytest.raises(LaunchError) as caught:
        check_bot_content(tmp_path)

    message = str(caught.value)
    assert message.startswith(f"{path}, line {line if line else ''}")
    assert remedy in message
    assert "\n" not in message


def test_the_dash_is_missed_in_the_entry_where_it_lacks(tmp_path: Path) -> None:
    # "joo" with a dash in the first entry, without one in the second.
    path = write(tmp_path, GOOD.replace("- en\n", "joo\n"))

    with pytest.raises(LaunchError, match=f"{path}, line 9: "):
        check_yaml(path)


def test_a_file_outside_of_the_examples_may_have_other_keys(tmp_path: Path) -> None:
    check_yaml(write(tmp_path, 'version: "3.1"\nintents: []\n', "bot/domain/intents.yml"))


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    shutil.copytree(ROOT / "catalogue" / "content", folder)
    return folder


@pytest.mark.parametrize(
    ("file", "added"),
    [
        ("services/care.yml", "\n- id: [\n"),
        ("municipalities.yml", "\n- id: {\n"),
        ("facts.yml", "\n\t- x\n"),
        ("rules/health.yml", "\n\x00"),
    ],
)
def test_a_broken_file_of_the_catalogue_is_one_line_with_its_place(content: Path, file: str, added: str) -> None:
    path = content / file
    before = path.read_text("utf-8")
    path.write_text(before + added, "utf-8")

    with pytest.raises(LaunchError) as caught:
        catalogue_content(content)

    [said] = str(caught.value).splitlines()
    name, rest = said.split(", line ", 1)
    line, remedy = rest.split(":", 1)
    assert name == str(path)
    assert int(line) > before.count("\n")
    assert len(remedy) > 20, "what is wrong and what to do"


def test_a_service_without_an_id_is_named_with_its_place(content: Path) -> None:
    path = content / "services" / "care.yml"
    lines = path.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("- id:"))
    lines[number - 1] = lines[number - 1].replace("- id:", "- idd:")
    path.write_text("\n".join(lines), "utf-8")

    with pytest.raises(LaunchError) as caught:
        catalogue_content(content)

    own = [line for line in str(caught.value).splitlines() if line.startswith(f"{path}:{number}: ")]
    assert own


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("data/nlu/answers/affirm.yml", "\n   - intent: [", "data/nlu/answers/affirm.yml, line "),
        ("bot/domain/slots.yml", "\n  x: 'y", "bot/domain/slots.yml, line "),
        ("catalogue/content/facts.yml", "\n  : - [", "catalogue/content/facts.yml, line "),
    ],
)
@pytest.mark.parametrize("command", ["run", "train"])
def test_the_command_says_it_and_stops(project: Project, command: str, file: str, text: str, said: str) -> None:
    project.edit(file, lambda before: before + text)

    ended = project.run(command)

    assert ended.returncode == 1
    assert said in ended.stdout
    assert "Traceback" not in ended.stdout
    assert len(ended.stdout.splitlines()) == 1
    assert not project.living()
    assert not list((project.root / "bot").glob("models/*"))
