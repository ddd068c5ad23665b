"""How long a request and a reply take from one screen to the other: ``python -m benchmarks.handoff_latency``.

The real service, Chromium with two windows: a resident's chat and an adviser's console. A press and a submit are timed
by a listener in the page that acts, the arrival by a MutationObserver in the page that shows; both clocks are this
machine's. Prints a table and writes it as JSON to ``var/benchmarks/handoff_latency.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.chat_turn import Figures, start
from launcher.failure import LaunchError
from settings import ROOT

REQUESTS = 20
REPLIES = 3
"""In each direction, for each request."""
LIMIT_MS = 60_000

WATCH = """() => {
    window.acted = [];
    window.shown = {};
    const texts = () => {
        const chat = document.querySelector("tienviitta-chat")?.shadowRoot;
        return [...(chat ?? document).querySelectorAll(".message.adviser .bubble, .say.resident .say-text, .request")];
    };
    const look = () => {
        for (const node of texts()) {
            const key = node.dataset.id ?? node.textContent;
            window.shown[key] ??= Date.now();
        }
    };
    const act = () => window.acted.push(Date.now());
    const options = { childList: true, subtree: true, characterData: true };
    const chat = document.querySelector("tienviitta-chat")?.shadowRoot;
    new MutationObserver(look).observe(chat ?? document.body, options);
    (chat ?? document).addEventListener("submit", act, true);
    (chat ?? document).addEventListener("click", (event) => event.target.closest?.(".choice") && act(), true);
    look();
}"""


class Measuring:
    """An adviser's window, and one resident after the other."""

    def __init__(self, browser: Browser, url: str, password: str) -> None:
        self.browser, self.url = browser, url
        self.desk = self._window("/adviser")
        self.desk.get_by_label("Käyttäjätunnus").fill("neuvoja")
        self.desk.get_by_label("Salasana").fill(password)
        self.desk.get_by_role("button", name="Kirjaudu sisään").click()
        expect(self.desk.get_by_text("Jonossa ei ole ketään.")).to_be_visible()
        self.desk.evaluate(WATCH)
        self.requests: list[float] = []
        self.to_resident: list[float] = []
        self.to_adviser: list[float] = []

    def _window(self, path: str) -> Page:
        context = self.browser.new_context(base_url=self.url, locale="fi-FI")
        context.set_default_timeout(LIMIT_MS)
        page = context.new_page()
        page.goto(path)
        return page

    def _took_s(self, key: str, *, acts: Page, shows: Page) -> float:
        """From the last press in one page to ``key`` on the screen of the other."""
        shows.wait_for_function("key => window.shown[key]", arg=key, timeout=LIMIT_MS)
        shown, acted = shows.evaluate("key => window.shown[key]", key), acts.evaluate("window.acted.at(-1)")
        return float(shown - acted) / 1000

    def one(self, number: int) -> None:
        """A resident asks for a person, talks with them, and is let go."""
        chat = self._window("/")
        chat.get_by_role("button", name="Kysy palveluista").click()
        field = chat.get_by_label("Viestisi")
        expect(chat.locator(".choice").first).to_be_visible()
        chat.evaluate(WATCH)
        field.fill("haluan jutella ihmisen kanssa")
        field.press("Enter")
        chat.get_by_role("button", name="Lähetä yhteenveto", exact=True).click()
        chat.get_by_role("button", name="Jatka ilman nimeä", exact=True).click()
        card = self.desk.locator(".request")
        expect(card).to_have_count(1)
        handoff = card.get_attribute("data-id") or ""
        self.requests.append(self._took_s(handoff, acts=chat, shows=self.desk))
        card.click()
        self.desk.get_by_role("button", name="Ota hoidettavaksi").click()
        reply = self.desk.get_by_label("Vastauksesi")
        for turn in range(REPLIES):
            answer, question = f"Vastaus {number}.{turn}", f"Kysymys {number}.{turn}"
            reply.fill(answer)
            self.desk.get_by_role("button", name="Lähetä", exact=True).click()
            self.to_resident.append(self._took_s(answer, acts=self.desk, shows=chat))
            field.fill(question)
            chat.get_by_role("button", name="Lähetä", exact=True).click()
            self.to_adviser.append(self._took_s(question, acts=chat, shows=self.desk))
        self.desk.get_by_role("button", name="Päätä keskustelu").click()
        self.desk.get_by_role("dialog").get_by_role("button", name="Päätä keskustelu").click()
        expect(card).to_have_count(0)
        chat.context.close()


def run(requests: int) -> dict[str, Any]:
    """Measure on a service of its own.

    Raises:
        LaunchError: when the service does not start, or there is no Chromium.
    """
    chromium = os.environ.get("TIENVIITTA_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise LaunchError("no Chromium; name one in TIENVIITTA_CHROMIUM")
    expect.set_options(timeout=LIMIT_MS)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        settings, supervisor = start(Path(folder))
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                password = (settings.var_dir / "adviser-password").read_text(encoding="utf-8").strip()
                measuring = Measuring(browser, settings.url, password)
                for number in range(requests):
                    measuring.one(number)
                browser.close()
        finally:
            supervisor.stop()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
        "samples": {"requests": len(measuring.requests), "messages_each_way": len(measuring.to_resident)},
        "ms": {
            "the resident's press to the adviser's queue": asdict(Figures.of(measuring.requests)),
            "the adviser's reply to the resident's screen": asdict(Figures.of(measuring.to_resident)),
            "the resident's message to the adviser's screen": asdict(Figures.of(measuring.to_adviser)),
        },
    }


def main() -> int:
    """Run it and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="residents, one after the other")
    try:
        result = run(parser.parse_args().requests)
    except LaunchError as error:
        print(f"tienviitta: {error}")
        return 1
    path = ROOT / "var" / "benchmarks" / "handoff_latency.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    print("| from, to | median, ms | 95th percentile, ms |\n|---|---|---|")
    for name, found in result["ms"].items():
        print(f"| {name} | {found['median']:.0f} | {found['p95']:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
