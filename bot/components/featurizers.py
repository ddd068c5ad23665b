"""Rasa components that come before understanding: typing put right, sentence vectors, badly typed copies."""

from __future__ import annotations

import json
import random
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.embedders import Embedder, Matrix, ParallelE5Embedder, load_e5, load_floret
from bot.components.embedding_cache import encode_with_cache
from bot.components.finnish.clauses import split_clauses
from bot.components.finnish.noise import noisy_copy
from bot.components.finnish.spelling import Speller, count_words
from bot.components.rasa_graph import (
    CLEAN_CLAUSES,
    CLEAN_TEXT,
    Component,
    TrainedComponent,
    clean_text_of,
    is_payload,
    promise_vector,
    text_of,
)

COPY_OF = "copy_of"
"""Key of a training message: the number of the example, which its badly typed copy shares."""

IS_COPY = "is_copy"


class _SentenceVectors(Component, DenseFeaturizer):
    """Adds one vector to each example and promises one to each message; none where the model is not to be had."""

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Every configuration is good."""

    @abstractmethod
    def _embedder(self) -> Embedder | None: ...

    def process(self, messages: list[Message]) -> list[Message]:
        """Promise the vectors."""
        embedder = self._embedder() if messages else None
        for message in messages:
            if embedder is not None and text_of(message).strip() and not is_payload(message):
                promise_vector(message, embedder)
        return messages

    def _add(self, messages: list[Message], embedder: Embedder | None) -> None:
        spoken = [m for m in messages if text_of(m).strip() and not is_payload(m)]
        if embedder is not None and spoken:
            for message, row in zip(spoken, embedder.encode([clean_text_of(m) for m in spoken]), strict=True):
                message.add_features(Features(row[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__))

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to the examples."""
        self._add(training_data.training_examples, self._embedder())
        return training_data


class _Cached:
    """An embedder that remembers the vectors of training examples."""

    def __init__(self, embedder: Embedder, name: str) -> None:
        self._embedder = embedder
        self._name = name
        self.dimension = embedder.dimension

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row for each text."""
        return encode_with_cache(self._embedder, texts, self._name)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class E5Featurizer(_SentenceVectors):
    """Sentence embeddings of multilingual-e5-small."""

    def _embedder(self) -> Embedder | None:
        return load_e5()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to the examples; those of an earlier training are taken from the cache."""
        if self._embedder() is not None:
            self._add(training_data.training_examples, _Cached(ParallelE5Embedder(), "e5-small-q4"))
        return training_data


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class FloretFeaturizer(_SentenceVectors):
    """The mean of the words' vectors in spaCy's Finnish model."""

    def _embedder(self) -> Embedder | None:
        return load_floret()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class TypingNoise(Component):
    """Adds badly typed copies of some examples to the training data. Does nothing to a message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`share`: how many of the examples get a copy, 0..1; `seed`: which ones, and which slips."""
        return {"share": 0.5, "seed": 20260101}

    def process(self, messages: list[Message]) -> list[Message]:
        """Leave the messages as they are."""
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Training data with the copies at its end."""
        examples = [m for m in training_data.training_examples if m.get(INTENT) and m.get(TEXT)]
        share, seed = float(self._config["share"]), int(self._config["seed"])
        copies = []
        for number, message in enumerate(examples):
            message.set(COPY_OF, number)
            text = text_of(message)
            # The choice rests on the text alone, so that one example more does not change all the others.
            rng = random.Random(f"{seed} {text}")  # noqa: S311
            if rng.random() < share:
                copy = noisy_copy(text, rng)
                if copy != text:
                    copies.append(
                        Message(data={TEXT: copy, INTENT: message.get(INTENT), COPY_OF: number, IS_COPY: True})
                    )
        if not copies:
            return training_data
        return training_data.merge(TrainingData(training_examples=copies))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class Spelling(TrainedComponent):
    """Puts missing dots and slips right, by the words of the training examples, before anything reads the text."""

    untrained = "Spelling was not trained: texts are read as they are typed"
    _counts: dict[str, int]
    _speller: Speller | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`least`: how many times a word must be in the examples to be what a misspelt one meant."""
        return {"least": 2}

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the words of the examples, not of their badly typed copies."""
        examples = (text_of(m) for m in training_data.training_examples if m.get(TEXT) and not m.get(IS_COPY))
        self._learn(dict(sorted(count_words(examples).items())))
        return self.persist()

    def _learn(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._speller = Speller(counts, int(self._config["least"]))

    def write(self, folder: Path) -> None:
        """Write the words and how often each was seen."""
        (folder / "words.json").write_text(json.dumps(self._counts, ensure_ascii=False), encoding="utf-8")

    def read(self, folder: Path) -> None:
        """Take the words over."""
        self._learn(json.loads((folder / "words.json").read_text(encoding="utf-8")))

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the text as it was meant."""
        for message in messages:
            text = text_of(message)
            if self._speller is not None and text and not is_payload(message):
                message.set(CLEAN_TEXT, self._speller.text(text))
                if clauses := split_clauses(text):
                    message.set(CLEAN_CLAUSES, [self._speller.text(clause.text) for clause in clauses])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add to the examples what they are when they come as messages."""
        for message in training_data.training_examples:
            if self._speller is not None and text_of(message):
                message.set(CLEAN_TEXT, self._speller.text(text_of(message)))
        return training_data
