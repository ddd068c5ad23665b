"""The Rasa components, in the engine's environment: `python -m unittest tests.engine.components`."""

from __future__ import annotations

import logging
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from rasa.core.channels.channel import UserMessage
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.graph_components.converters.nlu_message_converter import NLUMessageConverter
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

from bot.components import embedders
from bot.components.context_prior import ContextPrior
from bot.components.embedding_cache import encode_with_cache
from bot.components.entity_extractor import FinnishEntityExtractor, read_catalogue
from bot.components.featurizers import COPY_OF, IS_COPY, E5Featurizer, FloretFeaturizer, Spelling, TypingNoise
from bot.components.intent.hidden_layer import HiddenTraining, fit_hidden
from bot.components.intent.model import IntentModel, IntentModelConfig
from bot.components.intent.softmax_regression import Training, fit
from bot.components.intent_classifier import FinnishIntentClassifier
from bot.components.rasa_graph import CLEAN_TEXT, dense_features, promise_vector
from bot.components.safety_detector import SafetyDetector

EXAMPLES = {
    "affirm": ["joo", "kyllä", "kyllä haluan", "joo totta kai", "aivan", "jep joo", "no joo kyllä", "kyllä kyllä"],
    "deny": ["ei", "en halua", "ei todellakaan", "en tosiaan", "no ei", "en missään tapauksessa", "ei ei", "en minä"],
    "greet": ["moi", "terve", "hei vaan", "moikka", "terve taas", "huomenta", "moi moi", "hei hei terve"],
    "crisis": [
        "haluan kuolla", "en jaksa elää", "mietin itsemurhaa", "tapan itseni", "elämällä ei ole väliä",
        "en halua elää enää", "kuolisin mieluummin", "itsemurha on mielessä",
    ],
}  # fmt: skip


def training_data() -> TrainingData:
    return TrainingData([Message({TEXT: text, INTENT: intent}) for intent, texts in EXAMPLES.items() for text in texts])


