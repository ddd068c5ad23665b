"""Reads every YAML file that the bot is made of, so that a broken one is named before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from launcher.failure import LaunchError
from settings import ROOT

FOLDERS = ("bot", "data")


def yaml_files() -> Iterator[Path]:
    """The YAML files of the Rasa project, sorted."""
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.yml"))


def check_yaml(path: Path) -> None:
    """Parse one file.

    Raises:
        LaunchError: naming file, line and remedy.
    """
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        # Rasa refuses duplicate keys too, but without saying where.
        document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise LaunchError(
            f"{name}, line {line}: {error.problem or error.context}. "
            "Check the indentation and quotes of this line and the one above."
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise LaunchError(f"{name}: {error}. Save the file as UTF-8 YAML.") from error
    if not isinstance(document, dict):
        raise LaunchError(f'{name}, line 1: the file is empty or not a mapping. Start it with version: "3.1".')
    if path.parts[-3:-1] and "nlu" in path.parts:
        _check_examples(name, path, document)


def _check_examples(name: Path, path: Path, document: dict[str, object]) -> None:
    entries = document.get("nlu")
    if not isinstance(entries, list) or not entries:
        raise LaunchError(f"{name}, line 1: no `nlu:` list. Write `nlu:` and under it `- intent: …`.")
    lines = path.read_text(encoding="utf-8").splitlines()
    for entry in entries:
        intent = entry.get("intent") if isinstance(entry, dict) else None
        examples = entry.get("examples") if isinstance(entry, dict) else None
        line = next((n for n, text in enumerate(lines, 1) if intent and f"intent: {intent}" in text), 1)
        if not intent or not isinstance(examples, str):
            raise LaunchError(f"{name}, line {line}: an entry needs `intent:` and `examples: |`.")
        for example in examples.splitlines():
            if example.strip() and not example.startswith("- "):
                number = next((n for n, text in enumerate(lines, 1) if text.strip() == example.strip()), line)
                raise LaunchError(f"{name}, line {number}: an example must begin with `- `. Add it.")


def check_bot_content() -> None:
    """Check every file of the Rasa project.

    Raises:
        LaunchError: for the first broken one.
    """
    for path in yaml_files():
        check_yaml(path)
