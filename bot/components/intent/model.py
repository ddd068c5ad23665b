"""Softmax regression over words, characters and sentence vectors; saved without pickles.

It holds two sets of weights: one with sentence vectors and one without, so that a process where the pretrained
models are not to be had still answers sensibly.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GroupShuffleSplit

from bot.components.finnish.text import fold, normalise
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
        calibration_share: share of the examples, 0..0.5, that a first fit leaves out so that confidence can be
            calibrated on them; 0 leaves it as it is.
    """

    word_weight: float = 1.0
    char_weight: float = 1.0
    dense_weight: float = 1.5
    char_ngrams: int = 5
    word_ngrams: int = 2
    min_examples: int = 3
    epochs: int = 14
    step: float = 0.02
    decay: float = 0.05
    smoothing: float = 0.05
    seed: int = 20260101
    calibration_share: float = 0.15

    @property
    def training(self) -> Training:
        """How the weights are found."""
        return Training(epochs=self.epochs, step=self.step, decay=self.decay, smoothing=self.smoothing, seed=self.seed)


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
        self._heads: dict[str, tuple[Weights, float]] = {}
        self.held_out: tuple[NDArray[np.int64], Floats] | None = None
        """After :meth:`fit`: numbers of the examples that were left out for calibration, and the odds that a model
        which did not see them gave; None without calibration."""

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
        if dense is None or not self.dense_dimension:
            self._heads = {"words": self._fit_head(sparse, None, truth, parts)}
            return self
        full = self._fit_head(sparse, dense * self.config.dense_weight, truth, parts)
        words = fit(sparse, None, truth, len(self.classes), self.config.training)
        self._heads = {"full": full, "words": (words, full[1])}
        return self

    def _fit_head(
        self, rows: csr_matrix, dense: Floats | None, truth: NDArray[np.int64], groups: NDArray[np.int64]
    ) -> tuple[Weights, float]:
        count = len(self.classes)
        temperature = 1.0
        share = self.config.calibration_share
        if share > 0 and len(np.unique(groups)) >= 2 * count:
            split = GroupShuffleSplit(n_splits=1, test_size=share, random_state=self.config.seed)
            seen, left_out = next(split.split(rows, truth, groups))
            weights = fit(rows[seen], None if dense is None else dense[seen], truth[seen], count, self.config.training)
            scores = weights.scores(rows[left_out], None if dense is None else dense[left_out])
            temperature = best_temperature(scores, truth[left_out])
            self.held_out = (left_out, softmax(np.asarray(scores / temperature, dtype=np.float32)))
        return fit(rows, dense, truth, count, self.config.training), temperature

    def predict(self, texts: Sequence[str], dense: Floats | None) -> Floats:
        """How likely each class is: a row for each text, a column for each of :attr:`classes`.

        Without sentence vectors (None, or of another length than in training) words and characters decide alone.
        """
        sparse = self._counts.transform(texts)
        if "full" in self._heads and dense is not None and dense.shape[1] == self.dense_dimension:
            weights, temperature = self._heads["full"]
            scores = weights.scores(sparse, dense * self.config.dense_weight)
        else:
            weights, temperature = self._heads["words"]
            scores = weights.scores(sparse, None)
        return softmax(np.asarray(scores / temperature, dtype=np.float32))

    def save(self, folder: Path) -> None:
        """Write the model as JSON and arrays."""
        names, numbers = self._counts.state()
        temperatures = {}
        for head, (weights, temperature) in self._heads.items():
            numbers[f"{head}_sparse"] = weights.sparse.astype(np.float16)  # half the file, the same answers
            numbers[f"{head}_bias"] = weights.bias
            if weights.dense is not None:
                numbers[f"{head}_dense"] = weights.dense
            temperatures[head] = temperature
        about = {
            "config": asdict(self.config),
            "classes": self.classes,
            "dense_dimension": self.dense_dimension,
            "temperatures": temperatures,
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
        model._heads = {
            head: (
                Weights(numbers[f"{head}_sparse"], numbers.get(f"{head}_dense"), numbers[f"{head}_bias"]),
                temperature,
            )
            for head, temperature in about["temperatures"].items()
        }
        return model
