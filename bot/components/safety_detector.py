"""The Rasa component that watches for crisis and danger, after everything else and over everything else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY
from rasa.shared.nlu.training_data.message import Message

from bot.components.embedders import load_e5, load_floret
from bot.components.finnish.text import windows
from bot.components.intent.model import IntentModel
from bot.components.rasa_graph import Component, clean_text_of, dense_features, is_payload, lent_model, text_of
from bot.components.safety.detector import KINDS, Finding, default_patterns, judge

VALUES = {"number", "age", "municipality", "work_ability_score", "unemployed_months", "labour_market_subsidy_days"}
"""Entities that say nothing of how somebody is."""

MAX_EMBEDDED_PARTS = 8
"""Parts of a long message that get sentence vectors; with more, the parts are judged by their words."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class SafetyDetector(Component, IntentClassifier):
    """Sets the intent to crisis or danger where a pattern, or the classifier's model, says so. The ranking stays.

    It asks the model about the message and every part of it, and is content with far less than the likeliest meaning.
    The question that is awaited plays no part. Comes last, after the fallback, so that no uncertainty hides it.
    The sentence vectors come before it as e5, then floret. Without a trained classifier patterns alone watch.
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, model_storage, resource)
        self._patterns = default_patterns()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Settings.

        `threshold`: how likely crisis and danger together must be in the message, 0..1;
        `part_threshold`: the same in one part of a long message;
        `calm`: how likely words and characters may find them at most to decide alone that it is neither;
        `ranking_length`: entries of the ranking that are kept.
        """
        return {"threshold": 0.2, "part_threshold": 0.6, "calm": 0.01, "ranking_length": 10}

    def process(self, messages: list[Message]) -> list[Message]:
        """Look at each message and every part of it."""
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY) or []
            if ranking:
                message.set(INTENT_RANKING_KEY, ranking[: int(self._config["ranking_length"])], add_to_output=True)
            text = text_of(message)
            if not text.strip() or is_payload(message):
                continue
            # With slips put right and without: a correction can hide as well as show.
            both = f"{text} ; {clean_text_of(message)}"
            thresholds = float(self._config["threshold"]), float(self._config["part_threshold"])
            finding: Finding | None = judge(self._patterns, both, self._odds(message), *thresholds)
            if finding is not None:
                message.set(INTENT, {"name": finding.kind, "confidence": finding.confidence}, add_to_output=True)
        return messages

    def _odds(self, message: Message) -> NDArray[np.float32] | None:
        """How likely each kind is, in the message and then in each part; None without a model."""
        model = lent_model(message)
        if model is None or _is_a_value(message):
            return None
        clean = clean_text_of(message)
        texts = [clean, *windows(clean)[1:]]
        odds = _of_kinds(model, texts, None)
        doubtful = [i for i, row in enumerate(odds) if row.max() >= float(self._config["calm"])]
        if 0 in doubtful and (vectors := dense_features(message)) is not None:
            odds[0] = _of_kinds(model, [clean], vectors)[0]
        # Words alone where many parts are doubtful: their vectors would take longer than a turn may.
        parts = [i for i in doubtful if i]
        if parts and len(parts) <= MAX_EMBEDDED_PARTS:
            of_parts = [texts[i] for i in parts]
            odds[parts] = _of_kinds(model, of_parts, _vectors(of_parts))
        return odds


def _is_a_value(message: Message) -> bool:
    """Whether the message is one of :data:`VALUES` and nothing more: too short for a model to judge."""
    text = text_of(message)
    for entity in message.get(ENTITIES) or []:
        start, end = entity.get("start"), entity.get("end")
        if entity.get("entity") in VALUES and isinstance(start, int) and isinstance(end, int):
            text = text[:start] + " " * (end - start) + text[end:]
    return not any(character.isalnum() for character in text)


def _of_kinds(model: IntentModel, texts: list[str], vectors: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """A row for each text, a column for each of :data:`KINDS`; zeros for a kind that the model was not taught."""
    every = model.predict(texts, vectors)
    odds = np.zeros((len(texts), len(KINDS)), dtype=np.float32)
    for column, kind in enumerate(KINDS):
        if kind in model.classes:
            odds[:, column] = every[:, model.classes.index(kind)]
    return odds


def _vectors(texts: list[str]) -> NDArray[np.float32] | None:
    rows = [embedder.encode(texts) for embedder in (load_e5(), load_floret()) if embedder is not None]
    return np.hstack(rows) if rows else None
