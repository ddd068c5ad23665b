"""docs/dependencies.md against pyproject.toml and the code."""

from __future__ import annotations

import re

import pytest
import tomllib

from settings import ROOT

PAGE = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
HEADINGS = {"engine": "## Engine", "service": "## Service", "dev": "## Tests and tools"}


def names(requirements: list[str]) -> set[str]:
    """Names of packages without versions, extras and markers."""
    return {re.match(r"[\w.-]+", requirement)[0] for requirement in requirements}  # type: ignore[index]


def normal(name: str) -> str:
    """A package's name as requirements files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def explained(extra: str) -> dict[str, tuple[str, str]]:
    """Why and what instead, for each package of a section of the page."""
    section = re.split(r"^## ", PAGE.partition(HEADINGS[extra])[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| ([\w.-]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return {name: (why, instead) for name, why, instead in rows if name != "package"}


@pytest.mark.parametrize("extra", list(HEADINGS))
def test_every_direct_dependency_is_explained_and_no_other(extra: str) -> None:
    assert set(explained(extra)) == names(EXTRAS[extra])


@pytest.mark.parametrize("extra", list(HEADINGS))
def test_an_explanation_says_why_and_what_instead(extra: str) -> None:
    short = [name for name, (why, instead) in explained(extra).items() if len(why) < 10 or len(instead) < 7]
    assert short == []


def test_every_extra_has_its_section() -> None:
    assert set(EXTRAS) == set(HEADINGS)


@pytest.mark.parametrize("extra", list(HEADINGS))
def test_every_direct_dependency_is_pinned(extra: str) -> None:
    pinned = (ROOT / "requirements" / f"{extra}.txt").read_text("utf-8")
    found = {normal(name) for name in re.findall(r"^([\w.-]+)(?:\[.*\])?==", pinned, re.MULTILINE)}
    assert {normal(name) for name in names(EXTRAS[extra])} - found == set()
