"""The widget on other people's pages: other origins, strict policies, hostile styles, size, text that stays text."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import choose, open_chat, say
from tests.widget.fake_api import API, Fake

STATIC = API / "static"
LIMIT_BYTES = 25_000


def elsewhere(fake: Fake, page: Page, body: str = "", head: str = "", policy: str | None = None) -> None:
    """Open a page of another origin that embeds the widget under a policy without `unsafe-inline`."""
    fake.host_page = (
        f"<!doctype html><html lang='fi'><head><title>Kunta</title>{head}"
        f"<script type='module' src='{fake.origin}/widget.js'></script></head><body>"
        f"{body or '<main><h1>Kunta</h1></main><tienviitta-chat></tienviitta-chat>'}</body></html>",
        policy or f"default-src 'self'; script-src {fake.origin}; connect-src {fake.origin}",
    )
    page.goto(f"http://localhost:{fake.port}/host")


def loaded_files() -> list[Path]:
    """Every file that the widget loads, found by following its imports and stylesheets."""
    found: list[Path] = []
    waiting = [STATIC / "widget.js"]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.append(path)
        base = STATIC.parent if path.name == "widget.js" else path.parent
        text = path.read_text(encoding="utf-8")
        waiting += [(base / name).resolve() for name in re.findall(r'from "(\.[^"]+)"', text)]
        waiting += [(STATIC.parent / name).resolve() for name in re.findall(r'"(static/[^"]+\.css)"', text)]
    return found


def test_the_widget_is_under_25_kb_compressed(page: Page, fake: Fake) -> None:
    files = loaded_files()
    assert {"widget.js", "texts.js", "dom.js", "tokens.css", "widget.css", "talk.js"} <= {path.name for path in files}
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in files}
    assert sum(sizes.values()) < LIMIT_BYTES, sizes
    # And the browser fetches nothing else for it.
    page.goto("/chat")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    fetched = {request.split("/")[-1] for request in fake.requests if "/static/" in request or "widget.js" in request}
    assert fetched - {"site.css", "icon.svg"} == set(sizes)


def test_it_works_on_another_origin_under_a_strict_policy(page: Page, fake: Fake) -> None:
    """`default-src 'self'` with the api's origin for scripts and connections; nothing for styles."""
    elsewhere(fake, page)
    page.locator(".launcher").click()
    choose(page, "Aloitetaan")
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    assert page.locator(".launcher").evaluate("e => getComputedStyle(e).position") == "fixed"
    assert page.locator(".choice").first.evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)") == 2
    page.reload()
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()


def test_no_request_goes_anywhere_else(page: Page, fake: Fake) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_chat(page)
    choose(page, "Aloitetaan")
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    assert asked
    assert [url for url in asked if not url.startswith(fake.origin)] == []


def test_subresource_integrity(page: Page, fake: Fake) -> None:
    def digest(path: Path) -> str:
        return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()

    def link(path: Path, integrity: str) -> str:
        name = path.relative_to(STATIC.parent).as_posix().replace("static/widget.js", "widget.js")
        return f"<link rel='modulepreload' href='{fake.origin}/{name}' integrity='{integrity}' crossorigin>"

    scripts = [path for path in loaded_files() if path.suffix == ".js"]
    elsewhere(fake, page, head="".join(link(path, digest(path)) for path in scripts))
    expect(page.locator(".launcher")).to_be_visible()
    # With one wrong digest nothing of the widget runs.
    wrong = [link(path, digest(path) if path.name != "talk.js" else digest(scripts[0])) for path in scripts]
    page.context.new_page()
    elsewhere(fake, page, head="".join(wrong))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("customElements.get('tienviitta-chat') === undefined")


