"""Copies of a text as it is typed in a hurry: without ä and ö, with slips, without marks."""

from __future__ import annotations

import random

from bot.components.finnish.text import fold

# Neighbours on the Finnish keyboard, for letters only.
NEIGHBOURS = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wrsd", "f": "drtgvc", "g": "ftyhbv",
    "h": "gyujnb", "i": "uojk", "j": "huikmn", "k": "jiolm", "l": "köop", "m": "njk", "n": "bhjm", "o": "iplk",
    "p": "oöå", "r": "etdf", "s": "awedxz", "t": "ryfg", "u": "yihj", "v": "cfgb", "y": "tugh", "ä": "öå",
    "ö": "äpl",
}  # fmt: skip


def slip(word: str, rng: random.Random) -> str:
    """The word with one slip: a letter left out, doubled, swapped with the next, or replaced by its neighbour.

    Words of fewer than four letters come back as they are.
    """
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    kind = rng.choice(["drop", "double", "swap", "neighbour"])
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[: at + 1] + word[at] + word[at + 1 :]
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    letter = word[at].lower()
    return word[:at] + rng.choice(NEIGHBOURS.get(letter, letter)) + word[at + 1 :]


def with_slips(text: str, rng: random.Random, share: float = 1.0) -> str:
    """The text with a slip in each word, or in a ``share`` (0..1) of them."""
    return " ".join(slip(word, rng) if rng.random() < share else word for word in text.split(" "))


def noisy_copy(text: str, rng: random.Random) -> str:
    """A copy as another hand would type it; the same text where nothing could be changed."""
    kind = rng.choice(["fold", "slips", "slips", "fold_slips"])
    copy = text
    if kind != "slips":
        copy = fold(copy)
    if kind != "fold":
        copy = with_slips(copy, rng, share=rng.choice([0.5, 1.0]))
    return copy
