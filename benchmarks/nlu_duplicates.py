"""Finds training examples that are too much alike, and held-out utterances that were trained on.

    ./tienviitta nlu duplicates

Two examples are the same when they differ in capitals, marks and repeated letters only (across intents also in
dots), and near when they have five words or more and differ in one. Near ones teach nothing within an intent, and
contradict one another across two.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import yaml

from benchmarks.nlu_parse import ROOT, quiet_alarms, training_examples, utterances
from bot.components.finnish.text import fold, normalise

LEAST_EXAMPLES = 200
LEAST_HELD_OUT = 25
MOST_NEAR = 0.03
"""Share of an intent's examples that may be near another one of the same intent."""

_FEWEST_WORDS = 5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Pair:
    """Two texts that are too much alike, each with its intent; the second may be a held-out utterance."""

    first: tuple[str, str]
    second: tuple[str, str]
    same: bool

    @property
    def across(self) -> bool:
        """Whether they have different intents."""
        return self.first[1] != self.second[1]


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, as they are compared; a text of marks alone ("🙂") is its own word."""
    normal = normalise(text)
    return tuple(_WORD.findall(normal)) or (normal,)


def pairs(examples: Sequence[tuple[str, str]]) -> list[Pair]:
    """All pairs of (text, intent) that are the same or near; of a group of like ones each with the first."""
    found: list[Pair] = []
    seen: dict[tuple[str, ...], tuple[str, str]] = {}
    folded: dict[tuple[str, ...], tuple[str, str]] = {}
    masked: dict[tuple[str, ...], tuple[str, str]] = {}
    for example in examples:
        words = words_of(example[0])
        same = seen.get(words)
        if same is None:
            other = folded.get(tuple(fold(word) for word in words))
            same = other if other is not None and other[1] != example[1] else None
        if same is not None:
            found.append(Pair(same, example, same=True))
            continue
        seen[words] = example
        folded.setdefault(tuple(fold(word) for word in words), example)
        if len(words) < _FEWEST_WORDS:
            continue
        masks = [(*words[:i], "*", *words[i + 1 :]) for i in range(len(words))]
        near = next((masked[mask] for mask in masks if mask in masked), None)
        if near is not None:
            found.append(Pair(near, example, same=False))
        for mask in masks:
            masked.setdefault(mask, example)
    return found


def trained_on(examples: Iterable[tuple[str, str]], held_out: Iterable[tuple[str, str]]) -> list[Pair]:
    """Held-out utterances of two words or more that are training examples too.

    A single word ("joo") is what everybody says; it cannot be kept out of either set.
    """
    known = {words_of(text): (text, intent) for text, intent in examples}
    return [
        Pair(known[words], (text, intent), same=True)
        for text, intent in held_out
        if len(words := words_of(text)) > 1 and words in known
    ]


def held_out_examples() -> list[tuple[str, str]]:
    """The held-out utterances of all intents as (text, intent)."""
    return [(item["text"], item["intent"]) for item in utterances()["utterances"]]


def held_out_alarms() -> list[tuple[str, str]]:
    """The held-out messages about alarms, and what sounds like one, as (text, intent)."""
    return [(item["text"], item["intent"]) for item in [*utterances()["not_crisis"], *quiet_alarms()]]


def contract_intents() -> set[str]:
    """The intents of the contract."""
    groups = yaml.safe_load((ROOT / "contract" / "intents.yml").read_text(encoding="utf-8"))
    return {intent for group in groups.values() for intent in group}


def problems() -> list[str]:
    """What is wrong with the examples, a line each; empty when all is well."""
    examples, held_out = training_examples(), held_out_examples()
    counts, held_counts = Counter(i for _, i in examples), Counter(i for _, i in held_out)
    intents = sorted(contract_intents())
    lines = [f"{i}: {counts[i]} examples, {LEAST_EXAMPLES} wanted" for i in intents if counts[i] < LEAST_EXAMPLES]
    lines += [
        f"{i}: {held_counts[i]} held-out utterances, {LEAST_HELD_OUT} wanted"
        for i in intents
        if held_counts[i] < LEAST_HELD_OUT
    ]
    near: defaultdict[str, list[Pair]] = defaultdict(list)
    for pair in pairs(examples):
        (a, first), (b, second) = pair.first, pair.second
        if pair.across:
            lines.append(f"{first} and {second}: {a!r} and {b!r}")
        elif pair.same:
            lines.append(f"{first}, twice: {a!r} and {b!r}")
        else:
            near[first].append(pair)
    for intent, group in sorted(near.items()):
        if len(group) > MOST_NEAR * counts[intent]:
            lines.append(f"{intent}: {len(group)} of {counts[intent]} examples differ from another in one word:")
            lines += [f"    {pair.first[0]!r} and {pair.second[0]!r}" for pair in group]
    lines += [
        f"held out, yet trained on: {pair.second[0]!r}"
        for pair in trained_on(examples, [*held_out, *held_out_alarms()])
    ]
    return lines


def main() -> int:
    """Print what is wrong; 0 when nothing is."""
    found = problems()
    print("\n".join(found) if found else "No two examples are too much alike, and nothing held out was trained on.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
