"""Finnish text as people type it, brought to a form that can be compared."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFE0F, 0xFEFF, 0x00AD])
_REPEATED = re.compile(r"(\D)\1{2,}")
_SPACE = re.compile(r"\s+")
_FOLD = str.maketrans("äöåÄÖÅéè", "aoaAOAee")
_SENTENCE_END = re.compile(r"(?<=[.!?…\n;])\s+|\n+")


def normalise(text: str) -> str:
    """Lower case, one space between words, and no letter or mark more than twice in a row.

    "JOOOOOO!!!!!" becomes "joo!!". Digits keep their number.
    """
    text = unicodedata.normalize("NFC", text).translate(_INVISIBLE).lower()
    text = text.replace("\u2019", "'").replace("\u2013", "-").replace("\u2014", "-")
    return _SPACE.sub(" ", _REPEATED.sub(r"\1\1", text)).strip()


def fold(text: str) -> str:
    """The text with a for ä and å, and o for ö, as many type it. The length stays."""
    return text.translate(_FOLD)


def sentences(text: str) -> list[str]:
    """The text in sentences and lines; an unpunctuated text is one."""
    return [part for part in (piece.strip() for piece in _SENTENCE_END.split(text)) if part]


def windows(text: str, words: int = 14, step: int = 7) -> list[str]:
    """The whole text, its sentences, and overlapping pieces of what is longer than ``words``.

    A single sentence that is short comes back alone.
    """
    found = [text.strip()]
    for sentence in sentences(text):
        found.append(sentence)
        tokens = sentence.split()
        if len(tokens) > words + step:
            found += [" ".join(tokens[start : start + words]) for start in range(0, len(tokens) - step, step)]
    return list(dict.fromkeys(piece for piece in found if piece))
