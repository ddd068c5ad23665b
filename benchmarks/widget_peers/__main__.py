"""The widget against five others on the same page, against the same scripted bot: ``make widget-peers``.

Fetches the others' packages with npm into a temporary folder (``--packages`` keeps them in a folder of yours), serves
them on the loopback, drives each with Chromium, and prints a table. The figures go to
``benchmarks/results/widget_peers.json``. Needs Node and npm; says what is missing when a package cannot be had.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright

from api import VERSION
from benchmarks.widget_peers import measure, packages
from benchmarks.widget_peers.gate import Gate
from tests.conftest import free_port
from tests.widget.fake_api import Fake

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "results" / "widget_peers.json"


def subjects(server: Gate, own: Gate, fake: Fake, missing: dict[str, str]) -> list[measure.Subject]:
    """Ours first, then the peers that could be had."""
    client = httpx.Client(base_url=server.origin, timeout=5, transport=httpx.HTTPTransport(retries=3))

    def received() -> list[str]:
        try:
            return list(client.get("/received").json())
        except httpx.HTTPError:  # while the gate is shut
            return []

    def residents() -> list[str]:
        return [m["text"] for talk in fake.talks.values() for m in talk.messages if m["sender"] == "resident"]

    def forget() -> None:
        client.delete("/received")

    ours = measure.Subject(
        "tienviitta", "Tienviitta", VERSION, f"{server.origin}/page/own?own={own.origin}", ".launcher", "#field",
        ".tool[aria-controls=menu]", "Aloitetaan", "Haluatko töihin?", own, fake.reset, residents, "&strict=1",
    )  # fmt: skip
    others = [
        measure.Subject(
            peer.id, peer.title, peer.version, f"{server.origin}/page/{peer.id}", peer.launcher, peer.field, peer.menu,
            "Kyllä", "Sait vastauksen numero", server, forget, received, "?strict=1",
        )
        for peer in packages.listed()
        if peer.id not in missing
    ]  # fmt: skip
    return [ours, *others]


def page_alone(browser: Browser, address: str) -> dict[str, float]:
    """The host page without a widget, slowed alike; axe has nothing to say about it."""
    context = browser.new_context(locale="fi-FI", viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.goto(address)
    response = measure.Axe().run(page, options={"runOnly": {"type": "tag", "values": measure.TAGS}}).response
    context.close()
    paints = []
    for _ in range(measure.RUNS):
        context = browser.new_context(locale="fi-FI", viewport={"width": 1280, "height": 860})
        page = context.new_page()
        measure.slow(page)
        page.goto(address)
        paints.append(measure.first_paint(page))
        context.close()
    places = sum(len(rule["nodes"]) for rule in response["violations"])
    return {"paint_s": statistics.median(paints), "axe_nodes": places}


def cells(found: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    """One widget's column of the table."""

    def times(count: int) -> str:
        return {0: "lost", 1: "kept"}.get(count, f"shown {count} times")

    third = found["third_parties"]
    failed = found.get("failed", {})
    answer = {
        "Version": found["version"],
        "Size, compressed": f"{found['bytes'] / 1000:.1f} kB",
        "Requests for its files": str(found["requests"]),
        "Asks third parties": ", ".join(third) or "no",
        "axe: rules broken (places)": f"{len(found['axe_rules'])} ({found['axe_nodes']})"
        if "axe_rules" in found
        else "",
        "Quick replies by keyboard": found.get("keyboard", ""),
        "Live region for an answer": found.get("live") or "none",
        "Talk after a reload": times(found.get("after_reload", 0)),
        "Talk in a second tab": times(found.get("second_tab", 0)),
        "Written while cut off": found.get("cut", ""),
        "Talk to keep": ", ".join(found.get("keeping", [])) or "no",
        "Under a strict policy": ("opens" if found["policy_works"] else "does not open")
        + f", {found['policy_blocked']} things blocked",
        "Can write after, slowed": f"{found['write_s']:.1f} s ({found['write_s'] / ours['write_s']:.1f} ×)",
        "Page's first paint, slowed": f"{found['paint_s']:.2f} s",
    }
    return [*answer.values(), "; ".join(f"{name}: {why}" for name, why in failed.items())]


ROWS = [
    "Version", "Size, compressed", "Requests for its files", "Asks third parties", "axe: rules broken (places)",
    "Quick replies by keyboard", "Live region for an answer", "Talk after a reload", "Talk in a second tab",
    "Written while cut off", "Talk to keep", "Under a strict policy", "Can write after, slowed",
    "Page's first paint, slowed", "Could not be measured",
]  # fmt: skip


def table(results: list[dict[str, Any]]) -> str:
    """All of it, in Markdown."""
    columns = [cells(found, results[0]) for found in results]
    lines = ["| | " + " | ".join(found["title"] for found in results) + " |", "|---" * (len(results) + 1) + "|"]
    for number, row in enumerate(ROWS):
        values = [column[number] for column in columns]
        if any(values):
            lines.append(f"| {row} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, help="folder outside the project for the peers' packages")
    parser.add_argument(
        "--only", nargs="*", default=[], help="ids to measure again; the others stay as they are in the results"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.packages or Path(temporary)).resolve()
        try:
            missing = packages.install(folder)
        except OSError as error:
            print(f"The peers cannot be fetched: {error}", file=sys.stderr)
            return 1
        for peer, why in missing.items():
            print(f"{peer} is missing: {why}", file=sys.stderr)
        port = free_port()
        command = ["node", str(HERE / "server.mjs"), str(folder), str(port)]
        node = subprocess.Popen(command, stdout=subprocess.PIPE)
        fake = Fake().start()
        try:
            assert node.stdout is not None
            node.stdout.readline()
            return run(port, fake, missing, options.only)
        finally:
            node.terminate()
            fake.stop()


def run(port: int, fake: Fake, missing: dict[str, str], only: list[str]) -> int:
    """Measure everything against the running servers."""
    server, own = Gate(port), Gate(fake.port)
    chromium = os.environ.get("TIENVIITTA_CHROMIUM") or shutil.which("chromium")
    chosen = [subject for subject in subjects(server, own, fake, missing) if not only or subject.id in only]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        alone = page_alone(browser, f"{server.origin}/page/none")
        for subject in chosen:
            begun = time.monotonic()
            measure.measure(browser, subject)
            print(f"{subject.title}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
        version = browser.version
        browser.close()
    results = [{"id": s.id, "title": s.title, "version": s.version, **s.found} for s in chosen]
    if only:
        before = json.loads(RESULTS.read_text(encoding="utf-8"))["widgets"]
        now = {found["id"]: found for found in results}
        results = [now.get(found["id"], found) for found in before]
    document = {
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}", "chromium": version, "page_alone": alone, "missing": missing,
        "widgets": results,
    }  # fmt: skip
    RESULTS.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
