"""Softmax regression and a small network over words, characters and sentence vectors; saved without pickles.

It holds two sets of weights: one with sentence vectors and one without, so that a process where the pretrained
models are not to be had still answers sensibly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupShuffleSplit

from bot.components.finnish.text import fold, normalise
from bot.components.intent.hidden_layer import HiddenTraining, HiddenWeights, fit_hidden
from bot.components.intent.softmax_regression import Training, Weights, fit, softmax

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class IntentModelConfig:
    """What the model is trained with.

    Attributes:
        word_weight, char_weight, dense_weight: how much each kind of feature counts.
        char_ngrams, word_ngrams: the longest piece, in characters and in words.
        min_examples: a piece that fewer examples have is left out.
        epochs, step, decay, smoothing, seed: see :class:`~bot.components.intent.softmax_regression.Training`.
        hidden_units: of the network beside the regression; 0 for the regression alone.
        hidden_share: how much the network's scores count beside the regression's.
        calibration_share: share of the examples, 0..0.5, that a first fit leaves out so that confidence can be
            calibrated on them; 0 leaves it as it is.
    """

    word_weight: float = 1.0
    char_weight: float = 1.0
    dense_weight: float = 1.5
    char_ngrams: int = 5
    word_ngrams: int = 2
    min_examples: int = 3
    epochs: int = 8
    step: float = 0.02
    decay: float = 0.05
    smoothing: float = 0.05
    seed: int = 20260101
    hidden_units: int = 128
    hidden_share: float = 0.5
    calibration_share: float = 0.15

    @property
    def training(self) -> Training:
        """How the regression's weights are found."""
        return Training(epochs=self.epochs, step=self.step, decay=self.decay, smoothing=self.smoothing, seed=self.seed)

    @property
    def hidden_training(self) -> HiddenTraining:
        """How the network's weights are found."""
        return HiddenTraining(units=self.hidden_units, smoothing=self.smoothing, seed=self.seed)


_PIECE = r"(?u)\w+|[^\w\s]"


def _prepare(text: str) -> str:
    return fold(normalise(text))


class Counts:
    """Weighted counts of words and of pieces of words, in texts without ä and ö."""

    def __init__(self, config: IntentModelConfig) -> None:
        self._config = config
        self._words = self._vectorizer("word")
        self._chars = self._vectorizer("char_wb")

    def _vectorizer(self, analyzer: str) -> TfidfVectorizer:
        longest = self._config.word_ngrams if analyzer == "word" else self._config.char_ngrams
        return TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=(1, longest),
            token_pattern=_PIECE if analyzer == "word" else None,
            lowercase=False,
            min_df=self._config.min_examples,
            sublinear_tf=True,
            dtype=np.float32,
        )

    def fit(self, texts: Sequence[str]) -> csr_matrix:
        """Learn which pieces there are, and give the rows of these texts."""
        prepared = [_prepare(text) for text in texts]
        self._words.fit(prepared)
        self._chars.fit(prepared)
        return self._rows(prepared)

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """One row for each text."""
        return self._rows([_prepare(text) for text in texts])

    def _rows(self, prepared: Sequence[str]) -> csr_matrix:
        words = self._words.transform(prepared) * self._config.word_weight
        chars = self._chars.transform(prepared) * self._config.char_weight
        return csr_matrix(hstack([words, chars]), dtype=np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, Floats]]:
        """What to save: names for JSON, numbers for arrays."""
        names, numbers = {}, {}
        for name, vectorizer in [("words", self._words), ("chars", self._chars)]:
            names[name] = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
            numbers[f"{name}_idf"] = np.asarray(vectorizer.idf_, dtype=np.float32)
        return names, numbers

    def restore(self, names: dict[str, Any], numbers: dict[str, Floats]) -> None:
        """Take over what :meth:`state` gave."""
        for name, vectorizer in [("words", self._words), ("chars", self._chars)]:
            vectorizer.vocabulary_ = {piece: i for i, piece in enumerate(names[name])}
            vectorizer.idf_ = np.asarray(numbers[f"{name}_idf"], dtype=np.float32)


@dataclass(frozen=True)
class Head:
    """What gives scores from one choice of features: the regression, and the network where there is one.

    Attributes:
        linear: the regression.
        hidden: the network, or None.
        share: how much the network's scores count beside the regression's.
        temperature: what scores are divided by, see :func:`best_temperature`.
    """

    linear: Weights
    hidden: HiddenWeights | None
    share: float
    temperature: float = 1.0

    def scores(self, rows: csr_matrix, dense: Floats | None) -> Floats:
        """A score for each row and class, before the temperature."""
        scores = self.linear.scores(rows, dense)
        return scores if self.hidden is None else scores + np.float32(self.share) * self.hidden.scores(rows, dense)

    def odds(self, rows: csr_matrix, dense: Floats | None) -> Floats:
        """How likely each class is."""
        return softmax(np.asarray(self.scores(rows, dense) / self.temperature, dtype=np.float32))

    def state(self) -> dict[str, Floats]:
        """Its arrays by name; those as wide as the features in half the digits, which give the same answers."""
        parts = {"sparse": self.linear.sparse.astype(np.float16), "dense": self.linear.dense, "bias": self.linear.bias}
        if self.hidden is not None:
            parts["hidden_sparse"] = self.hidden.sparse.astype(np.float16)
            parts["hidden_dense"] = self.hidden.dense
            parts["hidden_bias"] = self.hidden.bias
            parts["out"], parts["out_bias"] = self.hidden.out, self.hidden.out_bias
        return {name: numbers for name, numbers in parts.items() if numbers is not None}

    @classmethod
    def restored(cls, numbers: dict[str, Floats], share: float, temperature: float) -> Head:
        """Take over what :meth:`state` gave."""
        hidden = None
        if "out" in numbers:
            hidden = HiddenWeights(
                numbers["hidden_sparse"],
                numbers.get("hidden_dense"),
                numbers["hidden_bias"],
                numbers["out"],
                numbers["out_bias"],
            )
        linear = Weights(numbers["sparse"], numbers.get("dense"), numbers["bias"])
        return cls(linear, hidden, share, temperature)


