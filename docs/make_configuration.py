"""Writes the table of settings in docs/configuration.md anew: ``python -m docs.make_configuration`` from the root.

Names and defaults come from ``settings``. The meaning comes from the setting's description where it has one, else
from the page itself: it is written there by hand and kept.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo

from settings import ROOT, Settings

PAGE = ROOT / "docs" / "configuration.md"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
HEAD = "| setting | default | meaning |\n|---|---|---|\n"


def environment_names(name: str, field: FieldInfo) -> list[str]:
    """The environment variables that set a field, the preferred one first."""
    if isinstance(field.validation_alias, AliasChoices):
        return [str(choice) for choice in field.validation_alias.choices]
    return [f"TIENVIITTA_{name.upper()}"]


def shown_default(value: Any) -> str:
    """A default as one would write it in ``.env``; none is an empty cell."""
    if value is None or isinstance(value, SecretStr):
        return ""
    if isinstance(value, Path):
        return f"`{value.relative_to(ROOT)}`"
    if isinstance(value, bool | list):
        return f"`{json.dumps(value)}`"
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{value}`"


def meanings(page: str) -> dict[str, str]:
    """The meanings that stand in the page, by the first name of the setting."""
    rows = re.findall(r"^\| `(\w+)`[^|]*\|[^|]*\| (.*?) \|$", page, re.MULTILINE)
    return {name: meaning for name, meaning in rows if meaning}


def render(page: str) -> str:
    """The page with its table as the settings are now.

    Raises:
        ValueError: a setting whose meaning is written nowhere.
    """
    written = meanings(page)
    rows = []
    for name, field in Settings.model_fields.items():
        names = environment_names(name, field)
        meaning = written.get(names[0]) or field.description
        if not meaning:
            raise ValueError(f"{name} has no description in settings/__init__.py and no row in docs/configuration.md")
        default = field.get_default(call_default_factory=True)
        rows.append(f"| {', '.join(f'`{n}`' for n in names)} | {shown_default(default)} | {meaning} |\n")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{HEAD}{''.join(rows)}{END}{after}"


if __name__ == "__main__":
    try:
        PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")
    except ValueError as error:
        sys.exit(str(error))
