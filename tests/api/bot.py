"""What the engine that stands in for Rasa says, on the engine's wire. Imports little: a process starts quickly."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def text(words: str, *buttons: tuple[str, str]) -> Json:
    element: Json = {"recipient_id": "x", "text": words}
    if buttons:
        element["buttons"] = [{"title": title, "payload": payload} for title, payload in buttons]
    return element


def state(**values: Any) -> Json:
    return {"recipient_id": "x", "custom": {"type": "state", "state": {"version": 1, "awaiting": None, **values}}}


def echo(message: Json) -> list[Json]:
    """The usual bot: says what it got, counts in its state, and offers three buttons."""
    before = message["metadata"]["state"] or {"n": 0, "answers": {}}
    after = {**before, "n": before.get("n", 0) + 1}
    after.setdefault("awaiting", "wants_work")
    if message["message"] == "/start_conversation":
        return [
            text("Hei, olen kone.", ("Kyllä", "/affirm"), ("Ihminen", "/request_human"), ("Ei", "/deny")),
            {"recipient_id": "x", "custom": {"type": "state", "state": {**after, "awaiting": "wants_work"}}},
        ]
    return [
        text(f"Sanoit: {message['message']}", ("Kyllä", "/affirm")),
        {"recipient_id": "x", "custom": {"type": "state", "state": after}},
    ]
