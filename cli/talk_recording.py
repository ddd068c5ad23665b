"""From a talk to a dialogue test: what the resident said and pressed, what was asked next, no personal data. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from actions.questions import questions
from actions.wording import FOLDER
from api.privacy.redaction import redact
from api.texts import node
from catalogue.loader import load_content

INVENTED = {"phone": "0401234567", "email": "maija@example.com"}
"""What stands in a test for contact details that were left out, so that it can be played."""
INVENTED_NAME = "Maija"

_NAMED = re.compile(
    r"\b(?P<before>(?i:nim(?:i|ini|eni)\s+on|terveisin|t:)\s+)(?P<name>[^\W\d_]+(?:\s+[A-ZÅÄÖ][\wäöå-]+)?)"
    r"|\b(?P<before2>(?i:olen|oon|mä|minä)\s+)(?P<name2>[A-ZÅÄÖ][a-zåäö]+(?:\s+[A-ZÅÄÖ][\wäöå-]+)?)"
)
_INSIDE = re.compile(r"(?<=[\wäöå,] )[A-ZÅÄÖ][a-zåäö-]{2,}")


class NotATalk(Exception):
    """The document is no talk; the message says what is missing."""


@dataclass
class Recording:
    """A dialogue test, and what a person should still look at before it is kept."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    look_at: list[str] = field(default_factory=list)
    """Words with a capital letter that may name a person or a place."""
    cut_at_adviser: bool = False


def read(document: Mapping[str, Any]) -> Recording:
    """The talk of a transcript in JSON, as ``GET …/transcript?format=json`` gives it.

    Raises:
        NotATalk: it has no messages.
    """
    messages = document.get("messages")
    if not isinstance(messages, list) or not messages:
        raise NotATalk("there are no messages in it; save the transcript with format=json")
    recording = Recording(answers=dict(document.get("answers") or {}))
    offered: set[str] = set()
    asked: str | None = None
    step: dict[str, Any] | None = None
    for message in messages:
        sender, text = message.get("sender"), str(message.get("text") or "")
        if sender == "adviser":
            recording.cut_at_adviser = True
            break
        if sender == "resident":
            step = _step(text, offered, asked, recording)
            recording.steps.append(step)
        elif sender == "bot":
            offered |= {str(button["title"]) for button in message.get("buttons") or []}
            asked = _question_in(text)
            if step is not None and asked is not None:
                step["awaiting"] = asked
    return recording


def _step(text: str, offered: set[str], asked: str | None, recording: Recording) -> dict[str, Any]:
    if text in offered:
        return {"presses": text}
    cleaned = INVENTED_NAME if asked == "handoff_contact" and len(text.split()) <= 3 else without_names(text)
    for kind, placeholder in node("placeholders").items():
        cleaned = cleaned.replace(placeholder, INVENTED.get(kind, placeholder))
    cleaned = " ".join(cleaned.split())
    known = _known_words()
    recording.look_at += [
        word
        for word in _INSIDE.findall(cleaned)
        if word != INVENTED_NAME and not any(word.casefold().startswith(stem) for stem in known)
    ]
    return {"says": cleaned}


def without_names(text: str) -> str:
    """``text`` without what identifies a person, and with an invented name where one was told."""
    text = redact(text).text

    def invented(found: re.Match[str]) -> str:
        before, name = (found["before"] or found["before2"]), (found["name"] or found["name2"])
        known = any(name.casefold().startswith(stem) for stem in _known_words())
        return found[0] if known else f"{before}{INVENTED_NAME}"

    return _NAMED.sub(invented, text)


@lru_cache
def _known_words() -> frozenset[str]:
    """Beginnings of words that name no person: municipalities and services."""
    content = load_content()
    stems = {stem.casefold() for municipality in content.municipalities for stem in municipality.stems}
    return frozenset(stems | {service.name.split()[0].casefold() for service in content.services})


@lru_cache
def _question_texts() -> dict[str, str]:
    """The texts that ask something, and what is awaited after each."""
    other = yaml.safe_load((FOLDER.parents[2] / "contract" / "self_check.yml").read_text(encoding="utf-8"))["other"]
    found = {}
    for path in sorted(FOLDER.glob("*.yml")):
        responses = yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
        for name in [*questions(), *other]:
            for kind in ("ask", "simple"):
                if (variations := responses.get(f"utter_{kind}_{name}")) is not None:
                    found[variations[0]["text"]] = name
    return found


def _question_in(text: str) -> str | None:
    return _question_texts().get(text)


def as_yaml(recording: Recording, *, name: str) -> str:
    """The recording as a dialogue of ``tests/dialogues``; the answers at the end are expected of the last message."""
    steps = [dict(step) for step in recording.steps]
    if steps and recording.answers:
        steps[-1]["answers"] = recording.answers
    talk = CommentedSeq(_flow(step) for step in steps)
    dialogue = CommentedMap(name=name, talk=talk)
    out = StringIO()
    writer = YAML()
    writer.width = 4096
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.dump(CommentedSeq([dialogue]), out)
    # The list of dialogues itself is not indented in tests/dialogues.
    return "".join(f"{line.removeprefix('  ')}\n" for line in out.getvalue().splitlines())


def _flow(step: Mapping[str, Any]) -> CommentedMap:
    said: Sequence[str] = ("says", "presses")
    written = CommentedMap((k, DoubleQuotedScalarString(v) if k in said else v) for k, v in step.items())
    if isinstance(written.get("answers"), dict):
        written["answers"] = CommentedMap(written["answers"])
        written["answers"].fa.set_flow_style()
    return written
