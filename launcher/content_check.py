"""Reads every YAML file that the bot is made of, so that a broken one is named before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from catalogue.loader import CONTENT, ContentError, load_content
from catalogue.models import Catalogue
from launcher.failure import LaunchError
from settings import ROOT

FOLDERS = ("bot", "data")


def yaml_files(root: Path = ROOT) -> Iterator[Path]:
    """The YAML files of the Rasa project in ``root``, sorted."""
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.yml"))


def _shown(path: Path) -> Path:
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _text(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LaunchError(f"{_shown(path)}, line {line}: not UTF-8. Save the file as UTF-8.") from error


def _parsed(path: Path, text: str) -> Any:
    name = _shown(path)
    try:
        # Rasa refuses duplicate keys too, but without saying where.
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        reason = " ".join((error.problem or error.context or "cannot be read").split())
        raise LaunchError(
            f"{name}, line {line}: {reason}. Check the indentation and quotes of this line and the one above."
        ) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise LaunchError(f"{name}, line {line}: a control character. Delete it.") from error
    except YAMLError as error:
        raise LaunchError(f"{name}, line 1: {' '.join(str(error).split())}. Write it as YAML.") from error


def check_yaml(path: Path) -> None:
    """Parse one file of the Rasa project.

    Raises:
        LaunchError: naming file, line and remedy.
    """
    name = _shown(path)
    text = _text(path)
    document = _parsed(path, text)
    if not isinstance(document, dict):
        raise LaunchError(f'{name}, line 1: the file is empty or not a mapping. Start it with version: "3.1".')
    if path.suffix == ".yml" and "nlu" in name.parts:
        _check_examples(name, text, document)


def _entry_line(text: str, index: int) -> int:
    """The line of the entry ``index`` of the ``nlu`` list."""
    # Read once more, slower, with the places of things: only for a file that is broken.
    entries = YAML().load(text)["nlu"]
    return int(entries.lc.item(index)[0]) + 1


def _check_examples(name: Path, text: str, document: dict[str, Any]) -> None:
    entries = document.get("nlu")
    if not isinstance(entries, list) or not entries:
        raise LaunchError(f"{name}, line 1: no `nlu:` list. Write `nlu:` and under it `- intent: …`.")
    lines = text.splitlines()
    for index, entry in enumerate(entries):
        examples = entry.get("examples") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not entry.get("intent") or not isinstance(examples, str):
            raise LaunchError(
                f"{name}, line {_entry_line(text, index)}: an entry needs `intent:` and `examples: |`. Add what lacks."
            )
        for example in examples.splitlines():
            if example.strip() and not example.startswith("- "):
                start = _entry_line(text, index)
                later = (n for n, line in enumerate(lines, 1) if n >= start and line.strip() == example.strip())
                number = next(later, start)
                raise LaunchError(f"{name}, line {number}: an example must begin with `- `. Add it.")


def check_bot_content(root: Path = ROOT) -> None:
    """Check every file of the Rasa project in ``root``.

    Raises:
        LaunchError: for the first broken one.
    """
    for path in yaml_files(root):
        check_yaml(path)


def catalogue_content(folder: Path = CONTENT) -> Catalogue:
    """The content of the catalogue.

    Raises:
        LaunchError: with a line for each problem: file, line, what is wrong, remedy.
    """
    # First those that cannot be read at all: what others lack because of them would bury the cause.
    for path in sorted(folder.rglob("*.yml")):
        _parsed(path, _text(path))
    try:
        return load_content(folder)
    except ContentError as error:
        lines = (" ".join(f"{_shown(folder)}/{problem}".split()) for problem in error.problems)
        raise LaunchError("\n".join(lines)) from error
