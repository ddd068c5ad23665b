"""Compiles ``shim.c`` and tells it what is to go wrong."""

from __future__ import annotations

import contextlib
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("shim.c")


class Shim:
    """Faults of disk and clock for the processes that get ``environment``."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler for the shim")
        self.folder = folder
        library = folder / "shim.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"], check=True)
        self.environment = {"LD_PRELOAD": str(library), "SHIM_FOLDER": str(folder)}
        self.set_clock(0)

    def set_clock(self, seconds: int) -> None:
        """Put the clock so many seconds off."""
        path = self.folder / "clock"
        # In place: the processes have this very file in their memory.
        with path.open("r+b" if path.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))

    @contextlib.contextmanager
    def failing(self, what: str) -> Iterator[None]:
        """While the block runs, ``fsync`` fails or the disk is ``full``."""
        path = self.folder / what
        path.touch()
        try:
            yield
        finally:
            path.unlink()
