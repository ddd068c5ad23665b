"""Sentence vectors of training examples, kept between trainings: only new examples cost time.

Holds hashes of texts and their vectors, in the user's cache folder. A folder that cannot be written, or a file that
cannot be read, only costs the time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.components.embedders import Embedder, Matrix

logger = logging.getLogger(__name__)


def cache_folder() -> Path:
    """The user's cache folder for this project; `XDG_CACHE_HOME` moves it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tienviitta"


def encode_with_cache(embedder: Embedder, texts: Sequence[str], name: str, folder: Path | None = None) -> Matrix:
    """A row for each text, as ``embedder.encode`` gives it, rounded to half precision.

    Args:
        embedder: asked for what is not in the cache.
        texts: the texts.
        name: of the file; another model needs another name.
        folder: where the file is; by default :func:`cache_folder`.
    """
    path = (folder or cache_folder()) / f"{name}.npz"
    known = _read(path, embedder.dimension)
    keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        rows = embedder.encode(list(missing.values())).astype(np.float16)
        known.update(zip(missing, rows, strict=True))
        _write(path, known)
    found = [known[key] for key in keys]
    return np.asarray(found, dtype=np.float32).reshape(len(texts), embedder.dimension)


def _read(path: Path, dimension: int) -> dict[bytes, NDArray[np.float16]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            keys, rows = stored["keys"], stored["rows"]
    except (OSError, ValueError, KeyError, EOFError):
        return {}
    if rows.ndim != 2 or rows.shape[1] != dimension or keys.shape != (len(rows), 16):
        return {}
    return {key.tobytes(): row for key, row in zip(keys, rows, strict=True)}


def _write(path: Path, known: dict[bytes, NDArray[np.float16]]) -> None:
    keys = np.frombuffer(b"".join(known), dtype=np.uint8).reshape(-1, 16)
    rows = np.asarray(list(known.values()), dtype=np.float16)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, keys=keys, rows=rows)
        Path(file.name).replace(path)
    except OSError as error:
        logger.info("Sentence vectors are not kept for the next training (%s)", error)
