"""Softmax regression on wide sparse rows and narrow dense ones, trained in small steps.

Scikit-learn's solvers pass over all examples for every step: minutes where this takes seconds, for the same answers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.components.intent.adam import Adam

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Training:
    """How the weights are found.

    Attributes:
        epochs: passes over the examples.
        step: length of a step (of Adam); it shrinks to nothing over the epochs.
        decay: share of a weight that is forgotten in each step, times ``step``.
        smoothing: share of certainty, 0..1, that is spread over all classes, against being too sure.
        batch: examples of a step.
        seed: for the order of the examples.
    """

    epochs: int = 14
    step: float = 0.02
    decay: float = 0.05
    smoothing: float = 0.05
    batch: int = 256
    seed: int = 20260101


@dataclass(frozen=True)
class Weights:
    """A weight for each feature and class."""

    sparse: Floats
    dense: Floats | None
    bias: Floats

    def scores(self, rows: csr_matrix, dense: Floats | None) -> Floats:
        """A score for each row and class; the higher the likelier."""
        scores = rows @ self.sparse + self.bias
        if self.dense is not None and dense is not None:
            scores = scores + dense @ self.dense
        return np.asarray(scores, dtype=np.float32)


def softmax(scores: Floats) -> Floats:
    """Scores, a row for each text, as odds that sum to one."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def goals(truth: NDArray[np.int64], classes: int, smoothing: float) -> tuple[Floats, Floats]:
    """What each example weighs, so that rare classes count as much as frequent ones, and the odds it should get."""
    count = len(truth)
    frequency = np.bincount(truth, minlength=classes).astype(np.float32)
    balance = np.sqrt(count / (classes * np.maximum(frequency, 1)))[truth].astype(np.float32)
    target = np.full((count, classes), smoothing / classes, dtype=np.float32)
    target[np.arange(count), truth] += 1 - smoothing
    return balance, target


def fit(rows: csr_matrix, dense: Floats | None, truth: NDArray[np.int64], classes: int, training: Training) -> Weights:
    """The weights that tell the classes apart. Rare classes weigh as much as frequent ones.

    Args:
        rows: sparse features, a row for each example.
        dense: dense features, or None.
        truth: the class of each, 0 to ``classes`` - 1.
        classes: how many there are.
        training: how the weights are found.
    """
    count = len(truth)
    balance, target = goals(truth, classes, training.smoothing)
    sparse_part = Adam(np.zeros((rows.shape[1], classes), np.float32), training.decay)
    dense_part = None if dense is None else Adam(np.zeros((dense.shape[1], classes), np.float32), training.decay)
    bias_part = Adam(np.zeros(classes, np.float32), training.decay)
    rng = np.random.default_rng(training.seed)
    batches = max(1, -(-count // training.batch))
    total, done = training.epochs * batches, 0
    for _ in range(training.epochs):
        for chosen in np.array_split(rng.permutation(count), batches):
            batch = rows[chosen]
            scores = batch @ sparse_part.weights + bias_part.weights
            if dense_part is not None and dense is not None:
                scores = scores + dense[chosen] @ dense_part.weights
            error = (softmax(scores) - target[chosen]) * (balance[chosen] / len(chosen))[:, np.newaxis]
            step = training.step * (1 - done / total)
            done += 1
            sparse_part.move(np.asarray(batch.T @ error, dtype=np.float32), step)
            if dense_part is not None and dense is not None:
                dense_part.move(np.asarray(dense[chosen].T @ error, dtype=np.float32), step)
            bias_part.move(np.asarray(error.sum(axis=0), dtype=np.float32), step)
    return Weights(sparse_part.weights, None if dense_part is None else dense_part.weights, bias_part.weights)
