"""What the pages name must be there, and they must not name what is nobody else's business."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import typer

from settings import ROOT
from tests.docs.pages import CODE, FENCE, LINK, commands_of, exists, make_targets_of, pages, paths_of

ENTRANCES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "deploy" / "README.md", ROOT / "CHANGELOG.md"]
OWN = [*ENTRANCES, *(ROOT / "docs" / name for name in ("decisions.md", "dependencies.md", "configuration.md"))]

# Spelt so that this file does not name them either.
REGISTRY = re.compile(
    r"\b(?:py ?pi|python ?hosted|npm ?js|conda|anaconda|deb\.debian)\.(?:org|com|io)\b|\bregistry\.(?:npm|yarn)",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.~/>*-])/(?:work|root|tmp|Users|home/\w+)/\w")

as_name = pytest.mark.parametrize


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@as_name("page", OWN, ids=name_of)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    named = paths_of(page.read_text("utf-8"))
    missing = sorted(path for path in set(named) if not exists(path) and not exists(path, page.parent))
    assert missing == []


def test_paths_are_recognised() -> None:
    text = "See `actions/labels.yml`, `data/nlu/<topic>/<intent>.yml`, `make run`, `/adviser`, `var/x.db`, `a: b`."
    assert paths_of(text) == ["actions/labels.yml", "data/nlu/<topic>/<intent>.yml"]
    assert exists("data/nlu/<topic>/affirm.yml")
    assert not exists("data/nlu/<topic>/no_such_intent.yml")


@as_name("page", pages(), ids=name_of)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    assert make_targets_of(page.read_text("utf-8")) - targets() == set()


def test_the_readme_names_the_two_commands_that_matter() -> None:
    assert {"run", "test", "shell"} <= make_targets_of((ROOT / "README.md").read_text("utf-8"))


@as_name("page", pages(), ids=name_of)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = commands_of(page.read_text("utf-8"))
    if not named:
        return
    from cli.__main__ import app

    groups = getattr(typer.main.get_command(app), "commands", {})
    for group, *rest in named:
        assert group in groups, f"{name_of(page)}: ./tienviitta {group}"
        for name in rest:
            assert name in groups[group].commands, f"{name_of(page)}: ./tienviitta {group} {name}"


@as_name("page", pages(), ids=name_of)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    text = CODE.sub("", FENCE.sub("", page.read_text("utf-8")))
    inner = [link.partition("#")[0] for link in LINK.findall(text) if not re.match(r"[a-z]+:|#", link)]
    assert [link for link in inner if not (page.parent / link).exists()] == []


def published() -> list[Path]:
    """Every text file that is handed on with the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    tracked = {ROOT / name for name in listed.stdout.decode().split("\0") if name}
    found = {*tracked, *pages()}
    return sorted(path for path in found if path.suffix in {".md", ".example", ".service", ".conf", ".html", ".toml"})


def test_no_page_names_a_package_registry_or_a_path_of_a_machine() -> None:
    named = [
        f"{name_of(path)}, line {number}: {line.strip()}"
        for path in published()
        if path.is_file()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if REGISTRY.search(line) or MACHINE_PATH.search(line) or str(ROOT) in line
    ]
    assert named == []


@as_name("text", ["see https://py" + "pi.org/simple", "/ro" + "ot/x", "in /wo" + "rk/main", "registry.np" + "mjs.org"])
def test_what_must_not_be_named_is_recognised(text: str) -> None:
    assert REGISTRY.search(text) or MACHINE_PATH.search(text)


@as_name(
    "text", ["/opt/tienviitta/x", "https://www.example.fi/" + "work/x", "tests/" + "root/x", "HOME=/tmp", "/api/v1/x"]
)
def test_what_may_be_named_is_not_taken_for_it(text: str) -> None:
    assert not REGISTRY.search(text)
    assert not MACHINE_PATH.search(text)
