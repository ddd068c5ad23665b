"""What the pages on promises and threats name as proof is there."""

from __future__ import annotations

import ast
import re

import pytest

from settings import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PAGES = ("README.md", "docs/threat-model.md")
PROMISES = re.compile(r"^## Promises\n(.*?)^## ", re.MULTILINE | re.DOTALL)


def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def rows(page: str) -> list[list[str]]:
    """The cells of the tables' rows, without heads, lines and headings within a table."""
    text = (ROOT / page).read_text("utf-8")
    section = PROMISES.search(text)
    lines = [line for line in (section[1] if section else text).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if len(row) > 1 and row[0] not in {"promise", "threat"} and any(row[1:])]


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text("utf-8"))
    assert len(named) >= 10
    missing = [
        (path, name) for path, name in named if not (ROOT / path).is_file() or name not in {"", *functions_of(path)}
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_and_every_threat_has_its_test(page: str) -> None:
    found = rows(page)
    assert len(found) >= 10
    assert [row[0] for row in found if not any("::" in cell for cell in row)] == []


def test_every_promise_has_its_numbers() -> None:
    found = rows("README.md")
    assert [row[0] for row in found if len(row) != 4 or not all(re.search(r"\d", cell) for cell in row[2:])] == []
