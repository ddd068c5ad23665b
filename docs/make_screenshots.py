"""Makes the pictures of `docs/screenshots/` from the real pages, with the scripted bot of the widget's tests.

Run it from the project's folder: `python docs/make_screenshots.py`. It needs Chromium (TIENVIITTA_CHROMIUM, or the one
on the path).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.widget import test_accessibility as states  # noqa: E402
from tests.widget.conftest import sign_in  # noqa: E402
from tests.widget.fake_api import Fake  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PANEL: dict[str, Any] = {"viewport": {"width": 900, "height": 720}}
"""The picture is of the panel alone."""
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}
ZOOMED: dict[str, Any] = {"viewport": {"width": 320, "height": 256}}
DARK: dict[str, Any] = {"color_scheme": "dark"}


def demo(page: Page, _fake: Fake) -> None:
    """The demonstration page with the chat closed."""
    page.goto("/")
    page.locator(".launcher").wait_for()


def opened_page(path: str) -> Callable[[Page, Fake], None]:
    """A page as it is when it has loaded."""

    def show(page: Page, _fake: Fake) -> None:
        page.goto(path)
        page.wait_for_load_state("networkidle")

    return show


def own_colours(page: Page, fake: Fake) -> None:
    """A site with colours, logo and heading of its own."""
    fake.host_page = (
        """<!doctype html><html lang="fi"><head><meta charset="utf-8"><title>Esimerkkikunta</title>
        <link rel="stylesheet" href="/static/tokens.css"><link rel="stylesheet" href="/static/site.css">
        <style>:root, tienviitta-chat { --tv-primary: #1d5b3a; --tv-primary-strong: #123d26; --tv-accent: #f0a202;
        --tv-link: #1d5b3a; --tv-ground: #f3f1ea; }</style></head><body><main class="width article">
        <h1>Työ ja yrittäminen</h1><p class="lead">Kunnan omat värit, logo ja otsikko.</p></main>
        <script type="module" src="/widget.js"></script><tienviitta-chat heading="Kuntaopas"
        logo="/static/icon.svg" launcher-text="Kysy kuntaoppaalta"></tienviitta-chat></body></html>""",
        "default-src 'self'; style-src 'self' 'unsafe-inline'",
    )
    page.goto("/host")
    page.locator(".launcher").click()
    page.get_by_role("button", name="Aloitetaan").click()
    page.get_by_role("button", name="Kyllä").click()
    page.get_by_text("2/3 Terveys ja arki").wait_for()


def queue(page: Page, _fake: Fake) -> None:
    """The adviser's queue."""
    sign_in(page)


def adviser_talk(page: Page, _fake: Fake) -> None:
    """A talk that the adviser has taken and answered."""
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    page.get_by_role("button", name="Ota hoidettavaksi").click()
    page.get_by_label("Vastauksesi").fill("Hei Sanna. Luin yhteenvedon vastauksistasi. Mistä haluaisit aloittaa?")
    page.get_by_label("Vastauksesi").press("Enter")
    page.locator(".say.adviser").wait_for()


def outcome(page: Page, fake: Fake) -> None:
    """Ending a talk."""
    adviser_talk(page, fake)
    page.get_by_role("button", name="Päätä keskustelu").click()


def callbacks(page: Page, _fake: Fake) -> None:
    """A request for a call."""
    sign_in(page)
    page.get_by_role("button", name="Yhteydenotot").click()
    page.get_by_role("button", name="Aino").click()
    page.get_by_role("button", name="En tavoittanut").wait_for()


PICTURES: list[tuple[str, Callable[[Page, Fake], None], dict[str, Any]]] = [
    ("etusivu", demo, DESKTOP),
    ("etusivu-tumma", demo, DESKTOP | DARK),
    ("etusivu-320", demo, PHONE),
    ("kunnan-sivulla", states.question, DESKTOP),
    ("tervehdys", states.greeting, PANEL),
    ("kysymys", states.question, PANEL),
    ("kysymys-320", states.question, PHONE),
    ("kysymys-320x256", states.question, ZOOMED),
    ("kysymys-tumma", states.question, PANEL | DARK),
    ("kysymys-suuri-teksti", states.large_text, PANEL),
    ("palvelut", states.results, PANEL),
    ("palvelut-320", states.results, PHONE),
    ("palvelut-tumma", states.results, PANEL | DARK),
    ("vastauksen-muutos", states.correcting, PANEL),
    ("vastauksen-muutos-320", states.correcting, PHONE),
    ("valikko", states.menu, PANEL),
    ("valikko-320", states.menu, PHONE),
    ("jonossa", states.queued, PANEL),
    ("neuvoja", states.with_adviser, PANEL),
    ("neuvoja-tumma", states.with_adviser, PANEL | DARK),
    ("paattynyt", states.closed, PANEL),
    ("yhteydenottopyynto", states.callback, PANEL),
    ("ei-verkkoa", states.offline, PANEL),
    ("vika", states.failed, PANEL),
    ("poistuuko", states.erasing, PANEL),
    ("poistettu", states.erased, PANEL),
    ("keskustelua-ei-ole", states.gone, PANEL),
    ("kukaan-ei-ehtinyt", states.nobody_came, PANEL),
    ("viesti-ei-kelpaa", states.refused, PANEL),
    ("palaute", states.feedback, PHONE),
    ("liian-pitka", states.too_long, PHONE),
    ("pakotetut-varit", states.question, PANEL | {"forced_colors": "active"}),
    ("pakotetut-varit-palvelut", states.correcting, PANEL | {"forced_colors": "active"}),
    ("kunnan-varit", own_colours, DESKTOP),
    ("koko-sivu", states.full_page, DESKTOP),
    ("saavutettavuus", opened_page("/accessibility"), DESKTOP),
    ("tietosuoja-320", opened_page("/privacy"), PHONE),
    ("neuvoja-kirjautuminen", opened_page("/adviser"), DESKTOP),
    ("neuvoja-jono", queue, DESKTOP),
    ("neuvoja-keskustelu", adviser_talk, DESKTOP),
    ("neuvoja-keskustelu-tumma", adviser_talk, DESKTOP | DARK),
    ("neuvoja-paata", outcome, DESKTOP),
    ("neuvoja-yhteydenotto-320", callbacks, PHONE),
]


def make(browser: Browser, fake: Fake, name: str, show: Callable[[Page, Fake], None], options: dict[str, Any]) -> None:
    """One picture, as ``docs/screenshots/<name>.png``."""
    fake.reset()
    context = browser.new_context(base_url=fake.origin, locale="fi-FI", reduced_motion="reduce", **options)
    page = context.new_page()
    show(page, fake)
    page.mouse.move(2, 2)
    page.wait_for_timeout(200)
    panel = page.locator("dialog.panel[open]")
    only_panel = options["viewport"] == PANEL["viewport"] and panel.count()
    (panel if only_panel else page).screenshot(path=OUT / f"{name}.png", animations="disabled", scale="css")
    context.close()


def main() -> None:
    """Make every picture, or those whose names are given."""
    wanted = set(sys.argv[1:])
    chromium = os.environ.get("TIENVIITTA_CHROMIUM") or shutil.which("chromium")
    OUT.mkdir(parents=True, exist_ok=True)
    fake = Fake().start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, show, options in PICTURES:
            if not wanted or name in wanted:
                make(browser, fake, name, show, options)
        browser.close()
    fake.stop()


if __name__ == "__main__":
    main()
