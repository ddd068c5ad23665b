"""``make nlu-report``: how well the bot understands Finnish, as an HTML page with pictures in ``var/nlu-report``.

Trains the model if it is not there, measures it on the held-out sets in the engine's environment, and shows the
figures with those of ``benchmarks.nlu_pipelines``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from html import escape
from pathlib import Path
from typing import Any

from launcher.training import ENGINE_PYTHON, engine_environment, ensure_model
from settings import ROOT, get_settings

PIPELINES = Path(__file__).with_name("results") / "nlu_pipelines.json"
INK, BLUE, PALE, RED = "#1d2733", "#1f5fa8", "#d6e4f5", "#b3261e"

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1d2733;max-width:62rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
th,td{padding:.25rem .75rem;text-align:left;border-bottom:1px solid #d5dbe3}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.met{color:#1b6e3c}.unmet{color:#b3261e}
svg{max-width:100%;height:auto}figure{margin:1rem 0}figcaption{color:#4a5665;font-size:.9rem}h2{margin-top:2.5rem}
"""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="a trained model; by default the one of the present content")
    parser.add_argument("--figures", type=Path, help="figures that were measured before, as JSON")
    chosen = parser.parse_args()
    folder = get_settings().var_dir / "nlu-report"
    folder.mkdir(parents=True, exist_ok=True)
    figures = chosen.figures or folder / "figures.json"
    if chosen.figures is None:
        model = chosen.model or ensure_model(get_settings().var_dir / "log" / "train.log")
        subprocess.run(
            [ENGINE_PYTHON, "-m", "benchmarks.nlu_measure", model, figures],
            cwd=ROOT,
            env=engine_environment({"HF_HUB_OFFLINE": "1"}),
            check=True,
        )
    found = json.loads(figures.read_text(encoding="utf-8"))
    pipelines = json.loads(PIPELINES.read_text(encoding="utf-8")) if PIPELINES.exists() else None
    page = folder / "index.html"
    page.write_text(render(found, pipelines), encoding="utf-8")
    print(page)


def goals(found: dict[str, Any]) -> list[tuple[str, str, str, bool]]:
    """Each goal as (what, goal, where it stands, whether it is met)."""
    plain, parse = found["plain"], found["parse"]
    lost = {how: plain["macro_f1"] - found[how]["macro_f1"] for how in ("no_dots", "slips")}
    return [
        ("Macro-F1, no context", "0.92", f"{plain['macro_f1']:.3f}", plain["macro_f1"] >= 0.92),
        ("Among the three likeliest", "0.98", f"{plain['top3']:.3f}", plain["top3"] >= 0.98),
        (
            "In context (accuracy of answers)",
            "0.97",
            f"{found['answers_in_context']:.3f} (without: {found['answers_bare']:.3f})",
            found["answers_in_context"] >= 0.97,
        ),
        (
            "Crisis and danger found",
            "0.99",
            f"{plain['safety_recall']:.3f} ({plain['safety_missed']} of {plain['safety_count']} missed)",
            plain["safety_recall"] >= 0.99,
        ),
        (
            "False alarms in other messages",
            "at most 1 in 100",
            f"{100 * plain['false_alarms']:.2f} in 100",
            plain["false_alarms"] <= 0.01,
        ),
        (
            "Out of scope found",
            "0.90",
            f"{plain['out_of_scope_recall']:.3f}",
            plain["out_of_scope_recall"] >= 0.90,
        ),
        (
            "False rejections",
            "at most 3 in 100",
            f"{100 * plain['false_rejections']:.2f} in 100",
            plain["false_rejections"] <= 0.03,
        ),
        ("Entities, F1", "0.95", f"{found['entities']['f1']:.3f}", found["entities"]["f1"] >= 0.95),
        ("Lost without ä and ö", "0.03", f"{lost['no_dots']:.3f}", lost["no_dots"] <= 0.03),
        ("Lost with a slip in each word", "0.03", f"{lost['slips']:.3f}", lost["slips"] <= 0.03),
        (
            "Parse, median",
            "15 ms",
            f"{parse['median_ms']:.1f} ms ({parse['cpu_ms']:.1f} ms of processor time on average)",
            parse["median_ms"] <= 15,
        ),
        ("Engine's memory while parsing", "1.2 GB", f"{found['memory_mb'] / 1000:.2f} GB", found["memory_mb"] <= 1200),
    ]


