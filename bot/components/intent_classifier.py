"""The Rasa component that says what a message means."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.featurizers import COPY_OF
from bot.components.intent.model import IntentModel, IntentModelConfig
from bot.components.rasa_graph import (
    clean_text_of,
    dense_features,
    dense_matrix,
    is_payload,
    ranked,
    set_ranking,
    text_of,
)

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class FinnishIntentClassifier(IntentClassifier, GraphComponent):
    """Logistic regression over words, characters and sentence vectors, with calibrated confidence."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        known = set(asdict(IntentModelConfig()))
        self._settings = IntentModelConfig(**{key: value for key, value in config.items() if key in known})
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See :class:`~bot.components.intent.model.IntentModelConfig`."""
        return asdict(IntentModelConfig())

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FinnishIntentClassifier:
        """Make an untrained component (called by Rasa)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples, and save."""
        examples = [m for m in training_data.training_examples if m.get(INTENT) and m.get(TEXT)]
        labels = [m.get(INTENT) for m in examples]
        if len(set(labels)) < 2:
            logger.warning("No intent classifier: there are examples of %d intents", len(set(labels)))
            return self._resource
        groups = [int(m.get(COPY_OF, i)) for i, m in enumerate(examples)]
        self._model = IntentModel(self._settings).fit(
            [clean_text_of(m) for m in examples], dense_matrix(examples), labels, groups
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> FinnishIntentClassifier:
        """Make the trained component (called by Rasa)."""
        model = None
        try:
            with model_storage.read_from(resource) as folder:
                model = IntentModel.load(folder)
        except ValueError:
            logger.warning("The intent classifier was not trained")
        return cls(config, model_storage, resource, model)

    def process(self, messages: list[Message]) -> list[Message]:
        """Set `intent` and `intent_ranking`; a payload and an empty text get none."""
        for message in messages:
            text = text_of(message)
            if self._model is None or not text.strip() or is_payload(message):
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                continue
            odds = self._model.predict([clean_text_of(message)], dense_features(message))[0]
            set_ranking(message, ranked(self._model.classes, odds))
        return messages
