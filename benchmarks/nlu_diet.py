"""Rasa's default pipeline and the AuroraAI bots' one, both with DIET, on a smaller share of the examples.

On all examples a training takes hours on two cores; on 25 examples of each intent minutes. `benchmarks.nlu_pipelines`
measures the chosen pipeline on the very same examples (the first point of its learning curve).
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.metrics import f1_score

from benchmarks.nlu_parse import Model, altered, utterances

SEED = 20260101

_COUNTS: list[dict[str, Any]] = [
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
DIET_PIPELINES: dict[str, list[dict[str, Any]]] = {
    "Rasa's default (DIET, 100 epochs)": [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        *_COUNTS,
        {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": SEED},
    ],
    "the AuroraAI bots' (DIET, 200 epochs)": [
        {"name": "WhitespaceTokenizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        *_COUNTS,
        {"name": "DIETClassifier", "epochs": 200, "random_seed": SEED},
    ],
}


def try_diet(name: str, examples: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Train one of :data:`DIET_PIPELINES` on (text, intent) pairs and measure it on the held-out utterances."""
    from rasa.model_training import train_nlu

    by_intent: dict[str, list[str]] = {}
    for text, intent in examples:
        by_intent.setdefault(intent, []).append(text)
    blocks = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in by_intent.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        config, data = Path(folder) / "config.yml", Path(folder) / "nlu.yml"
        recipe = {
            "recipe": "default.v1",
            "assistant_id": "compared",
            "language": "fi",
            "pipeline": DIET_PIPELINES[name],
        }
        config.write_text(yaml.safe_dump({**recipe, "pipeline": DIET_PIPELINES[name]}), encoding="utf-8")
        data.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8")
        started, cpu = time.perf_counter(), time.process_time()
        trained = train_nlu(config, data, folder, fixed_model_name="compared")
        row: dict[str, Any] = {
            "name": name,
            "examples": len(examples),
            "training_s": time.perf_counter() - started,
            "training_cpu_s": time.process_time() - cpu,
        }
        model = Model(Path(str(trained)))
        items = utterances()["utterances"]
        truth = [item["intent"] for item in items]
        for how in ("plain", "no_dots", "slips"):
            bare = [{"text": item["text"]} for item in (items if how == "plain" else altered(items, how))]
            parsed = model.parse(bare)
            best = [p.top for p in parsed]
            row[how] = float(f1_score(truth, best, average="macro", labels=sorted(set(truth)), zero_division=0))
            if how == "plain":
                found = [t in {n for n, _ in p.ranking[:3]} for t, p in zip(truth, parsed, strict=True)]
                row["top3"] = float(np.mean(found))
                wrong = [p.confidence for t, p in zip(truth, parsed, strict=True) if t != p.top]
                row["sure_when_wrong"] = float(np.mean([c >= 0.9 for c in wrong])) if wrong else 0.0
    return row