def render(found: dict[str, Any], pipelines: dict[str, Any] | None) -> str:
    """The page."""
    quiet = found["quiet_alarms"]
    parts = [
        "<h1>How well the bot understands</h1>",
        f"<p>Measured {found['date']} on held-out utterances that it was never trained on; "
        f"{found['training_examples']} training examples. {escape(found['machine'])}.</p>",
        "<h2>Goals</h2>",
        _table(
            ["", "goal", "stands at", ""],
            [
                [what, goal, stands, f'<span class="{"met" if met else "unmet"}">{"met" if met else "not met"}</span>']
                for what, goal, stands, met in goals(found)
            ],
        ),
        "<h2>Typing</h2>",
        _bars(
            [
                (label, found[how]["macro_f1"])
                for how, label in [
                    ("plain", "as written"),
                    ("no_dots", "without ä and ö"),
                    ("upper", "upper case"),
                    ("slips", "a slip in each word"),
                ]
            ],
            "Macro-F1 of the same utterances, typed otherwise.",
        ),
        "<h2>Crisis and danger</h2>",
        f"<p>{found['plain']['safety_count'] - found['plain']['safety_missed']} of {found['plain']['safety_count']} "
        f"found; {found['plain']['false_alarm_count']} false alarms in {found['plain']['others']} other messages; "
        f"{found['near_misses']['alarms']} alarms in {found['near_misses']['count']} messages made to sound "
        "alarming.</p>",
        f"<p>Of alarms that are hard to hear, {quiet['safety_count'] - quiet['safety_missed']} of "
        f"{quiet['safety_count']} found; {quiet['false_alarm_count']} alarms in {quiet['others']} harmless messages "
        "that sound like them.</p>",
        "<h2>The question asked</h2>",
        _bars(
            [
                ("answers, alone", found["answers_bare"]),
                ("answers, question known", found["answers_in_context"]),
                ("all else, alone", found["others_bare"]),
                ("all else, question known", found["others_in_context"]),
            ],
            "Accuracy without and with the question that was asked: of answers, and of all that is said beside them.",
        ),
        "<h2>Confidence</h2>",
        _calibration(found["calibration"]),
        "<h2>Registers</h2>",
        _bars(
            [(f"{name} ({r['count']})", r["accuracy"]) for name, r in found["registers"].items()],
            "Accuracy by register.",
        ),
        "<h2>Intents</h2>",
        _bars(
            [(f"{i['intent']} ({i['count']})", i["f1"]) for i in sorted(found["intents"], key=lambda i: i["f1"])],
            "F1 of each intent, the weakest first.",
        ),
        "<h2>What is taken for what</h2>",
        _matrix(found["matrix"]),
        _table(
            ["meant", "taken for", "times"],
            [[escape(c["truth"]), escape(c["taken_for"]), str(c["count"])] for c in found["confusions"]],
        ),
        "<h2>Entities</h2>",
        _table(
            ["entity", "F1", "right", "missed", "too many"],
            [
                [escape(r["entity"]), f"{r['f1']:.3f}", str(r["right"]), str(r["missed"]), str(r["extra"])]
                for r in found["entities"]["rows"]
            ],
        ),
        "<h2>Time</h2>",
        _histogram(found["parse"]["times"]),
        f"<p>The model is {found['model_mb']:.1f} MB and loads in {found['load_s']:.1f} s.</p>",
    ]
    if pipelines:
        parts += [
            "<h2>Pipelines</h2>",
            f"<p>Measured {pipelines['date']}, trained on {pipelines['examples']} examples.</p>",
            _compared(pipelines["ways"]),
            *_with_diet(pipelines.get("diet")),
            "<h2>Learning curve</h2>",
            _curve([(point["size"], point["plain"]) for point in pipelines["curve"]]),
        ]
    body = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>How well the bot understands</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{body}</body></html>'
    )


def _compared(ways: list[dict[str, Any]]) -> str:
    return _table(
        ["pipeline", "macro-F1", "top 3", "without ä and ö", "slips", "training, s of processor"],
        [
            [
                escape(w["name"]),
                *(f"{w[figure]:.3f}" for figure in ("plain", "top3", "no_dots", "slips")),
                f"{w['training_cpu_s']:.0f}",
            ]
            for w in ways
        ],
    )


def _with_diet(diet: dict[str, Any] | None) -> list[str]:
    """The pipelines that are too slow to train on everything, where they were measured."""
    if diet is None:
        return []
    return [
        f"<p>Pipelines with DIET, and the chosen one, on {diet['size']} examples of each intent ({diet['date']}):</p>",
        _compared(diet["ways"]),
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _figure(width: int, height: int, body: str, caption: str) -> str:
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(caption)}" font-family="system-ui" font-size="12" fill="{INK}">{body}</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _bars(rows: list[tuple[str, float]], caption: str) -> str:
    left, wide, step = 230, 520, 20
    body = ""
    for i, (label, value) in enumerate(rows):
        y = 6 + i * step
        body += (
            f'<text x="{left - 8}" y="{y + 11}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{left}" y="{y}" width="{wide}" height="14" fill="{PALE}"/>'
            f'<rect x="{left}" y="{y}" width="{wide * value:.1f}" height="14" fill="{BLUE}"/>'
            f'<text x="{left + wide + 8}" y="{y + 11}">{value:.3f}</text>'
        )
    return _figure(left + wide + 60, 12 + len(rows) * step, body, caption)


