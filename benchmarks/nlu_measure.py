"""Measures a trained model on the held-out sets and writes the figures as JSON.

Runs in the engine's environment; :mod:`benchmarks.nlu_report` starts it and makes a page of what it says:

    .envs/engine/bin/python -m benchmarks.nlu_measure bot/models/….tar.gz figures.json
"""

from __future__ import annotations

import json
import platform
import statistics
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.metrics import f1_score

from benchmarks.in_context import with_questions
from benchmarks.nlu_parse import (
    ROOT,
    SAFETY,
    Model,
    Parsed,
    altered,
    memory_mb,
    quiet_alarms,
    training_examples,
    utterances,
)

FALLBACK = "nlu_fallback"
Items = list[dict[str, Any]]


def bare(items: Items) -> Items:
    """The items without the question that was asked."""
    return [{"text": item["text"], "intent": item["intent"], "register": item.get("register")} for item in items]


def macro_f1(truth: list[str], best: list[str]) -> float:
    """Macro-F1 over the intents of the truth."""
    return float(f1_score(truth, best, average="macro", labels=sorted(set(truth)), zero_division=0))


def summary(items: Items, parsed: list[Parsed]) -> dict[str, float]:
    """Scores of one pass over the utterances."""
    truth = [item["intent"] for item in items]
    best = [p.top for p in parsed]
    grave = [i for i, intent in enumerate(truth) if intent in SAFETY]
    other = [i for i, intent in enumerate(truth) if intent not in SAFETY]
    beyond = [i for i, intent in enumerate(truth) if intent == "out_of_scope"]
    within = [i for i, intent in enumerate(truth) if intent != "out_of_scope"]
    return {
        "macro_f1": macro_f1(truth, best),
        "accuracy": float(np.mean([a == b for a, b in zip(truth, best, strict=True)])),
        "top3": float(
            np.mean([t in {p.top, *(name for name, _ in p.ranking[:3])} for t, p in zip(truth, parsed, strict=True)])
        ),
        "fallback": float(np.mean([p.intent == FALLBACK for p in parsed])),
        "safety_recall": float(np.mean([parsed[i].intent in SAFETY for i in grave])),
        "safety_count": len(grave),
        "safety_missed": sum(parsed[i].intent not in SAFETY for i in grave),
        "false_alarms": float(np.mean([parsed[i].intent in SAFETY for i in other])),
        "false_alarm_count": sum(parsed[i].intent in SAFETY for i in other),
        "others": len(other),
        "out_of_scope_recall": float(np.mean([best[i] == "out_of_scope" for i in beyond])),
        "false_rejections": float(np.mean([best[i] == "out_of_scope" for i in within])),
    }


def calibration(items: Items, parsed: list[Parsed]) -> dict[str, Any]:
    """How often the likeliest intent is right, by how likely it was said to be."""
    sure = np.array([p.ranking[0][1] if p.ranking else 0.0 for p in parsed])
    right = np.array([bool(p.ranking) and p.ranking[0][0] == i["intent"] for i, p in zip(items, parsed, strict=True)])
    bins, error = [], 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (sure >= low) & ((sure < low + 0.1) | (low > 0.85))
        if inside.any():
            bins.append(
                {"said": float(sure[inside].mean()), "was": float(right[inside].mean()), "count": int(inside.sum())}
            )
            error += float(inside.mean()) * abs(bins[-1]["said"] - bins[-1]["was"])
    return {"bins": bins, "error": error}


