"""Learns how much likelier each intent is at each question, from the training examples alone, and writes the table.

    .envs/engine/bin/python -m benchmarks.context_weights

A fifth of the examples is left out, and a model of words and characters that did not see them says how likely each
intent is. Each left-out example is put to the questions at which it could be said (`benchmarks.in_context`), and for
each group of questions the weights are found under which what was meant is likeliest. First on one half of these,
tried on the other, and printed; then on all of them, and written to ``bot/components/context/priors.yml``.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.in_context import ANY, questions_for
from benchmarks.nlu_parse import training_examples
from bot.components.context.priors import NEVER_LOWERED, TABLE
from bot.components.finnish.spelling import Speller, count_words
from bot.components.intent.model import IntentModel, IntentModelConfig

SEED = 20260101
ANSWERING = 0.75
"""Share of messages at a question that answer it; the rest are side questions and commands."""

STAYING_NEAR = 0.002
"""How strongly weights are held near 1 where the examples say little."""

Odds = NDArray[np.float64]


def left_out_odds(examples: list[tuple[str, str]]) -> tuple[list[str], list[str], Odds]:
    """The intents of a fifth of the examples, the names of the columns, and the odds of a model that saw the rest."""
    mixed = sorted(examples)
    random.Random(SEED).shuffle(mixed)
    left, seen = mixed[: len(mixed) // 5], mixed[len(mixed) // 5 :]
    speller = Speller(count_words(text for text, _ in seen))
    model = IntentModel(replace(IntentModelConfig(), calibration_share=0.15, seed=SEED))
    model.fit([speller.text(text) for text, _ in seen], None, [intent for _, intent in seen])
    odds = model.predict([speller.text(text) for text, _ in left], None)
    return [intent for _, intent in left], model.classes, odds.astype(np.float64)


def learn(odds: Odds, truth: NDArray[np.int64], answers: NDArray[np.bool_], answering: float = ANSWERING) -> Odds:
    """The logarithm of each column's weight."""
    share = np.where(answers, answering / max(1, answers.sum()), (1 - answering) / max(1, (~answers).sum()))
    log_odds = np.log(odds + 1e-9)
    hit = np.zeros_like(odds)
    hit[np.arange(len(truth)), truth] = 1.0

    def loss(bias: Odds) -> tuple[float, Odds]:
        scores = log_odds + bias
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely /= likely.sum(axis=1, keepdims=True)
        value = -(share * np.log((likely * hit).sum(axis=1) + 1e-12)).sum() + STAYING_NEAR * (bias**2).sum()
        return float(value), ((likely - hit) * share[:, None]).sum(axis=0) + 2 * STAYING_NEAR * bias

    found = minimize(loss, np.zeros(odds.shape[1]), jac=True, method="L-BFGS-B", bounds=[(-3.0, 3.0)] * odds.shape[1])
    return np.asarray(found.x)


def cases(group: Mapping[str, Any], truth: list[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which of the left-out examples can be said at the group's questions, and whether they answer them."""
    asked = set(group["awaiting"])
    rows, answers = [], []
    for number, intent in enumerate(truth):
        questions = questions_for(intent)
        if asked & set(questions):
            rows.append(number)
            answers.append(questions != ANY)
        elif questions != ANY and number % 4 == 0:
            # An answer to another question is said now and then too.
            rows.append(number)
            answers.append(False)
    return np.array(rows), np.array(answers)


def main() -> None:
    """Learn, try and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--try", action="store_true", dest="only_try", help="print, and leave the table as it is")
    only_try = parser.parse_args().only_try
    truth, classes, odds = left_out_odds(training_examples())
    column = {name: i for i, name in enumerate(classes)}
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    held = np.random.default_rng(SEED).random(len(truth)) < 0.5
    safe = [column[name] for name in NEVER_LOWERED if name in column]
    for answering in (0.5, ANSWERING, 0.9):
        scores: dict[str, list[bool]] = {"answers, bare": [], "answers": [], "others, bare": [], "others": []}
        for group in table["groups"]:
            rows, answers = cases(group, truth)
            meant = np.array([column[truth[i]] for i in rows])
            one, two = held[rows], ~held[rows]
            bias = learn(odds[rows[one]], meant[one], answers[one], answering)
            bias[safe] = np.maximum(bias[safe], 0)
            bare = odds[rows[two]].argmax(1) == meant[two]
            told = (np.log(odds[rows[two]] + 1e-9) + bias).argmax(1) == meant[two]
            for name, chosen in (("answers", answers[two]), ("others", ~answers[two])):
                scores[f"{name}, bare"] += list(bare[chosen])
                scores[name] += list(told[chosen])
        print(answering, {name: round(float(np.mean(hits)), 4) for name, hits in scores.items()})
    if only_try:
        return
    for group in table["groups"]:
        rows, answers = cases(group, truth)
        bias = learn(odds[rows], np.array([column[truth[i]] for i in rows]), answers)
        group["others"] = 1.0
        group["weights"] = {
            name: round(float(np.exp(bias[i])), 2)
            for name, i in sorted(column.items())
            if name not in NEVER_LOWERED and abs(bias[i]) > 0.05
        }
    head = [line for line in TABLE.read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("#")]
    table["strength"] = 1.0
    TABLE.write_text("".join(head) + yaml.safe_dump(table, sort_keys=False, width=120), encoding="utf-8")
    print(f"wrote {TABLE}")


if __name__ == "__main__":
    main()
