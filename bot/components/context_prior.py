"""The Rasa component that weighs meanings by the question that waits for its answer."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY
from rasa.shared.nlu.training_data.message import Message

from bot.components.context.priors import read_priors
from bot.components.rasa_graph import Component, awaiting, set_ranking


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class ContextPrior(Component, IntentClassifier):
    """Shifts the ranking by what is awaited; without the api's metadata it changes nothing."""

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, model_storage, resource)
        self._priors = read_priors()

    @classmethod
    def required_components(cls) -> list[type]:
        """An intent classifier comes before this."""
        return [IntentClassifier]

    def process(self, messages: list[Message]) -> list[Message]:
        """Weigh each message's ranking."""
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY)
            priors = self._priors.get(awaiting(message) or "")
            if ranking and priors:
                odds = {entry[INTENT_NAME_KEY]: entry[PREDICTED_CONFIDENCE_KEY] for entry in ranking}
                shifted = priors.shift(odds)
                order = sorted(shifted, key=lambda name: (-shifted[name], name))
                set_ranking(
                    message,
                    [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: shifted[name]} for name in order],
                )
        return messages