def service_ids() -> dict[str, set[str]]:
    """Ids by every name of a service, in lower case."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "catalogue" / "content" / "services").glob("*.yml")):
        for service in yaml.safe_load(path.read_text(encoding="utf-8")):
            for name in [
                service["name"],
                *(service.get("alternative_names") or []),
                *(service.get("spoken_names") or []),
            ]:
                found.setdefault(str(name).lower(), set()).add(service["id"])
    return found


def entities(model: Model) -> dict[str, Any]:
    """Precision, recall and F1 of each entity. A bare number is judged only where it is listed."""
    content = yaml.safe_load((ROOT / "tests" / "nlu" / "entities.yml").read_text(encoding="utf-8"))
    texts = [{**entry, "today": content["today"]} for entry in content["texts"]]
    ids = service_ids()
    right: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for entry, parsed in zip(texts, model.parse(texts), strict=True):
        left = list(parsed.entities)
        wanted = dict(entry.get("entities") or {})
        for key, value in wanted.items():
            kind = "service" if key == "service_name" else key
            for one in value if isinstance(value, list) else [value]:
                hit = next((e for e in left if e[0] == kind and _is(e[1], one, key, ids)), None)
                if hit is None:
                    missed[kind] += 1
                else:
                    left.remove(hit)
                    right[kind] += 1
        for kind, _ in left:
            if kind != "number" or "number" in wanted:
                extra[kind] += 1
    kinds = sorted({*right, *extra, *missed})
    rows = [
        {
            "entity": k,
            "right": right[k],
            "extra": extra[k],
            "missed": missed[k],
            "f1": _f1(right[k], extra[k], missed[k]),
        }
        for k in kinds
    ]
    return {"rows": rows, "f1": _f1(right.total(), extra.total(), missed.total()), "texts": len(texts)}


def _f1(right: int, extra: int, missed: int) -> float:
    return 2 * right / (2 * right + extra + missed) if right + extra + missed else 1.0


def _is(value: Any, wanted: Any, key: str, ids: dict[str, set[str]]) -> bool:
    if isinstance(wanted, dict):
        return bool(wanted["from"] <= value <= wanted["to"])
    if key == "service_name":
        return value in ids.get(str(wanted).lower(), {wanted})
    return str(value).lower() == str(wanted).lower()


def measure(path: Path) -> dict[str, Any]:
    """All figures of a model."""
    model = Model(path)
    content = utterances()
    items = bare(content["utterances"])
    started = time.process_time()
    plain = model.parse(items)
    cpu_ms = 1000 * (time.process_time() - started) / len(items)
    truth, best = [i["intent"] for i in items], [p.top for p in plain]
    intents = sorted(set(truth))
    asked = with_questions(content["utterances"])
    in_context = model.parse(asked)
    near = bare(content.get("not_crisis") or [])
    alarms = [p for p in model.parse(near) if p.intent in SAFETY]
    quiet = bare(quiet_alarms())
    scores = f1_score(truth, best, average=None, labels=intents, zero_division=0)
    registers = {
        str(name): {
            "count": len(of),
            "accuracy": float(np.mean([truth[i] == best[i] for i in of])),
        }
        for name in sorted({i.get("register") or "-" for i in items})
        if (of := [n for n, i in enumerate(items) if (i.get("register") or "-") == name])
    }
    answers = [
        n
        for n, i in enumerate(asked)
        if i["intent"].startswith("inform_") or i["intent"] in {"affirm", "deny", "unsure"}
    ]
    others = sorted({*range(len(asked))} - {*answers})
    return {
        "date": date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "training_examples": len(training_examples()),
        "plain": summary(items, plain),
        "in_context": summary(asked, in_context),
        "answers_bare": float(np.mean([plain[n].top == truth[n] for n in answers])),
        "answers_in_context": float(np.mean([in_context[n].top == truth[n] for n in answers])),
        "others_bare": float(np.mean([plain[n].top == truth[n] for n in others])),
        "others_in_context": float(np.mean([in_context[n].top == truth[n] for n in others])),
        **{how: summary(items, model.parse(altered(items, how))) for how in ("no_dots", "slips", "upper")},
        "near_misses": {"count": len(near), "alarms": len(alarms)},
        "quiet_alarms": summary(quiet, model.parse(quiet)),
        "calibration": calibration(items, plain),
        "intents": [
            {"intent": n, "f1": float(s), "count": truth.count(n)} for n, s in zip(intents, scores, strict=True)
        ],
        "registers": registers,
        "confusions": [
            {"truth": a, "taken_for": b, "count": n}
            for (a, b), n in Counter((a, b) for a, b in zip(truth, best, strict=True) if a != b).most_common(20)
        ],
        "matrix": {
            "intents": intents,
            "rows": [
                [sum(t == a and b == c for t, b in zip(truth, best, strict=True)) for c in intents] for a in intents
            ],
        },
        "entities": entities(model),
        "parse": {
            "median_ms": statistics.median(p.ms for p in plain),
            "p95_ms": sorted(p.ms for p in plain)[int(0.95 * len(plain))],
            "cpu_ms": cpu_ms,
            "times": [round(p.ms, 1) for p in plain],
        },
        "load_s": model.load_s,
        "memory_mb": memory_mb(),
        "model_mb": path.stat().st_size / 1e6,
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(measure(Path(sys.argv[1])), ensure_ascii=False), encoding="utf-8")
