"""Every Finnish text that the api itself says, from ``texts.yml``: one truth, read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from settings import ROOT

PATH = Path(__file__).with_name("texts.yml")
FACTS = ROOT / "catalogue" / "content" / "facts.yml"


@lru_cache
def _all() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(PATH.read_text(encoding="utf-8"))
    return loaded


def node(key: str) -> Any:
    """The value at a dotted ``key``, of whatever shape.

    Raises:
        KeyError: when there is none.
    """
    found: Any = _all()
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            raise KeyError(key)
        found = found[part]
    return found


def say(key: str, **values: object) -> str:
    """The text at a dotted ``key``, with ``{names}`` filled from ``values``.

    Raises:
        KeyError: when there is no such text, or it names a value that was not given.
    """
    found = node(key)
    if not isinstance(found, str):
        raise KeyError(key)
    return found.strip().format(**values)


@lru_cache
def help_number(line_id: str) -> str:
    """The number of a help line in the catalogue's checked facts, by its id there.

    Raises:
        KeyError: when the facts name no such line.
    """
    facts = YAML(typ="safe").load(FACTS.read_text(encoding="utf-8"))
    for line in facts["help_lines"]:
        if line["id"] == line_id:
            return str(line["number"])
    raise KeyError(line_id)


def crisis_help(kind: str) -> str:
    """The help text for ``crisis`` or ``danger``, with the numbers of the checked facts."""
    return say(
        f"help.{'danger' if kind == 'danger' else 'crisis'}",
        emergency=help_number("hatanumero"),
        crisis_line=help_number("mieli_kriisipuhelin"),
        violence_line=help_number("nollalinja"),
    )
