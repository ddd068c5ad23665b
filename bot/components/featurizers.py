"""Rasa components that give each message its sentence vectors, and the training data its badly typed copies."""

from __future__ import annotations

import random
from abc import abstractmethod
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.embedders import Embedder, load_e5, load_floret
from bot.components.finnish.noise import noisy_copy
from bot.components.finnish.text import normalise
from bot.components.rasa_graph import is_payload, text_of

COPY_OF = "copy_of"
"""Key of a training message that is a badly typed copy: the number of the example that it was made of."""


class _SentenceVectors(DenseFeaturizer, GraphComponent):
    """Adds one vector to each message; none where the model is not to be had."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> _SentenceVectors:
        """Make the component (called by Rasa)."""
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Every configuration is good."""

    @abstractmethod
    def _embedder(self) -> Embedder | None: ...

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the vectors."""
        spoken = [m for m in messages if text_of(m).strip() and not is_payload(m)]
        embedder = self._embedder() if spoken else None
        if embedder is not None:
            for message, row in zip(spoken, embedder.encode([normalise(text_of(m)) for m in spoken]), strict=True):
                message.add_features(
                    Features(row[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, self._identifier)
                )
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to the examples."""
        self.process(training_data.training_examples)
        return training_data


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class E5Featurizer(_SentenceVectors):
    """Sentence embeddings of multilingual-e5-small."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`threads`: cores that one message may use."""
        return {**DenseFeaturizer.get_default_config(), "threads": 2}

    def _embedder(self) -> Embedder | None:
        return load_e5(int(self._config["threads"]))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class FloretFeaturizer(_SentenceVectors):
    """The mean of the words' vectors in spaCy's Finnish model."""

    def _embedder(self) -> Embedder | None:
        return load_floret()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class TypingNoise(GraphComponent):
    """Adds badly typed copies of some examples to the training data. Does nothing to a message."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._share = float(config["share"])
        self._seed = int(config["seed"])

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`share`: how many of the examples get a copy, 0..1; `seed`: which ones, and which slips."""
        return {"share": 0.5, "seed": 20260101}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> TypingNoise:
        """Make the component (called by Rasa)."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Leave the messages as they are."""
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training data with the copies at its end."""
        examples = [m for m in training_data.training_examples if m.get(INTENT) and m.get(TEXT)]
        copies = []
        for number, message in enumerate(examples):
            message.set(COPY_OF, number)
            text = text_of(message)
            # The choice rests on the text alone, so that one example more does not change all the others.
            rng = random.Random(f"{self._seed} {text}")  # noqa: S311
            if rng.random() < self._share:
                copy = noisy_copy(text, rng)
                if copy != text:
                    copies.append(Message(data={TEXT: copy, INTENT: message.get(INTENT), COPY_OF: number}))
        if not copies:
            return training_data
        return training_data.merge(TrainingData(training_examples=copies))
