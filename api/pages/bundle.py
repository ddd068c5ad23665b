"""The widget as one file: its modules and stylesheets joined, so that a page needs one request and one checksum.

Nothing is installed for it. The modules keep to a small part of the language that this understands: ``import {…} from
"./x.js"`` and ``import name from "./x.css"`` at the top, ``export`` before ``const``, ``function`` or ``class``.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from api import VERSION

STATIC = Path(__file__).resolve().parent.parent / "static"
ENTRY = STATIC / "widget.js"

_IMPORT = re.compile(r'^import (?P<names>\{[^}]*\}|\w+) from "(?P<path>\./[^"]+|\.\./[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (?P<name>\w+))", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^\s*/\*\*?.*?\*/\n", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
_INDENT = re.compile(r"^\s+", re.MULTILINE)


class BundleError(ValueError):
    """A module uses something that the joining does not understand; names the file."""


@dataclass(frozen=True)
class Bundle:
    """The widget's code, ready to be served."""

    code: bytes

    @cached_property
    def gzipped(self) -> bytes:
        """The code as it is sent to a browser that takes gzip."""
        return gzip.compress(self.code, 9, mtime=0)

    @cached_property
    def integrity(self) -> str:
        """The checksum for the ``integrity`` attribute."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.code).digest()).decode()

    @cached_property
    def name(self) -> str:
        """The file's name with the version and a part of the checksum: what is under it never changes."""
        return f"widget-{VERSION}-{hashlib.sha256(self.code).hexdigest()[:8]}.js"


def widget() -> Bundle:
    """The widget as its files are now.

    Raises:
        BundleError: when a module cannot be joined.
        OSError: when a file is missing.
    """
    files = _files(ENTRY)
    return _join(tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=1)
def _join(files: tuple[tuple[Path, int], ...]) -> Bundle:
    parts = [_css(path) if path.suffix == ".css" else _module(path) for path, _ in files]
    return Bundle("".join(parts).encode())


def _files(entry: Path) -> list[Path]:
    """The module and all that it imports, what is needed first first."""
    found: list[Path] = []
    open_: list[Path] = []

    def visit(path: Path) -> None:
        if path in found:
            return
        if path in open_:
            raise BundleError(f"{path.name} imports itself by way of {open_[-1].name}")
        open_.append(path)
        if path.suffix == ".js":
            for match in _IMPORT.finditer(path.read_text(encoding="utf-8")):
                visit((path.parent / match["path"]).resolve())
        found.append(open_.pop())

    visit(entry)
    return found


def _variable(path: Path) -> str:
    return "_" + re.sub(r"\W", "_", path.relative_to(STATIC).as_posix())


def _css(path: Path) -> str:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\s*\n\s*", "\n", text).strip()
    return f"const {_variable(path)} = {json.dumps(text, ensure_ascii=False)};\n"


def _module(path: Path) -> str:
    """The module as a function of its own that returns what it exports: names of two modules never meet."""

    def take(match: re.Match[str]) -> str:
        source = _variable((path.parent / match["path"]).resolve())
        return f"const {match['names'].replace(' as ', ': ')} = {source};\n"

    text = _BLOCK_COMMENT.sub("", path.read_text(encoding="utf-8"))
    text = _IMPORT.sub(take, _LINE_COMMENT.sub("", text))
    names = [match["name"] for match in _EXPORT.finditer(text)]
    text = _INDENT.sub("", _EXPORT.sub("", text))
    if unknown := re.search(r"^(?:import|export)\b(?!\.meta).*$", text, re.MULTILINE):
        raise BundleError(f"{path.name}: {unknown[0]!r} cannot be joined")
    result = f"return {{ {', '.join(names)} }};\n" if names else ""
    return f"const {_variable(path)} = (() => {{\n{text}{result}}})();\n"