def best_temperature(scores: Floats, truth: NDArray[np.int64]) -> float:
    """The number that scores are divided by so that confidence is as often right as it says."""

    def loss(temperature: float) -> float:
        odds = softmax(np.asarray(scores / temperature, dtype=np.float32))
        return float(-np.log(odds[np.arange(len(truth)), truth] + 1e-9).mean())

    return float(min(np.geomspace(0.2, 3.0, 80), key=loss))


class IntentModel:
    """Says how likely each class is for a text.

    Args:
        config: what it is trained with.
    """

    def __init__(self, config: IntentModelConfig | None = None) -> None:
        self.config = config or IntentModelConfig()
        self.classes: list[str] = []
        self.dense_dimension = 0
        self._counts = Counts(self.config)
        self._heads: dict[str, Head] = {}

    def fit(
        self,
        texts: Sequence[str],
        dense: Floats | None,
        labels: Sequence[str],
        groups: Sequence[int] | None = None,
    ) -> IntentModel:
        """Learn from examples.

        Args:
            texts: the examples.
            dense: their sentence vectors, a row each, or None where there are none.
            labels: the class of each.
            groups: examples with the same number are copies of one another, and are never on both sides of a split.

        Raises:
            ValueError: fewer than two classes.
        """
        self.classes = sorted(set(labels))
        if len(self.classes) < 2:
            raise ValueError("an intent classifier needs examples of at least two intents")
        place = {name: i for i, name in enumerate(self.classes)}
        truth = np.array([place[label] for label in labels], dtype=np.int64)
        sparse = self._counts.fit(texts)
        self.dense_dimension = 0 if dense is None else int(dense.shape[1])
        parts = np.arange(len(texts)) if groups is None else np.asarray(groups)
        features: dict[str, Floats | None] = {"words": None}
        if dense is not None and self.dense_dimension:
            features["full"] = dense * np.float32(self.config.dense_weight)
        # Beside one another: most of the time goes to arithmetic outside the interpreter's lock.
        with ThreadPoolExecutor(len(features)) as pool:
            fitted = {name: pool.submit(self._fit_head, sparse, rows, truth, parts) for name, rows in features.items()}
            self._heads = {name: head.result() for name, head in fitted.items()}
        return self

    def _fit_head(
        self, rows: csr_matrix, dense: Floats | None, truth: NDArray[np.int64], groups: NDArray[np.int64]
    ) -> Head:
        share = self.config.calibration_share
        temperature = 1.0
        if share > 0 and len(np.unique(groups)) >= 2 * len(self.classes):
            split = GroupShuffleSplit(n_splits=1, test_size=share, random_state=self.config.seed)
            seen, left_out = next(split.split(rows, truth, groups))
            trial = self._uncalibrated(rows[seen], None if dense is None else dense[seen], truth[seen])
            scores = trial.scores(rows[left_out], None if dense is None else dense[left_out])
            temperature = best_temperature(scores, truth[left_out])
        return replace(self._uncalibrated(rows, dense, truth), temperature=temperature)

    def _uncalibrated(self, rows: csr_matrix, dense: Floats | None, truth: NDArray[np.int64]) -> Head:
        count = len(self.classes)
        hidden = None
        if self.config.hidden_units:
            hidden = fit_hidden(rows, dense, truth, count, self.config.hidden_training)
        return Head(fit(rows, dense, truth, count, self.config.training), hidden, self.config.hidden_share)

    def predict(self, texts: Sequence[str], dense: Floats | None) -> Floats:
        """How likely each class is: a row for each text, a column for each of :attr:`classes`.

        Without sentence vectors (None, or of another length than in training) words and characters decide alone.
        """
        sparse = self._counts.transform(texts)
        if "full" in self._heads and dense is not None and dense.shape[1] == self.dense_dimension:
            return self._heads["full"].odds(sparse, dense * np.float32(self.config.dense_weight))
        return self._heads["words"].odds(sparse, None)

    def save(self, folder: Path) -> None:
        """Write the model as JSON and arrays."""
        names, numbers = self._counts.state()
        for name, head in self._heads.items():
            numbers.update({f"{name}.{part}": array for part, array in head.state().items()})
        about = {
            "config": asdict(self.config),
            "classes": self.classes,
            "dense_dimension": self.dense_dimension,
            "temperatures": {name: head.temperature for name, head in self._heads.items()},
            "pieces": names,
        }
        (folder / "model.json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
        arrays: dict[str, Any] = dict(numbers)
        np.savez(folder / "model.npz", **arrays)

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        """Read what :meth:`save` wrote."""
        about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        model = cls(IntentModelConfig(**about["config"]))
        model.classes = about["classes"]
        model.dense_dimension = about["dense_dimension"]
        with np.load(folder / "model.npz", allow_pickle=False) as arrays:
            numbers = {name: arrays[name].astype(np.float32) for name in arrays.files}
        model._counts.restore(about["pieces"], numbers)
        for name, temperature in about["temperatures"].items():
            parts = {key.partition(".")[2]: array for key, array in numbers.items() if key.startswith(f"{name}.")}
            model._heads[name] = Head.restored(parts, model.config.hidden_share, temperature)
        return model
