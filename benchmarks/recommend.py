"""Recommendations per second on one core: random answers and backgrounds, every one different.

    python benchmarks/recommend.py [--count 20000]

Nothing is kept between residents but the compiled rules of a day, municipality and age. "with JSON" also writes the
answer of the HTTP interface. CPU time is counted, so that other work on the machine does not change the result.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from catalogue.contract import contract
from catalogue.loader import load_content
from catalogue.models import Catalogue
from catalogue.recommend import recommend

DAY = dt.date(2026, 11, 22)


def residents(catalogue: Catalogue, count: int) -> list[dict[str, Any]]:
    chooser = random.Random(3)
    names = [m.name for m in catalogue.municipalities] + ["other"]
    found = []
    for _ in range(count):
        answers: dict[str, Any] = {}
        for question in contract().questions.values():
            if chooser.random() < 0.1:
                continue
            if question.type == "integer":
                answers[question.id] = chooser.randint(question.low, min(question.high, 600))
            elif question.type == "set":
                answers[question.id] = chooser.sample(sorted(question.values), chooser.randint(0, 2))
            elif question.type == "municipality":
                answers[question.id] = chooser.choice(names)
            else:
                answers[question.id] = chooser.choice(sorted(question.values))
        found.append(answers)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    catalogue = load_content()
    people = residents(catalogue, count)
    for answers in people[:1000]:
        recommend(catalogue, answers, {}, DAY)
    for name, with_json in (("recommend()", False), ("recommend() with JSON", True)):
        start = time.process_time()
        for answers in people:
            result = recommend(catalogue, answers, {}, DAY)
            if with_json:
                result.model_dump_json()
        seconds = time.process_time() - start
        print(f"{name}: {count / seconds:,.0f} per second ({seconds / count * 1e6:.0f} µs each)")


if __name__ == "__main__":
    main()
