"""``./tienviitta dependencies``: what in the engine's environment has known faults, and why they cannot be reached."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, model_validator
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from settings import ROOT

ADVISORIES = Path(__file__).with_name("advisories.yml")
PINNED = ROOT / "requirements" / "engine.txt"
_PIN = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^ \\;]+)", re.MULTILINE)


class Advisory(BaseModel):
    """A known fault of a package."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    package: str
    below: str
    """The first version without it."""
    what: str
    reason: str
    source: str


class Advisories(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    checked: date
    reasons: dict[str, str]
    advisories: list[Advisory]

    @model_validator(mode="after")
    def _reasons_exist(self) -> Advisories:
        for advisory in self.advisories:
            if advisory.reason not in self.reasons:
                raise ValueError(f"{advisory.id}: there is no reason {advisory.reason}")
        return self


def load(path: Path = ADVISORIES) -> Advisories:
    """The advisories, checked.

    Raises:
        ValueError: a field is missing, unknown, or names a reason that is not there.
    """
    return Advisories.model_validate(YAML(typ="safe", pure=True).load(path.read_text("utf-8")))


def pinned(path: Path = PINNED) -> dict[str, str]:
    """The versions of an environment's packages, by name in lower case."""
    return {name.lower(): version for name, version in _PIN.findall(path.read_text("utf-8"))}


def is_older(version: str, other: str) -> bool:
    """Whether a version comes before another, by their leading numbers."""

    def numbers(text: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", re.split(r"[^\d.]", text, maxsplit=1)[0])]

    first, second = numbers(version), numbers(other)
    length = max(len(first), len(second))
    return first + [0] * (length - len(first)) < second + [0] * (length - len(second))


def found(known: Advisories, versions: dict[str, str]) -> list[Advisory]:
    """The advisories that the versions are affected by."""
    return [one for one in known.advisories if one.package in versions and is_older(versions[one.package], one.below)]


def as_page(known: Advisories, versions: dict[str, str]) -> str:
    """The report as a page in Markdown."""
    affected = found(known, versions)
    rows = [
        f"| {one.package} {versions[one.package]} | [{one.id}]({one.source}) | {one.what} | {one.below} "
        f"| {one.reason} |"
        for one in affected
    ]
    used = {one.reason for one in affected}
    packages = len({one.package for one in affected})
    reasons = [f"- **{name}**: {text}" for name, text in known.reasons.items() if name in used]
    return "\n".join(
        [
            "# Known faults in the engine's environment",
            "",
            f"Of {len(versions)} pinned packages of the engine {packages} have known faults, {len(affected)} in all,",
            f"looked up on {known.checked}. The engine is boxed for this: loopback, no secrets, one client",
            "([decision 1](decisions.md)). The list is what was found in public advisories, and not complete: a city's",
            "scanner will know newer ones. `./tienviitta dependencies --markdown` writes this page from",
            "`cli/advisories.yml`.",
            "",
            "| package | advisory | what | first version without | why it cannot be reached |",
            "|---|---|---|---|---|",
            *rows,
            "",
            *reasons,
            "",
        ]
    )


def dependencies(markdown: Annotated[bool, typer.Option("--markdown", help="As the page in docs.")] = False) -> None:
    """List known faults of the engine's packages, and why they cannot be reached."""
    known, versions = load(), pinned()
    if markdown:
        typer.echo(as_page(known, versions), nl=False)
        return
    table = Table("package", "advisory", "what", "fixed in", "why it cannot be reached")
    for one in found(known, versions):
        table.add_row(f"{one.package} {versions[one.package]}", one.id, one.what, one.below, known.reasons[one.reason])
    Console().print(table)
    typer.echo(f"{len(versions)} packages, looked up on {known.checked}.")
