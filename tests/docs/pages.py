"""Reading the project's pages: which there are, what they name, where they link to."""

from __future__ import annotations

import re
from pathlib import Path

from settings import ROOT

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4}.*$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ENDINGS = (".py", ".yml", ".yaml", ".md", ".toml", ".txt", ".html", ".js", ".css", ".conf", ".service", ".example")
GENERATED = ("var/", ".envs/", ".uv/", "bot/models")
"""What is there only after a command has run."""


def pages() -> list[Path]:
    """Every page that people read: at the root, in docs/ and in deploy/."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "deploy").rglob("*.md")),
    ]


def code_of(page: str) -> list[str]:
    """What stands in a page as code: spans, fenced and indented blocks."""
    blocks = [block for pattern in (FENCE, INDENTED) for block in pattern.findall(page)]
    return CODE.findall(FENCE.sub("", page)) + blocks


def paths_of(page: str) -> list[str]:
    """The project's paths that a page names in code spans, without those that are made by a command."""
    found = []
    for span in CODE.findall(FENCE.sub("", page)):
        word = span.strip().removeprefix("./").partition("::")[0]
        looks_like_path = "/" in word.rstrip("/") or word.endswith(("/", *ENDINGS))
        is_other = " " in word or "://" in word or (word.startswith(("/", "-", ".")) and word != ".env.example")
        if looks_like_path and not is_other and not word.startswith(GENERATED):
            found.append(word)
    return found


def exists(path: str, root: Path = ROOT) -> bool:
    """Whether the path is there; ``<word>`` in it stands for any name."""
    pattern = re.sub(r"<[^>]+>", "*", path).rstrip("/")
    return any(True for _ in root.glob(pattern))


def make_targets_of(page: str) -> set[str]:
    """The make targets that a page names."""
    return {target for code in code_of(page) for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)}


def commands_of(page: str) -> set[tuple[str, ...]]:
    """The commands of ``./tienviitta`` that a page names, each as its leading words."""
    found = set()
    for code in code_of(page):
        for words in re.findall(r"\./tienviitta((?: [a-z][a-z-]*)+)", code):
            found.add(tuple(words.split()[:2]))
    return found
