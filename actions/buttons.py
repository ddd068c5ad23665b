"""Buttons by name, from ``labels.yml``. Those that always go with a text stand with the text in the domain."""

from __future__ import annotations

import json
from typing import Any

from actions.labels import button_label
from actions.turn import Button


def button(name: str, **entities: Any) -> Button:
    """The button called ``name``, with what it carries.

    Raises:
        KeyError: there is no button of that name.
    """
    title, payload = button_label(name)
    return Button(title, payload + carried(entities))


def answer_button(title: str, key: str, value: Any) -> Button:
    """A button that answers ``key``: a question, or what was invited."""
    return Button(title, f"/answer{carried({key: value})}")


def carried(entities: dict[str, Any]) -> str:
    """What a payload says after its intent."""
    return json.dumps(entities, ensure_ascii=False) if entities else ""