HOSTILE = """
* { color: red !important; font-size: 40px !important; text-transform: uppercase !important; opacity: .1 !important;
    letter-spacing: 9px !important; line-height: 3 !important; visibility: hidden !important; direction: rtl !important;
    transform: rotate(9deg) !important; box-sizing: content-box !important; font-family: serif !important;
    text-align: right !important; }
button, textarea, p, li { display: none !important; background: lime !important; border: 20px solid red !important; }
body { zoom: 1; } html { font-size: 62.5%; }
"""


def test_styles_of_the_page_do_not_reach_in(page: Page, fake: Fake) -> None:
    look = """host => [".launcher", ".bubble", ".choice", "#field", "h2"].map((name) => {
        const s = getComputedStyle(host.shadowRoot.querySelector(name));
        return [name, s.color, s.fontSize, s.textTransform, s.letterSpacing, s.visibility, s.display, s.fontFamily,
                s.direction, s.textAlign, s.lineHeight, s.borderTopWidth, s.backgroundColor]; })"""
    elsewhere(fake, page, policy=f"default-src 'self' {fake.origin} 'unsafe-inline'")
    page.locator(".launcher").click()
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    plain = page.locator("tienviitta-chat").evaluate(look)
    page.evaluate("sessionStorage.clear()")
    elsewhere(fake, page, head=f"<style>{HOSTILE}</style>", policy=f"default-src 'self' {fake.origin} 'unsafe-inline'")
    page.evaluate("document.querySelector('tienviitta-chat').shadowRoot.querySelector('.launcher').click()")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    assert page.locator("tienviitta-chat").evaluate(look) == plain
    host = page.locator("tienviitta-chat").evaluate(
        "e => { const s = getComputedStyle(e); return [s.opacity, s.transform, s.visibility]; }"
    )
    assert host == ["1", "none", "visible"]


def test_its_styles_do_not_reach_out(page: Page, fake: Fake) -> None:
    page.goto("/")
    before = page.evaluate("JSON.stringify([...document.styleSheets].map((s) => s.href))")
    open_chat(page)
    assert page.evaluate("JSON.stringify([...document.styleSheets].map((s) => s.href))") == before
    assert page.evaluate("document.adoptedStyleSheets.length") == 0


@pytest.mark.parametrize(
    ("primary", "on_primary", "expected"),
    [("#ffe100", None, "rgb(0, 0, 0)"), ("#7a0019", None, "rgb(255, 255, 255)"), ("#777777", "#777777", "rgb(0, 0, 0)"),
     ("#005eb8", "#ffffff", "rgb(255, 255, 255)")],
)  # fmt: skip
def test_a_municipalitys_colours_stay_legible(
    page: Page, fake: Fake, primary: str, on_primary: str | None, expected: str
) -> None:
    own = f"--tv-primary: {primary};" + (f"--tv-on-primary: {on_primary};" if on_primary else "")
    elsewhere(
        fake, page, head=f"<style>tienviitta-chat {{ {own} }}</style>",
        policy=f"default-src 'self' {fake.origin} 'unsafe-inline'",
    )  # fmt: skip
    launcher = page.locator(".launcher")
    expect(launcher).to_be_visible()
    assert launcher.evaluate("e => getComputedStyle(e).color") == expected


def test_attributes(page: Page, fake: Fake) -> None:
    elsewhere(
        fake, page,
        "<main><h1>Kunta</h1></main><tienviitta-chat position='left' heading='Kuntakamu' "
        "launcher-text='Kysy kunnalta' open></tienviitta-chat>",
    )  # fmt: skip
    expect(page.get_by_role("heading", name="Kuntakamu")).to_be_visible()
    box = page.locator("dialog.panel").bounding_box()
    assert box is not None
    assert box["x"] == 20
    page.get_by_role("button", name="Sulje chatti").click()
    expect(page.locator(".launcher")).to_be_visible()
    # Closed by the resident, it stays closed on the next page, though the site opens it by default.
    page.reload()
    expect(page.locator(".launcher")).to_be_visible()
    expect(page.locator(".launcher")).to_contain_text("Jatka keskustelua")


