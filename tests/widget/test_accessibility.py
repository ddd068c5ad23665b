"""axe in every state, light and dark; and that the pages reflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import choose, open_chat, say, sign_in, to_results
from tests.widget.fake_api import Fake, problem

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549", "best-practice"]
axe = Axe()


def violations(page: Page, within: str | None = None, only: list[str] | None = None) -> list[str]:
    """What axe finds; with ``only``, by those rules alone, on a page where it has been before."""
    options = {
        "runOnly": {"type": "rule", "values": only} if only else {"type": "tag", "values": TAGS},
        "resultTypes": ["violations"],
    }
    if only:
        found = page.evaluate("([where, options]) => axe.run(where ?? document, options)", [within, options])
    else:
        found = axe.run(page, within, options=options).response
    assert found["passes"], "axe looked at nothing"
    return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in found["violations"] for n in v["nodes"]]


def check(page: Page, within: str | None = None) -> None:
    page.emulate_media(color_scheme="light")
    assert violations(page, within) == []
    # The dark scheme and forced colours change colours alone.
    for media in ({"color_scheme": "dark"}, {"color_scheme": "light", "forced_colors": "active"}):
        page.emulate_media(**media)
        assert violations(page, within, ["color-contrast", "link-in-text-block"]) == []
    page.emulate_media(forced_colors="none")


State = Callable[[Page, Fake], None]


def launcher(page: Page, _fake: Fake) -> None:
    page.goto("/")
    expect(page.locator(".launcher")).to_be_visible()


def greeting(page: Page, _fake: Fake) -> None:
    open_chat(page)


def question(page: Page, _fake: Fake) -> None:
    open_chat(page)
    choose(page, "Aloitetaan")
    choose(page, "Kyllä")
    expect(page.get_by_text("2/3 Terveys ja arki")).to_be_visible()


def results(page: Page, _fake: Fake) -> None:
    open_chat(page)
    to_results(page)


def correcting(page: Page, fake: Fake) -> None:
    results(page, fake)
    choose(page, "Korjaan vastausta")
    expect(page.get_by_role("button", name="Kotikunta")).to_be_visible()


def menu(page: Page, _fake: Fake) -> None:
    open_chat(page)
    choose(page, "Valikko")


def erasing(page: Page, _fake: Fake) -> None:
    menu(page, _fake)
    choose(page, "Poista keskustelu")
    expect(page.get_by_role("heading", name="Poistetaanko keskustelu?")).to_be_visible()


def erased(page: Page, fake: Fake) -> None:
    erasing(page, fake)
    choose(page, "Poista kaikki")
    expect(page.get_by_role("heading", name="Keskustelu on poistettu")).to_be_visible()


def feedback(page: Page, _fake: Fake) -> None:
    menu(page, _fake)
    choose(page, "Anna palautetta")
    choose(page, "Lähetä palaute")
    expect(page.get_by_role("alert").filter(has_text="Valitse ensin")).to_be_visible()


def queued(page: Page, _fake: Fake) -> None:
    open_chat(page)
    say(page, "Haluan jutella ihmisen kanssa")
    expect(page.get_by_text("Olet jonossa sijalla 2.")).to_be_visible()


def with_adviser(page: Page, fake: Fake) -> None:
    queued(page, fake)
    fake.set_status("accepted", adviser="Maija", place=None)
    fake.say("system", "Maija on nyt linjoilla.")
    fake.say("adviser", "Hei, olen Maija. Miten voin auttaa? Numero on 112.")
    fake.type_as_adviser()
    expect(page.get_by_text("Maija kirjoittaa")).to_be_visible()


def closed(page: Page, fake: Fake) -> None:
    with_adviser(page, fake)
    fake.set_status("closed")
    fake.say("system", "Neuvoja päätti keskustelun. Sovittiin: soitto huomenna.")
    expect(page.locator(".strip.closed")).to_be_visible()


def callback(page: Page, fake: Fake) -> None:
    open_chat(page)
    fake.set_status("callback_requested")
    expect(page.get_by_text("Yhteydenottopyyntösi on kirjattu.")).to_be_visible()


def nobody_came(page: Page, fake: Fake) -> None:
    open_chat(page)
    fake.set_status("timed_out")
    expect(page.get_by_text("Kukaan neuvoja ei ehtinyt")).to_be_visible()


def offline(page: Page, _fake: Fake) -> None:
    open_chat(page)
    page.context.set_offline(True)
    say(page, "Oletko siellä?")
    expect(page.get_by_text("Ei verkkoyhteyttä.")).to_be_visible()
    expect(page.get_by_text("Odottaa yhteyttä")).to_be_visible()


def refused(page: Page, fake: Fake) -> None:
    open_chat(page)
    fake.fail = lambda method, path: problem(422, "Viestiä ei voi käsitellä.") if "messages" in path else None
    say(page, "Tämä ei kelpaa")
    expect(page.get_by_text("Viestiä ei voi käsitellä.")).to_be_visible()


def too_long(page: Page, _fake: Fake) -> None:
    open_chat(page)
    page.get_by_label("Viestisi").fill("a" * 2005)
    expect(page.get_by_text("Viesti on 5 merkkiä liian pitkä.")).to_be_visible()


def failed(page: Page, fake: Fake) -> None:
    page.goto("/")
    fake.fail = lambda method, path: problem(500, "Vika.") if path.startswith("/api/") else None
    page.locator(".launcher").click()
    expect(page.get_by_role("heading", name="Chatti ei aukea juuri nyt")).to_be_visible()


def gone(page: Page, fake: Fake) -> None:
    open_chat(page)
    fake.talk.deleted = True
    page.reload()
    expect(page.get_by_role("heading", name="Tämä keskustelu on päättynyt")).to_be_visible()


def full_page(page: Page, _fake: Fake) -> None:
    page.goto("/chat")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()


def large_text(page: Page, fake: Fake) -> None:
    question(page, fake)
    choose(page, "Valikko")
    page.get_by_role("button", name="Suurempi teksti").click()
    page.keyboard.press("Escape")


STATES: list[State] = [
    launcher, greeting, question, results, correcting, menu, erasing, erased, feedback, queued, with_adviser, closed,
    callback, nobody_came, offline, refused, too_long, failed, gone, full_page, large_text,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_violations_in_the_chat(page: Page, fake: Fake, state: State) -> None:
    state(page, fake)
    # The page around is looked at once closed and once open.
    check(page, None if state in (launcher, greeting, full_page) else "tienviitta-chat")


@pytest.mark.parametrize("path", ["/privacy", "/accessibility"])
def test_no_violations_on_text_pages(page: Page, path: str) -> None:
    page.goto(path)
    check(page)


def test_no_violations_in_the_console(page: Page, fake: Fake) -> None:
    page.goto("/adviser")
    expect(page.get_by_label("Salasana")).to_be_visible()
    check(page)
    sign_in(page)
    check(page)
    page.get_by_role("button", name="Nimetön asukas").click()
    choose(page, "Ota hoidettavaksi")
    expect(page.get_by_label("Vastauksesi")).to_be_visible()
    page.get_by_text("Valmiit vastaukset").click()
    check(page)
    choose(page, "Päätä keskustelu")
    expect(page.get_by_label("Lopputulos")).to_be_focused()
    check(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    choose(page, "Yhteydenotot")
    page.get_by_role("button", name="Aino").click()
    expect(page.get_by_role("button", name="En tavoittanut")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 640})
    check(page)


def wider_than_the_screen(page: Page) -> list[str]:
    """What sticks out to the right, in the page and in the shadow tree of the widget."""
    found: list[str] = page.evaluate(
        """() => {
          const wide = [];
          const look = (root) => { for (const e of root.querySelectorAll("*")) {
            if (e.shadowRoot) look(e.shadowRoot);
            const style = getComputedStyle(e);
            if (e.closest(".sr, .sr-only, .skip") || style.clipPath !== "none") continue;
            const box = e.getBoundingClientRect();
            const name = e.tagName + "." + e.className;
            if (box.width && (box.right > innerWidth + 0.5 || box.left < -0.5)) wide.push(name);
            if (["auto", "scroll"].includes(style.overflowX) && e.scrollWidth > e.clientWidth + 1) wide.push(name);
          } };
          look(document);
          if (document.documentElement.scrollWidth > innerWidth) wide.push("page");
          return wide;
        }"""
    )
    return found


@pytest.mark.parametrize(
    "state", [launcher, question, results, correcting, menu, erasing, feedback, queued, too_long, large_text]
)
def test_reflows_at_320_by_256(new_context: Callable[..., BrowserContext], fake: Fake, state: State) -> None:
    page = new_context(viewport={"width": 320, "height": 256}).new_page()
    state(page, fake)
    assert wider_than_the_screen(page) == []
    if state is question:
        page.get_by_label("Viestisi").scroll_into_view_if_needed()
        expect(page.get_by_label("Viestisi")).to_be_in_viewport()
        expect(page.get_by_role("button", name="Sulje chatti")).to_be_in_viewport()


@pytest.mark.parametrize("path", ["/", "/privacy", "/accessibility", "/adviser"])
def test_pages_reflow_at_320(new_context: Callable[..., BrowserContext], path: str) -> None:
    page = new_context(viewport={"width": 320, "height": 640}).new_page()
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert wider_than_the_screen(page) == []


def test_text_at_double_size_is_not_cut(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    page = new_context().new_page()
    client = page.context.new_cdp_session(page)
    open_chat(page)
    before = page.locator(".bubble").first.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    client.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    expect(page.locator(".bubble").first).to_have_css("font-size", f"{2 * before:g}px")
    choose(page, "Aloitetaan")
    expect(page.get_by_role("button", name="En ole varma")).to_be_visible()
    assert wider_than_the_screen(page) == []
    assert cut_text(page) == []
    choose(page, "Valikko")
    assert cut_text(page) == []
    choose(page, "Anna palautetta")
    expect(page.get_by_role("heading", name="Oliko keskustelusta apua?")).to_be_visible()
    assert wider_than_the_screen(page) == []
    assert cut_text(page) == []
    choose(page, "Takaisin keskusteluun")
    for title in ("Kyllä", "5", "Kyllä"):
        choose(page, title)
    expect(page.get_by_role("heading", name="Työkyvyn arviointi")).to_be_visible()
    choose(page, "Korjaan vastausta")
    expect(page.get_by_role("button", name="Kotikunta")).to_be_visible()
    assert wider_than_the_screen(page) == []
    assert cut_text(page) == []


def cut_text(page: Page) -> list[str]:
    """What is larger than the box that it is in."""
    found: list[str] = page.locator("tienviitta-chat").evaluate(
        """host => [...host.shadowRoot.querySelectorAll("button, .bubble, h2, h3, label, .menu a")]
             .filter((e) => e.clientHeight && getComputedStyle(e).clipPath === "none"
               && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
             .map((e) => e.className + " " + e.textContent)"""
    )
    return found


@pytest.mark.parametrize("state", [question, results, menu, feedback, queued, gone])
def test_targets_are_large_enough(page: Page, fake: Fake, state: State) -> None:
    """24 px for everything (WCAG 2.5.8), 44 px for what the talk is led with."""
    state(page, fake)
    sizes = page.locator("tienviitta-chat").evaluate(
        """host => [...host.shadowRoot.querySelectorAll("button, a.button, .menu a, textarea, .radio")]
             .filter((e) => e.getClientRects().length).map((e) => {
               const box = e.getBoundingClientRect();
               return [e.className || e.textContent, box.width, box.height];
             })"""
    )
    assert len(sizes) > 3
    assert [size for size in sizes if size[1] < 44 or size[2] < 44] == []


def test_nothing_moves_for_those_who_asked_for_that(page: Page, fake: Fake) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_chat(page)
    fake.delay_s = 25.0  # until the end of this test, however slow the machine
    choose(page, "Aloitetaan")
    expect(page.get_by_text("Botti kirjoittaa")).to_be_visible()
    running = "host => host.shadowRoot.getAnimations().length"
    assert page.locator("tienviitta-chat").evaluate(running) == 0
    page.emulate_media(reduced_motion="no-preference")
    choose_more = page.locator(".typing")
    expect(choose_more).to_be_visible()
    assert page.locator("tienviitta-chat").evaluate(running) > 0


def test_forced_colours_keep_borders(page: Page, fake: Fake) -> None:
    page.emulate_media(forced_colors="active")
    question(page, fake)
    for name in (".choice", ".send", ".bubble"):
        width = page.locator(name).first.evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)")
        assert width >= 1, name
    assert violations(page, "tienviitta-chat") == []


def test_what_the_browser_tells_a_screen_reader(page: Page, fake: Fake) -> None:
    """Chromium's own accessibility tree, not what Playwright makes of the DOM."""
    results(page, fake)
    client = page.context.new_cdp_session(page)
    nodes = [node for node in client.send("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]

    def facts(node: dict[str, Any]) -> dict[str, Any]:
        return {item["name"]: item["value"].get("value") for item in node.get("properties", [])}

    def named(role: str) -> dict[str, dict[str, Any]]:
        return {str(n.get("name", {}).get("value", "")): facts(n) for n in nodes if n["role"]["value"] == role}

    assert list(named("dialog")) == ["Tienviitta, chat"]
    # The log does not speak itself; a region of its own does, politely.
    assert "Keskustelu" in named("log")
    assert named("log")["Keskustelu"].get("live", "off") == "off"
    live = {facts(node).get("live") for node in nodes}
    assert "polite" in live
    assert "assertive" not in live
    headings = {name: properties["level"] for name, properties in named("heading").items()}
    assert headings.items() >= {"Tienviitta": 2, "Uravalmennus": 3, "Työkyvyn arviointi": 3}.items()
    assert "Viestisi" in named("textbox")
    assert {"Valikko", "Sulje chatti", "Lähetä", "Korjaan vastausta"} <= set(named("button"))
    assert named("button")["Valikko"]["expanded"] is False
    spoken = [str(node.get("name", {}).get("value", "")) for node in nodes if node["role"]["value"] == "StaticText"]
    # Buttons that were pressed stay readable.
    assert any(text.startswith("Vaihtoehdot olivat: Kyllä, Ei") for text in spoken)
    assert spoken.count("Kiitos vastauksistasi. Nämä palvelut voivat sopia sinulle.") == 1
    decorative = [node for node in nodes if node["role"]["value"] in {"image", "img", "SvgRoot"} and not node["name"]]
    assert decorative == []
