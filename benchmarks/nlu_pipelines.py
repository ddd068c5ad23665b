"""Compares ways of telling intents apart, and draws the learning curve, on the held-out utterances.

Runs in the engine's environment and writes ``benchmarks/results/nlu_pipelines.json``, which the report shows:

    .envs/engine/bin/python -m benchmarks.nlu_pipelines

With ``--diet 25`` only Rasa's default pipeline and the AuroraAI bots' one are trained, on 25 examples of each intent
(half an hour on two cores), and written beside what the file holds.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from benchmarks.nlu_parse import ROOT, altered, training_examples, utterances
from bot.components.embedders import ParallelE5Embedder, load_floret
from bot.components.embedding_cache import encode_with_cache
from bot.components.finnish.noise import noisy_copy
from bot.components.finnish.spelling import Speller, count_words
from bot.components.finnish.text import normalise
from bot.components.intent.model import IntentModel, IntentModelConfig

RESULTS = Path(__file__).with_name("results") / "nlu_pipelines.json"
SEED = 20260101
SIZES = (25, 50, 100, 200)


@dataclass(frozen=True)
class Way:
    """A way of telling intents apart."""

    name: str
    spelling: bool = False
    copies: float = 0.0
    e5: bool = False
    floret: bool = False
    network: bool = False
    char_ngrams: int = 5


WAYS = (
    Way("words and characters 1-4", char_ngrams=4),
    Way("words and characters 1-5"),
    Way("the same, typing put right", spelling=True),
    Way("typing put right, badly typed copies", spelling=True, copies=0.33),
    Way("… and floret vectors", spelling=True, copies=0.33, floret=True),
    Way("… and e5 sentence vectors", spelling=True, copies=0.33, e5=True),
    Way("… and both", spelling=True, copies=0.33, e5=True, floret=True),
    Way("… and a small network beside (chosen)", spelling=True, copies=0.33, e5=True, floret=True, network=True),
)


class Embeddings:
    """Sentence vectors, those of e5 kept between runs."""

    def __init__(self) -> None:
        self._e5 = ParallelE5Embedder()
        self._floret = load_floret()

    def rows(self, texts: Sequence[str], way: Way) -> np.ndarray | None:
        """The vectors that the way uses, joined."""
        parts = [encode_with_cache(self._e5, texts, "e5-small-q4")] if way.e5 else []
        if way.floret and self._floret is not None:
            parts.append(self._floret.encode(texts))
        return np.hstack(parts) if parts else None


def copies_of(examples: list[tuple[str, str]], share: float) -> list[tuple[str, str]]:
    """Badly typed copies of a share of the examples, as TypingNoise makes them."""
    made = []
    for text, intent in examples:
        rng = random.Random(f"{SEED} {text}")
        if rng.random() < share and (copy := noisy_copy(text, rng)) != text:
            made.append((copy, intent))
    return made


def try_way(way: Way, examples: list[tuple[str, str]], embeddings: Embeddings) -> dict[str, Any]:
    """Train one way and measure it."""
    speller = Speller(count_words(text for text, _ in examples))
    clean = speller.text if way.spelling else normalise
    data = [*examples, *copies_of(examples, way.copies)]
    texts = [clean(text) for text, _ in data]
    dense = embeddings.rows(texts, way)
    config = replace(IntentModelConfig(), calibration_share=0.0, char_ngrams=way.char_ngrams, seed=SEED)
    config = config if way.network else replace(config, hidden_units=0)
    started = time.process_time()
    model = IntentModel(config).fit(texts, dense, [intent for _, intent in data])
    row: dict[str, Any] = {"name": way.name, "examples": len(data), "training_cpu_s": time.process_time() - started}
    items = utterances()["utterances"]
    truth = [item["intent"] for item in items]
    for how in ("plain", "no_dots", "slips"):
        changed = items if how == "plain" else altered(items, how)
        prepared = [clean(item["text"]) for item in changed]
        odds = model.predict(prepared, embeddings.rows(prepared, way))
        best = [model.classes[i] for i in odds.argmax(axis=1)]
        row[how] = float(f1_score(truth, best, average="macro", labels=sorted(set(truth)), zero_division=0))
        if how == "plain":
            order = np.argsort(-odds, axis=1)[:, :3]
            row["top3"] = float(
                np.mean([t in [model.classes[j] for j in three] for t, three in zip(truth, order, strict=True)])
            )
    return row


def fewer_of(examples: list[tuple[str, str]], size: int) -> list[tuple[str, str]]:
    """At most so many examples of each intent, the same ones every time."""
    by_intent: dict[str, list[tuple[str, str]]] = {}
    for example in examples:
        by_intent.setdefault(example[1], []).append(example)
    rng = random.Random(SEED)
    return [e for intent in sorted(by_intent) for e in rng.sample(by_intent[intent], min(size, len(by_intent[intent])))]


def main() -> None:
    """Try all ways and sizes, or the pipelines with DIET, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--diet", type=int, metavar="EXAMPLES", help="train DIET on so many examples of each intent")
    size = parser.parse_args().diet
    if size:
        write(diet=compare_diet(size))
    else:
        write(**compare_ways())


def write(**parts: Any) -> None:
    """Put these parts into the results; the others stay."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**results, **parts}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {RESULTS.relative_to(ROOT)}")


def compare_diet(size: int) -> dict[str, Any]:
    """The pipelines with DIET and the chosen one, on the same examples."""
    from benchmarks.nlu_diet import DIET_PIPELINES, try_diet

    fewer = fewer_of(training_examples(), size)
    rows = [{**try_way(WAYS[-1], fewer, Embeddings()), "name": "the chosen one"}]
    print(rows[-1], flush=True)
    for name in DIET_PIPELINES:
        rows.append(try_diet(name, fewer))
        print(rows[-1], flush=True)
    return {"date": date.today().isoformat(), "size": size, "examples": len(fewer), "ways": rows}


def compare_ways() -> dict[str, Any]:
    """All ways on all examples, and the chosen one on fewer."""
    examples = training_examples()
    embeddings = Embeddings()
    results: dict[str, Any] = {"date": date.today().isoformat(), "examples": len(examples), "ways": [], "curve": []}
    for way in WAYS:
        results["ways"].append(try_way(way, examples, embeddings))
        print(results["ways"][-1], flush=True)
    for size in SIZES:
        results["curve"].append({"size": size, **try_way(WAYS[-1], fewer_of(examples, size), embeddings)})
        print(results["curve"][-1], flush=True)
    intents = {intent for _, intent in examples}
    results["curve"].append({"size": round(len(examples) / len(intents)), **results["ways"][-1]})
    return results


if __name__ == "__main__":
    main()