def test_in_an_iframe(page: Page, fake: Fake) -> None:
    fake.host_page = (
        f"<!doctype html><html lang='fi'><title>Kunta</title><h1>Kunta</h1>"
        f"<iframe title='Chatti' src='{fake.origin}/chat' width='400' height='600'></iframe></html>",
        f"default-src 'self'; frame-src {fake.origin}",
    )
    page.goto(f"http://localhost:{fake.port}/host")
    frame = page.frame_locator("iframe")
    frame.get_by_role("button", name="Aloitetaan").click()
    expect(frame.get_by_role("button", name="Kyllä")).to_be_visible()


def test_without_its_styles_the_pages_own_link_is_shown(page: Page, fake: Fake) -> None:
    page.route("**/widget.css", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("link", name="Avaa chatti", exact=True)).to_be_visible()
    expect(page.locator(".launcher")).to_have_count(0)


def test_moving_and_removing_the_element(page: Page, fake: Fake) -> None:
    open_chat(page)
    page.evaluate("document.querySelector('main').append(document.querySelector('tienviitta-chat'))")
    say(page, "siirretty")
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    page.evaluate("{ const chat = document.querySelector('tienviitta-chat'); chat.remove(); window.kept = chat; }")
    page.wait_for_timeout(100)
    page.evaluate("document.body.append(window.kept)")
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    assert len(fake.talks) == 1


INJECTIONS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "</div><svg onload=alert(1)>",
    "javascript:alert(1) ja JAVASCRIPT://%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{7*7}} ${alert(1)} &lt;b&gt;",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_is_only_ever_text(chat: Page, fake: Fake, text: str) -> None:
    dialogs: list[str] = []
    chat.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    elements = "host => host.shadowRoot.querySelectorAll('script, img, iframe, .log svg, .bubble a').length"
    say(chat, text)
    expect(chat.locator(".message.resident .bubble")).to_have_text(text)
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    fake.say(
        "bot", text, buttons=[{"title": text, "payload": "/x"}],
        services=[{"id": "x", "name": text, "group": text, "summary": text, "url": "javascript:alert(1)",
                   "phone": "javascript:alert(1)", "reasons": [text]}],
    )  # fmt: skip
    expect(chat.locator(".card h3")).to_have_text(text)
    expect(chat.locator(".choice")).to_have_text(text)
    expect(chat.locator(".card a")).to_have_count(0)
    assert chat.locator("tienviitta-chat").evaluate(elements) == 0
    assert dialogs == []


def test_links_in_texts(chat: Page, fake: Fake) -> None:
    """Only https, tel and mailto become links; and only what is an address or a number."""
    fake.say(
        "bot",
        "Katso https://example.org/a?b=1. Kirjoita neuvonta@example.org. Soita 09 2525 0111, 116 006 tai 112. "
        "Ei linkkejä: http://example.org, ftp://example.org, 2.5.2026, 300 päivää, 112 €, 12 0045 3.",
    )
    links = chat.locator(".message").last.locator("a")
    expect(links).to_have_count(5)
    assert links.evaluate_all("all => all.map((a) => a.getAttribute('href'))") == [
        "https://example.org/a?b=1", "mailto:neuvonta@example.org", "tel:0925250111", "tel:116006", "tel:112",
    ]  # fmt: skip


def test_the_resident_text_limit_is_not_a_parser(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    """Odd characters: right-to-left marks, emoji, very long words. The panel keeps its width."""
    page = open_chat(new_context(viewport={"width": 320, "height": 640}).new_page())
    text = "\u202eabc " + "ä" * 400 + " 👩🏽‍🦽 " + "https://example.org/" + "x" * 300
    fake.say("bot", text)
    expect(page.locator(".message").last.locator(".bubble")).to_contain_text("https://example.org/")
    width = page.locator(".log").evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert width[0] <= width[1]
