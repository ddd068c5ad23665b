"""What the Rasa components share: reading a message, and writing understanding into it."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.components.finnish.text import normalise
from bot.components.intent.model import IntentModel

logger = logging.getLogger(__name__)

CLEAN_TEXT = "clean_text"
"""Key of what :class:`bot.components.featurizers.Spelling` made of the text; not part of the answer."""

CLEAN_CLAUSES = "clean_clauses"
"""Key of the same for each clause of a message, in the order of `split_clauses`; not part of the answer."""

CLAUSES = "clauses"
"""Key of what each clause means, part of the answer: docs/architecture.md, "NLU entities"."""

_MODEL = "intent_model"
_PENDING = "pending_vectors"
_VECTORS = "vectors"


class Component(GraphComponent):
    """A component as Rasa makes it, with its settings in ``self._config``."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Component:
        """Make the component (called by Rasa)."""
        return cls(config, model_storage, resource)


class TrainedComponent(Component):
    """One that learns: what it learnt lies in a folder of the model. Without it, it warns once and does what it can."""

    untrained: ClassVar[str]
    """What the log says when there is nothing to read."""

    @abstractmethod
    def read(self, folder: Path) -> None:
        """Take over what :meth:`write` wrote."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write what was learnt."""

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> TrainedComponent:
        """Make the trained component (called by Rasa)."""
        component = cls(config, model_storage, resource)
        try:
            with model_storage.read_from(resource) as folder:
                component.read(folder)
        except ValueError:
            logger.warning(cls.untrained)
        return component

    def persist(self) -> Resource:
        """Keep what was learnt in the model."""
        with self._model_storage.write_to(self._resource) as folder:
            self.write(folder)
        return self._resource


class _Encodes(Protocol):
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


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


def promise_vector(message: Message, embedder: _Encodes) -> None:
    """Let :func:`dense_features` ask this embedder too, when it is first needed: many messages need no vector."""
    message.set(_PENDING, [*(message.get(_PENDING) or []), embedder])


def lend_model(message: Message, model: IntentModel) -> None:
    """Let later components ask the classifier's model about parts of this message."""
    message.set(_MODEL, model)


def lent_model(message: Message) -> IntentModel | None:
    """The model of :func:`lend_model`, or None where no classifier was trained."""
    model = message.get(_MODEL)
    return model if isinstance(model, IntentModel) else None


def dense_features(message: Message) -> NDArray[np.float32] | None:
    """All sentence vectors of the message, promised or added, joined into one row; None where it has none."""
    if (known := message.get(_VECTORS)) is not None:
        return np.asarray(known, dtype=np.float32)
    pending = message.get(_PENDING) or []
    parts = [embedder.encode([clean_text_of(message)]) for embedder in pending]
    _, sentence = message.get_dense_features(TEXT, [])
    if sentence is not None:
        parts.append(sentence.features)
    if not parts:
        return None
    row = np.hstack([np.asarray(part, dtype=np.float32).reshape(1, -1) for part in parts])
    if pending:  # not for an example: Rasa takes the fingerprint of all that it holds, number by number
        message.set(_VECTORS, row)
    return row


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
