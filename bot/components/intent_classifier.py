"""The Rasa component that says what a message means."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.featurizers import COPY_OF
from bot.components.finnish.clauses import split_clauses
from bot.components.finnish.text import normalise
from bot.components.intent.model import IntentModel, IntentModelConfig
from bot.components.rasa_graph import (
    CLAUSES,
    CLEAN_CLAUSES,
    TrainedComponent,
    clean_text_of,
    dense_features,
    dense_matrix,
    is_payload,
    lend_model,
    ranked,
    set_ranking,
    text_of,
)

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FinnishIntentClassifier(TrainedComponent, IntentClassifier):
    """Softmax regression over words, characters and sentence vectors, with calibrated confidence.

    Where words and characters alone are sure, no sentence vector is asked for: it takes longer than all else together.
    """

    untrained = "The intent classifier was not trained"
    _model: IntentModel | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See :class:`~bot.components.intent.model.IntentModelConfig`; and `sure`: from which confidence of words
        and characters on, 0..1, they decide alone.
        """
        return {**asdict(IntentModelConfig()), "sure": 0.95}

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples, and save."""
        examples = [m for m in training_data.training_examples if m.get(INTENT) and m.get(TEXT)]
        labels = [m.get(INTENT) for m in examples]
        if len(set(labels)) < 2:
            logger.warning("No intent classifier: there are examples of %d intents", len(set(labels)))
            return self._resource
        groups = [int(m.get(COPY_OF, i)) for i, m in enumerate(examples)]
        known = set(asdict(IntentModelConfig()))
        settings = IntentModelConfig(**{key: value for key, value in self._config.items() if key in known})
        self._model = IntentModel(settings).fit(
            [clean_text_of(m) for m in examples], dense_matrix(examples), labels, groups
        )
        return self.persist()

    def write(self, folder: Path) -> None:
        """Write the model."""
        if self._model is not None:
            self._model.save(folder)

    def read(self, folder: Path) -> None:
        """Take the model over."""
        self._model = IntentModel.load(folder)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent`, `intent_ranking` and `clauses`; a payload and an empty text get none."""
        for message in messages:
            text = text_of(message)
            if self._model is None or not text.strip() or is_payload(message):
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set(CLAUSES, [], add_to_output=True)
                continue
            odds = self._model.predict([clean_text_of(message)], None)[0]
            if odds.max() < float(self._config["sure"]) and (vectors := dense_features(message)) is not None:
                odds = self._model.predict([clean_text_of(message)], vectors)[0]
            set_ranking(message, ranked(self._model.classes, odds))
            lend_model(message, self._model)
            message.set(CLAUSES, self._clauses(message), add_to_output=True)
        return messages

    def _clauses(self, message: Message) -> list[dict[str, Any]]:
        """What each clause means by its words alone: a sentence vector for each would double the time of a turn."""
        clauses = split_clauses(text_of(message))
        if self._model is None or not clauses:
            return []
        texts = message.get(CLEAN_CLAUSES) or [normalise(clause.text) for clause in clauses]
        odds = self._model.predict(texts, None)
        best = odds.argmax(axis=1)
        return [
            {**asdict(clause), "intent": self._model.classes[i], "confidence": float(row[i])}
            for clause, i, row in zip(clauses, best, odds, strict=True)
        ]
