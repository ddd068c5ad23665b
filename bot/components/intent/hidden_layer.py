"""A network with one hidden layer on the same features as the softmax regression.

It errs elsewhere than the regression does, so the two together are better than either (docs/nlu.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.components.intent.adam import Adam
from bot.components.intent.softmax_regression import Floats, goals, softmax


@dataclass(frozen=True)
class HiddenTraining:
    """How the network is trained.

    Attributes:
        units: of the hidden layer.
        epochs: passes over the examples.
        step: length of a step; it shrinks to nothing over the epochs.
        decay: share of a first-layer weight that is forgotten in each step, times ``step``.
        unit_dropout, feature_dropout: share of hidden units and of features, 0..1, that each step does without.
        smoothing: share of certainty, 0..1, that is spread over all classes.
        batch: examples of a step.
        seed: for first weights, order and dropout.
    """

    units: int = 128
    epochs: int = 8
    step: float = 0.015
    decay: float = 0.05
    unit_dropout: float = 0.5
    feature_dropout: float = 0.2
    smoothing: float = 0.05
    batch: int = 256
    seed: int = 20260101


@dataclass(frozen=True)
class HiddenWeights:
    """Weights from the features to the hidden units, and from these to the classes."""

    sparse: Floats
    dense: Floats | None
    bias: Floats
    out: Floats
    out_bias: Floats

    def scores(self, rows: csr_matrix, dense: Floats | None) -> Floats:
        """A score for each row and class; the higher the likelier."""
        units = rows @ self.sparse + self.bias
        if self.dense is not None and dense is not None:
            units = units + dense @ self.dense
        return np.asarray(np.maximum(units, 0) @ self.out + self.out_bias, dtype=np.float32)


def fit_hidden(
    rows: csr_matrix, dense: Floats | None, truth: NDArray[np.int64], classes: int, training: HiddenTraining
) -> HiddenWeights:
    """The network that tells the classes apart; parameters as for the softmax regression's ``fit``."""
    rng = np.random.default_rng(training.seed)
    count = len(truth)
    balance, target = goals(truth, classes, training.smoothing)

    def first(inputs: int, outputs: int, spread: float, decay: float = 0.0) -> Adam:
        return Adam((rng.standard_normal((inputs, outputs), dtype=np.float32) * np.float32(spread)), decay)

    sparse_part = first(rows.shape[1], training.units, 0.05, training.decay)
    dense_part = None if dense is None else first(dense.shape[1], training.units, 0.05)
    bias_part = Adam(np.zeros(training.units, np.float32))
    out_part = first(training.units, classes, 0.1)
    out_bias = Adam(np.zeros(classes, np.float32))

    def kept(shape: tuple[int, ...], dropped: float) -> Floats:
        return np.asarray((rng.random(shape, dtype=np.float32) >= dropped) / np.float32(1 - dropped), dtype=np.float32)

    batches = max(1, -(-count // training.batch))
    total, done = training.epochs * batches, 0
    for _ in range(training.epochs):
        for chosen in np.array_split(rng.permutation(count), batches):
            batch = rows[chosen]
            batch.data = batch.data * kept(batch.data.shape, training.feature_dropout)
            units = batch @ sparse_part.weights + bias_part.weights
            if dense_part is not None and dense is not None:
                units = units + dense[chosen] @ dense_part.weights
            mask = kept(units.shape, training.unit_dropout) * (units > 0)
            active = units * mask
            error = softmax(np.asarray(active @ out_part.weights + out_bias.weights, dtype=np.float32)) - target[chosen]
            error = np.asarray(error * (balance[chosen] / len(chosen))[:, np.newaxis], dtype=np.float32)
            back = np.asarray((error @ out_part.weights.T) * mask, dtype=np.float32)
            step = training.step * (1 - done / total)
            done += 1
            out_part.move(np.asarray(active.T @ error, dtype=np.float32), step)
            out_bias.move(error.sum(axis=0), step)
            sparse_part.move(np.asarray(batch.T @ back, dtype=np.float32), step)
            if dense_part is not None and dense is not None:
                dense_part.move(np.asarray(dense[chosen].T @ back, dtype=np.float32), step)
            bias_part.move(back.sum(axis=0), step)
    return HiddenWeights(
        sparse_part.weights,
        None if dense_part is None else dense_part.weights,
        bias_part.weights,
        out_part.weights,
        out_bias.weights,
    )
