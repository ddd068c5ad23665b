"""The Rasa component that watches for crisis and danger, after everything else and over everything else."""

from __future__ import annotations

import json
import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.components.embedders import load_e5, load_floret
from bot.components.featurizers import COPY_OF
from bot.components.finnish.text import windows
from bot.components.intent.model import IntentModel, IntentModelConfig
from bot.components.rasa_graph import clean_text_of, dense_features, dense_matrix, is_payload, text_of
from bot.components.safety.detector import KINDS, Finding, Kind, default_patterns, judge, pick_threshold

logger = logging.getLogger(__name__)

MAX_EMBEDDED_PARTS = 8
"""Parts of a long message that get sentence vectors; with more, the parts are judged by their words."""

OTHER = "other"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class SafetyDetector(GraphComponent, IntentClassifier):
    """Sets the intent to crisis or danger where a pattern or a model says so. The ranking stays.

    The question that is awaited plays no part. Comes last, after the fallback, so that no uncertainty hides it.
    The sentence vectors come before it as e5, then floret.
    """

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
        thresholds: dict[Kind, float] | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._thresholds: dict[Kind, float] = thresholds or {}
        self._part_threshold = float(config["part_threshold"])
        self._patterns = default_patterns()

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Settings.

        `false_alarms`: share of harmless examples, 0..1, that the model alone may take for an alarm;
        `lowest_threshold`, `highest_threshold`: bounds of the threshold that this gives;
        `part_threshold`: how likely it must be in one part of a long message;
        `intent_threshold`: how likely the intent classifier must find it; `ranking_length`: entries that are kept.
        """
        return {
            "false_alarms": 0.008,
            "lowest_threshold": 0.2,
            "highest_threshold": 0.32,
            "part_threshold": 0.6,
            "intent_threshold": 0.2,
            "ranking_length": 10,
            "seed": 20260101,
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SafetyDetector:
        """Make an untrained component (called by Rasa)."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn to tell crisis and danger from everything else, and how sure is sure enough."""
        examples = [m for m in training_data.training_examples if m.get(INTENT) and m.get(TEXT)]
        labels = [m.get(INTENT) if m.get(INTENT) in KINDS else OTHER for m in examples]
        if len(set(labels)) < 2:
            logger.warning("No examples of crisis or danger: patterns alone watch for them")
            return self._resource
        model = IntentModel(IntentModelConfig(seed=int(self._config["seed"]))).fit(
            [clean_text_of(m) for m in examples],
            dense_matrix(examples),
            labels,
            [int(m.get(COPY_OF, i)) for i, m in enumerate(examples)],
        )
        for kind in KINDS:
            if kind in model.classes and model.held_out is not None:
                left_out, odds = model.held_out
                harmless = np.array([labels[i] == OTHER for i in left_out])
                self._thresholds[kind] = pick_threshold(
                    odds[harmless, model.classes.index(kind)],
                    float(self._config["false_alarms"]) / len(KINDS),
                    float(self._config["lowest_threshold"]),
                    float(self._config["highest_threshold"]),
                )
        self._model = model
        with self._model_storage.write_to(self._resource) as folder:
            model.save(folder)
            (folder / "thresholds.json").write_text(json.dumps(self._thresholds), encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> SafetyDetector:
        """Make the trained component (called by Rasa)."""
        model, thresholds = None, None
        try:
            with model_storage.read_from(resource) as folder:
                model = IntentModel.load(folder)
                thresholds = json.loads((folder / "thresholds.json").read_text(encoding="utf-8"))
        except ValueError:
            logger.warning("The safety detector was not trained: patterns alone watch for crisis and danger")
        return cls(config, model_storage, resource, model, thresholds)

    def process(self, messages: list[Message]) -> list[Message]:
        """Look at each message and every part of it."""
        for message in messages:
            ranking = message.get(INTENT_RANKING_KEY) or []
            if ranking:
                message.set(INTENT_RANKING_KEY, ranking[: int(self._config["ranking_length"])], add_to_output=True)
            text = text_of(message)
            if not text.strip() or is_payload(message):
                continue
            finding = self._judge(text, message) or self._from_ranking(ranking)
            if finding is not None:
                message.set(INTENT, {"name": finding.kind, "confidence": finding.confidence}, add_to_output=True)
        return messages

    def _judge(self, text: str, message: Message) -> Finding | None:
        clean = clean_text_of(message)
        # With slips put right and without: a correction can hide as well as show.
        both = f"{text} ; {clean}"
        if self._model is None:
            return judge(self._patterns, both, None, (), {})
        odds = [self._model.predict([clean], dense_features(message))]
        if parts := windows(clean)[1:]:
            # Words alone where there are many parts: their vectors would take longer than a turn may.
            odds.append(self._model.predict(parts, _vectors(parts) if len(parts) <= MAX_EMBEDDED_PARTS else None))
        return judge(self._patterns, both, np.vstack(odds), self._model.classes, self._thresholds, self._part_threshold)

    def _from_ranking(self, ranking: list[dict[str, Any]]) -> Finding | None:
        for entry in ranking:
            for kind in KINDS:
                if entry["name"] == kind and entry["confidence"] >= float(self._config["intent_threshold"]):
                    return Finding(kind, 0.9 + 0.1 * float(entry["confidence"]), "model")
        return None


def _vectors(texts: list[str]) -> NDArray[np.float32] | None:
    rows = [embedder.encode(texts) for embedder in (load_e5(), load_floret()) if embedder is not None]
    return np.hstack(rows) if rows else None
