"""Adam: steps down a slope whose length each weight finds for itself (Kingma and Ba, 2015), with weights that fade."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_AT_ONCE = 2**18
"""Weights that are moved at once: few enough to stay in the processor's cache, for a third of the time."""


class Adam:
    """Weights, and how they are moved.

    Args:
        weights: where they begin; changed in place.
        decay: share of a weight that is forgotten in each step, times the step's length.
    """

    def __init__(self, weights: Floats, decay: float = 0.0) -> None:
        self.weights = weights
        self._mean = np.zeros_like(weights)
        self._square = np.zeros_like(weights)
        self._decay = decay
        self._count = 0

    def move(self, slope: Floats, step: float) -> None:
        """One step down the slope."""
        self._count += 1
        size = np.float32(step * np.sqrt(1 - 0.99**self._count) / (1 - 0.9**self._count))
        kept = np.float32(1 - step * self._decay)
        rows = max(1, _AT_ONCE // max(1, self.weights[0].size))
        for start in range(0, len(self.weights), rows):
            part = slice(start, start + rows)
            weights, mean, square = self.weights[part], self._mean[part], self._square[part]
            scratch = slope[part] * np.float32(0.1)
            mean *= np.float32(0.9)
            mean += scratch
            np.multiply(slope[part], slope[part], out=scratch)
            scratch *= np.float32(0.01)
            square *= np.float32(0.99)
            square += scratch
            np.sqrt(square, out=scratch)
            scratch += np.float32(1e-5)
            np.divide(mean, scratch, out=scratch)
            scratch *= size
            weights -= scratch
            weights *= kept