def _axes(size: int, x_label: str, y_label: str) -> str:
    return (
        f'<path d="M50 10V{size + 10}H{size + 50}" fill="none" stroke="{INK}"/>'
        f'<text x="{50 + size / 2}" y="{size + 45}" text-anchor="middle">{escape(x_label)}</text>'
        f'<text x="14" y="{10 + size / 2}" text-anchor="middle" transform="rotate(-90 14 {10 + size / 2})">'
        f"{escape(y_label)}</text>"
    )


def _calibration(found: dict[str, Any]) -> str:
    size = 320
    body = _axes(size, "confidence that was said", "share that was right")
    body += f'<path d="M50 {size + 10}L{size + 50} 10" stroke="{INK}" stroke-dasharray="4 4"/>'
    points = [(50 + size * b["said"], 10 + size * (1 - b["was"]), b["count"]) for b in found["bins"]]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    body += f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
    for x, y, count in points:
        body += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{BLUE}"/>'
        body += f'<text x="{x + 6:.1f}" y="{y + 14:.1f}">{count}</text>'
    for tick in (0, 0.5, 1):
        body += f'<text x="{50 + size * tick}" y="{size + 26}" text-anchor="middle">{tick}</text>'
        body += f'<text x="44" y="{14 + size * (1 - tick)}" text-anchor="end">{tick}</text>'
    return _figure(
        size + 90,
        size + 55,
        body,
        f"Confidence against truth; on average {found['error']:.3f} apart. Numbers are counts.",
    )


def _matrix(matrix: dict[str, Any]) -> str:
    names, cell, left = matrix["intents"], 11, 170
    body = ""
    for i, row in enumerate(matrix["rows"]):
        total = sum(row) or 1
        body += f'<text x="{left - 6}" y="{left + i * cell + 9}" text-anchor="end" font-size="9">{names[i]}</text>'
        x = left + i * cell + 8
        body += f'<text x="{x}" y="{left - 6}" font-size="9" transform="rotate(-90 {x} {left - 6})">{names[i]}</text>'
        for j, count in enumerate(row):
            if count:
                colour = BLUE if i == j else RED
                body += (
                    f'<rect x="{left + j * cell}" y="{left + i * cell}" width="{cell}" height="{cell}" '
                    f'fill="{colour}" fill-opacity="{0.15 + 0.85 * count / total:.2f}"/>'
                )
    side = left + len(names) * cell
    body += f'<rect x="{left}" y="{left}" width="{side - left}" height="{side - left}" fill="none" stroke="{INK}"/>'
    return _figure(side + 10, side + 10, body, "Rows: what was meant. Columns: what it was taken for. Red is wrong.")


def _curve(points: list[tuple[int, float]]) -> str:
    size = 320
    top, low = max(p[0] for p in points), 0.5
    body = _axes(size, "training examples of each intent", "macro-F1")
    placed = [(50 + size * n / top, 10 + size * (1 - (f1 - low) / (1 - low))) for n, f1 in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    body += f'<polyline points="{path}" fill="none" stroke="{BLUE}" stroke-width="2"/>'
    for (x, y), (count, f1) in zip(placed, points, strict=True):
        body += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{BLUE}"/>'
        body += f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{f1:.3f}</text>'
        body += f'<text x="{x:.1f}" y="{size + 26}" text-anchor="middle">{count}</text>'
    body += f'<text x="44" y="14" text-anchor="end">1</text><text x="44" y="{size + 14}" text-anchor="end">{low}</text>'
    return _figure(size + 90, size + 55, body, "The same pipeline trained on fewer examples.")


def _histogram(times: list[float]) -> str:
    top = sorted(times)[int(0.99 * (len(times) - 1))] or 1.0
    counts = [0] * 40
    for ms in times:
        counts[min(39, int(39 * ms / top))] += 1
    high = max(counts)
    body = _axes(320, f"milliseconds, 0 to {top:.0f}", "messages")
    for i, count in enumerate(counts):
        height = 320 * count / high
        body += f'<rect x="{50 + i * 8}" y="{330 - height:.1f}" width="7" height="{height:.1f}" fill="{BLUE}"/>'
    return _figure(410, 375, body, "How long parsing a message took.")


if __name__ == "__main__":
    main()
