"""What the Rasa components share: reading a message, and writing understanding into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.components.finnish.text import normalise

CLEAN_TEXT = "clean_text"
"""Key of what :class:`bot.components.featurizers.Spelling` made of the text; not part of the answer."""


def text_of(message: Message) -> str:
    """The message's text, or an empty one."""
    return message.get(TEXT) or ""


def clean_text_of(message: Message) -> str:
    """The text in lower case, with dots and slips put right where the pipeline does that."""
    return message.get(CLEAN_TEXT) or normalise(text_of(message))


def is_payload(message: Message) -> bool:
    """Whether this is a button's payload or a command, which Rasa's own handler reads."""
    return text_of(message).lstrip().startswith("/")


def awaiting(message: Message) -> str | None:
    """Which question the api says is waiting for an answer, or None."""
    metadata = message.get("metadata")
    state = metadata.get("state") if isinstance(metadata, dict) else None
    asked = state.get("awaiting") if isinstance(state, dict) else None
    return asked if isinstance(asked, str) else None


def dense_features(message: Message) -> NDArray[np.float32] | None:
    """All sentence vectors of the message, joined into one row; None where it has none."""
    _, sentence = message.get_dense_features(TEXT, [])
    return None if sentence is None else np.asarray(sentence.features, dtype=np.float32).reshape(1, -1)


def dense_matrix(messages: Sequence[Message]) -> NDArray[np.float32] | None:
    """The rows of :func:`dense_features`, or None where some message has none."""
    rows = [dense_features(message) for message in messages]
    found = [row for row in rows if row is not None]
    return np.vstack(found) if found and len(found) == len(rows) else None


def set_ranking(message: Message, ranking: list[dict[str, Any]]) -> None:
    """Write the ranking, likeliest first, and its first as the intent."""
    message.set(INTENT, dict(ranking[0]), add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)


def ranked(classes: Sequence[str], odds: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Classes with their odds, likeliest first; equal ones by name, so that every run is the same."""
    order = sorted(range(len(classes)), key=lambda i: (-float(odds[i]), classes[i]))
    return [{INTENT_NAME_KEY: classes[i], PREDICTED_CONFIDENCE_KEY: float(odds[i])} for i in order]