class Components(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.storage = LocalModelStorage.create(Path(folder.name))
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)

    def arguments(self, component: type, name: str = "", **settings: Any) -> tuple[Any, ...]:
        context = ExecutionContext(GraphSchema({}), node_name=component.__name__)
        config = {**component.get_default_config(), **settings}  # type: ignore[attr-defined]
        return config, self.storage, Resource(name or component.__name__), context

    def trained(self, component: type, data: TrainingData, name: str = "", **settings: Any) -> Any:
        component.create(*self.arguments(component, name, **settings)).train(data)  # type: ignore[attr-defined]
        return component.load(*self.arguments(component, name, **settings))  # type: ignore[attr-defined]

    def test_copies_are_the_same_every_time_and_know_their_example(self) -> None:
        noise = TypingNoise.create(*self.arguments(TypingNoise, share=1.0, seed=1))
        first = noise.process_training_data(training_data()).training_examples
        second = noise.process_training_data(training_data()).training_examples
        self.assertEqual([m.get(TEXT) for m in first], [m.get(TEXT) for m in second])
        copies = [m for m in first if m.get(IS_COPY)]
        self.assertTrue(copies)
        for copy in copies:
            source = next(m for m in first if m.get(COPY_OF) == copy.get(COPY_OF) and not m.get(IS_COPY))
            self.assertEqual(source.get(INTENT), copy.get(INTENT))
            self.assertNotEqual(source.get(TEXT), copy.get(TEXT))

    def test_no_copies_without_a_share(self) -> None:
        noise = TypingNoise.create(*self.arguments(TypingNoise, share=0.0, seed=1))
        self.assertEqual(len(noise.process_training_data(training_data()).training_examples), 32)

    def test_spelling_learns_from_examples_and_leaves_payloads(self) -> None:
        spelling = self.trained(Spelling, training_data())
        messages = [Message({TEXT: "kylla haluan"}), Message({TEXT: '/answer{"age": 5}'}), Message({TEXT: ""})]
        spelling.process(messages)
        self.assertEqual([m.get(CLEAN_TEXT) for m in messages], ["kyllä haluan", None, None])
        self.assertEqual(messages[0].get(TEXT), "kylla haluan")

    def test_classifier_answers_the_same_after_loading_and_after_training_again(self) -> None:
        answers = []
        for name in ("one", "two"):
            classifier = self.trained(FinnishIntentClassifier, training_data(), name, min_examples=1)
            message = Message({TEXT: "joo kyllä"})
            classifier.process([message])
            answers.append(message.get("intent_ranking"))
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0][0]["name"], "affirm")
        self.assertAlmostEqual(sum(entry["confidence"] for entry in answers[0]), 1.0, places=4)

    def test_classifier_goes_on_without_the_vectors_it_was_trained_with(self) -> None:
        classifier = self.trained(FinnishIntentClassifier, self.with_vectors(), min_examples=1)
        bare, told = Message({TEXT: "moi"}), Message({TEXT: "ööh"})
        told.add_features(Features(np.eye(4, dtype=np.float32)[[2]], FEATURE_TYPE_SENTENCE, TEXT, "vectors"))
        classifier.process([bare, told])
        self.assertEqual(bare.get(INTENT)["name"], "greet")
        self.assertEqual(told.get(INTENT)["name"], "greet")

    def test_each_clause_has_a_meaning_and_short_messages_have_no_clauses(self) -> None:
        classifier = self.trained(FinnishIntentClassifier, training_data(), min_examples=1)
        spelling = self.trained(Spelling, training_data())
        text = "Terve taas! Kylla haluan mutta en tosiaan"
        messages = [Message({TEXT: text}), Message({TEXT: "kyllä haluan"}), Message({TEXT: '/answer{"age": 5}'})]
        for message in classifier.process(spelling.process(messages)):
            self.assertIn("clauses", message.as_dict(only_output_properties=True))
        clauses = messages[0].get("clauses")
        self.assertEqual([clause["intent"] for clause in clauses], ["greet", "affirm", "deny"])
        self.assertEqual([text[c["start"] : c["end"]] for c in clauses], [c["text"] for c in clauses])
        self.assertEqual([m.get("clauses") for m in messages[1:]], [[], []])

    def with_vectors(self) -> TrainingData:
        data = training_data()
        for number, message in enumerate(data.training_examples):
            row = np.eye(4, dtype=np.float32)[[number // 8]]
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, "vectors"))
        return data

    def test_vectors_are_asked_for_in_doubt_only_and_once(self) -> None:
        class Counting:
            asked = 0

            def encode(self, texts: list[str]) -> np.ndarray:
                self.asked += 1
                return np.eye(4, dtype=np.float32)[[2] * len(texts)]

        data = self.with_vectors()
        for sure, asked in [(0.3, 0), (1.1, 1)]:
            classifier = self.trained(FinnishIntentClassifier, data, f"sure {sure}", min_examples=1, sure=sure)
            embedder, message = Counting(), Message({TEXT: "joo totta kai"})
            promise_vector(message, embedder)
            classifier.process([message])
            self.assertEqual(embedder.asked, asked)
            dense_features(message)
            dense_features(message)
            self.assertEqual(embedder.asked, 1)

    def test_a_message_that_may_be_a_crisis_is_looked_at_with_vectors(self) -> None:
        class Counting:
            asked = 0

            def encode(self, texts: list[str]) -> np.ndarray:
                self.asked += 1
                return np.eye(4, dtype=np.float32)[[3] * len(texts)]

        for calm, asked in [(0.0, 1), (1.1, 0)]:
            classifier = self.trained(FinnishIntentClassifier, self.with_vectors(), f"calm {calm}", sure=0.0)
            detector = SafetyDetector.create(*self.arguments(SafetyDetector, calm=calm))
            embedder, message = Counting(), Message({TEXT: "moi vaan"})
            promise_vector(message, embedder)
            detector.process(classifier.process([message]))
            self.assertEqual(embedder.asked, asked)

    def test_an_untrained_classifier_says_nothing(self) -> None:
        classifier = FinnishIntentClassifier.load(*self.arguments(FinnishIntentClassifier, "nowhere"))
        message = Message({TEXT: "moi"})
        classifier.process([message])
        self.assertIsNone(message.get(INTENT)["name"])

    def test_context_shifts_only_with_metadata(self) -> None:
        ranking = [{"name": "ask_service", "confidence": 0.5}, {"name": "affirm", "confidence": 0.4}]
        for metadata, first in [(None, "ask_service"), ({"state": {"awaiting": "wants_work"}}, "affirm")]:
            message = Message({TEXT: "joo", "metadata": metadata, "intent_ranking": list(ranking)})
            message.set(INTENT, ranking[0])
            ContextPrior.create(*self.arguments(ContextPrior)).process([message])
            self.assertEqual(message.get(INTENT)["name"], first)
            self.assertAlmostEqual(sum(e["confidence"] for e in message.get("intent_ranking")), 0.9)

    def test_metadata_of_any_shape_is_borne(self) -> None:
        for metadata in ({}, {"state": None}, {"state": {"awaiting": 5}}, {"state": []}, "text"):
            message = Message({TEXT: "joo", "metadata": metadata, "intent_ranking": [{"name": "a", "confidence": 1.0}]})
            ContextPrior.create(*self.arguments(ContextPrior)).process([message])

    def test_safety_wins_over_fallback_and_context_and_keeps_the_ranking(self) -> None:
        detector = SafetyDetector.create(*self.arguments(SafetyDetector))
        ranking = [{"name": "nlu_fallback", "confidence": 0.4}, {"name": "affirm", "confidence": 0.3}]
        message = Message(
            {
                TEXT: "joo. haluan kuolla",
                INTENT: ranking[0],
                "intent_ranking": ranking,
                "metadata": {"state": {"awaiting": "wants_work"}},
            }
        )
        detector.process([message])
        self.assertEqual(message.get(INTENT)["name"], "crisis")
        self.assertEqual([entry["name"] for entry in message.get("intent_ranking")], ["nlu_fallback", "affirm"])

    def test_safety_leaves_the_harmless_and_payloads_alone(self) -> None:
        detector = SafetyDetector.create(*self.arguments(SafetyDetector))
        for text in ("tapan aikaa", '/answer{"x": "haluan kuolla"}', ""):
            message = Message({TEXT: text, INTENT: {"name": "affirm", "confidence": 0.9}})
            detector.process([message])
            self.assertEqual(message.get(INTENT)["name"], "affirm")

    def test_what_the_classifier_finds_improbable_is_an_alarm_all_the_same(self) -> None:
        classifier = self.trained(FinnishIntentClassifier, training_data(), min_examples=1)
        text = "joo kyllä moi elämällä"
        for threshold, kind in [(0.01, "crisis"), (0.99, "affirm")]:
            message = Message({TEXT: text})
            classifier.process([message])
            odds = {entry["name"]: entry["confidence"] for entry in message.get("intent_ranking")}
            self.assertEqual(message.get(INTENT)["name"], "affirm")
            self.assertTrue(0.01 < odds["crisis"] < 0.5, odds)
            SafetyDetector.create(*self.arguments(SafetyDetector, threshold=threshold)).process([message])
            self.assertEqual(message.get(INTENT)["name"], kind)

    def test_a_bare_value_is_not_judged_by_the_model(self) -> None:
        classifier = self.trained(FinnishIntentClassifier, training_data(), min_examples=1)
        detector = SafetyDetector.create(*self.arguments(SafetyDetector, threshold=0.0))
        for text, end, kind in [("kasi", 4, "affirm"), ("kasi!", 4, "affirm"), ("kasi joo", 4, "crisis")]:
            message = Message({TEXT: text, "entities": [{"entity": "work_ability_score", "start": 0, "end": end}]})
            classifier.process([message])
            message.set(INTENT, {"name": "affirm", "confidence": 0.9})
            detector.process([message])
            self.assertEqual(message.get(INTENT)["name"], kind)

    def test_entities_come_with_names_of_the_catalogue_and_a_given_day(self) -> None:
        extractor = self.trained(FinnishEntityExtractor, training_data())
        message = Message({TEXT: "asun Hollolassa, synnyin 1980", "metadata": {"today": "2026-11-22"}})
        extractor.process([message])
        found = {entity["entity"]: entity["value"] for entity in message.get("entities")}
        self.assertEqual(found, {"municipality": "Hollola", "age": 46})

    def test_a_missing_catalogue_is_borne(self) -> None:
        extractor = self.trained(FinnishEntityExtractor, training_data(), catalogue="no/such/folder")
        message = Message({TEXT: "58v"})
        extractor.process([message])
        self.assertEqual(message.get("entities")[0]["value"], 58)

    def test_the_catalogue_is_read_and_its_change_shows(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "municipalities.yml"
            path.write_text("- {name: Lahti, stems: [lahti]}", encoding="utf-8")
            before = FinnishEntityExtractor.fingerprint_addon({"catalogue": folder})
            self.assertEqual(read_catalogue(Path(folder))["municipalities"], [{"name": "Lahti", "stems": ["lahti"]}])
            path.write_text("- {name: Iitti, stems: [iitti]}", encoding="utf-8")
            self.assertNotEqual(before, FinnishEntityExtractor.fingerprint_addon({"catalogue": folder}))

    def test_payload_entities_come_through(self) -> None:
        domain = Domain.from_dict({"intents": ["answer"], "entities": ["wants_work"]})
        message = NLUMessageConverter().convert_user_message([UserMessage('/answer{"wants_work": "yes"}')])[0]
        detector = SafetyDetector.create(*self.arguments(SafetyDetector))
        extractor = self.trained(FinnishEntityExtractor, training_data())
        parsed = RegexMessageHandler().process(detector.process(extractor.process([message])), domain)[0]
        self.assertEqual(parsed.get(INTENT)["name"], "answer")
        self.assertEqual([(e["entity"], e["value"]) for e in parsed.get("entities")], [("wants_work", "yes")])

    def test_featurizers_without_their_models_add_nothing(self) -> None:
        for component, loader in [(E5Featurizer, "load_e5"), (FloretFeaturizer, "load_floret")]:
            with mock.patch(f"bot.components.featurizers.{loader}", return_value=None):
                featurizer = component.create(*self.arguments(component))
                message = Message({TEXT: "moi"})
                featurizer.process([message])
                featurizer.process_training_data(TrainingData([message]))
                self.assertEqual(message.features, [])

    def test_a_missing_model_is_told_once(self) -> None:
        logging.disable(logging.NOTSET)
        for loader, broken in [(embedders.load_e5, "E5Embedder"), (embedders.load_floret, "FloretEmbedder")]:
            loader.cache_clear()
            self.addCleanup(loader.cache_clear)
            with (
                mock.patch.object(embedders, broken, side_effect=ImportError("gone")),
                self.assertLogs("bot.components.embedders", "WARNING") as logs,
            ):
                self.assertIsNone(loader())
                self.assertIsNone(loader())
            self.assertEqual(len(logs.output), 1)

    def test_the_network_tells_apart_what_no_straight_line_does(self) -> None:
        sides = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 64, dtype=np.float32) * 2 - 1
        truth = np.array([0, 1, 1, 0] * 64)
        none = csr_matrix((len(truth), 1), dtype=np.float32)
        straight = fit(none, sides, truth, 2, Training(epochs=40)).scores(none, sides).argmax(axis=1)
        training = HiddenTraining(units=16, epochs=60, unit_dropout=0.0, batch=32)
        bent = fit_hidden(none, sides, truth, 2, training).scores(none, sides).argmax(axis=1)
        self.assertLess((straight == truth).mean(), 0.8)
        self.assertEqual((bent == truth).mean(), 1.0)

    def test_a_model_with_and_without_network_answers_the_same_after_loading(self) -> None:
        texts = [text for texts in EXAMPLES.values() for text in texts]
        labels = [intent for intent, texts in EXAMPLES.items() for _ in texts]
        vectors = np.random.default_rng(1).random((len(texts), 4), dtype=np.float32)
        for units in (0, 8):
            model = IntentModel(IntentModelConfig(min_examples=1, hidden_units=units)).fit(texts, vectors, labels)
            with tempfile.TemporaryDirectory() as folder:
                model.save(Path(folder))
                loaded = IntentModel.load(Path(folder))
            for dense in (None, vectors):
                told, again = model.predict(texts, dense), loaded.predict(texts, dense)
                np.testing.assert_allclose(told, again, atol=2e-3)
                np.testing.assert_allclose(told.sum(axis=1), 1.0, atol=1e-5)

    def test_cached_vectors_are_asked_for_once(self) -> None:
        class Counting:
            dimension = 2
            asked: list[str] = []  # noqa: RUF012

            def encode(self, texts: list[str]) -> np.ndarray:
                self.asked.extend(texts)
                return np.array([[len(text), 1] for text in texts], dtype=np.float32)

        embedder = Counting()
        with tempfile.TemporaryDirectory() as folder:
            first = encode_with_cache(embedder, ["a", "bb", "a"], "x", Path(folder))
            second = encode_with_cache(embedder, ["bb", "ccc"], "x", Path(folder))
            (Path(folder) / "x.npz").write_bytes(b"broken")
            encode_with_cache(embedder, ["a"], "x", Path(folder))
        self.assertEqual(first.tolist(), [[1, 1], [2, 1], [1, 1]])
        self.assertEqual(second.tolist(), [[2, 1], [3, 1]])
        self.assertEqual(embedder.asked, ["a", "bb", "ccc", "a"])


if __name__ == "__main__":
    unittest.main()
