"""The widget on other people's pages: other origins, strict policies, hostile styles, size, text that stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from api.pages import bundle
from tests.widget.conftest import choose, open_chat, say
from tests.widget.fake_api import Fake

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


def test_the_widget_is_one_file_under_25_kb_compressed(page: Page, fake: Fake) -> None:
    page.goto("/chat")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    # Beside the page and its own styles the browser fetches the one file, and talks.
    fetched = {request.split(" ")[1] for request in fake.requests if "/api/" not in request}
    assert fetched - {"/chat", "/static/tokens.css", "/static/site.css", "/static/icon.svg"} == {"/widget.js"}
    size = page.evaluate("performance.getEntriesByName(new URL('/widget.js', location.href).href)[0].encodedBodySize")
    assert 10_000 < size < LIMIT_BYTES
    assert size == len(bundle.widget().gzipped)


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


def test_subresource_integrity_under_a_versioned_address(page: Page, fake: Fake) -> None:
    script = bundle.widget()

    def embedded(integrity: str) -> str:
        return (
            f"<!doctype html><html lang='fi'><title>Kunta</title><script type='module' integrity='{integrity}' "
            f"src='{fake.origin}/{script.name}' crossorigin='anonymous'></script>"
            f"<tienviitta-chat><a href='{fake.origin}/chat'>Avaa chatti</a></tienviitta-chat></html>"
        )

    policy = f"default-src 'self'; script-src {fake.origin}; connect-src {fake.origin}"
    fake.host_page = (embedded(script.integrity), policy)
    page.goto(f"http://localhost:{fake.port}/host")
    page.locator(".launcher").click()
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    # With another checksum nothing of it runs, and the page's own link is there instead.
    wrong = "sha384-" + base64.b64encode(hashlib.sha384(script.code + b" ").digest()).decode()
    fake.host_page = (embedded(wrong), policy)
    page.goto(f"http://localhost:{fake.port}/host")
    expect(page.get_by_role("link", name="Avaa chatti")).to_be_visible()
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
    expect(page.locator(".launcher")).to_be_hidden()
    plain = page.locator("tienviitta-chat").evaluate(look)
    page.evaluate("sessionStorage.clear()")
    elsewhere(fake, page, head=f"<style>{HOSTILE}</style>", policy=f"default-src 'self' {fake.origin} 'unsafe-inline'")
    page.evaluate("document.querySelector('tienviitta-chat').shadowRoot.querySelector('.launcher').click()")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    expect(page.locator(".launcher")).to_be_hidden()
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


def colours(page: Page, own: str) -> tuple[list[str], dict[str, str]]:
    """What the console is told, and the variables that a widget with these colours has put right."""
    end = f"that was {own or 'nothing'}"
    told: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "tienviitta-chat:" in message.text:
            told.append(message.text)

    page.on("console", listen)
    # What is told comes after the answer of the page may have come, but in its order.
    with page.expect_console_message(lambda message: message.text == end):
        style: dict[str, str] = page.evaluate(
            """([own, end]) => {
              document.querySelector("tienviitta-chat").remove();
              const chat = document.createElement("tienviitta-chat");
              chat.style.cssText = own;
              document.body.append(chat);
              const { style } = chat.shadowRoot.querySelector(".wrap");
              console.info(end);
              return Object.fromEntries([...style].map((name) => [name, style.getPropertyValue(name)]));
            }""",
            [own, end],
        )
    page.remove_listener("console", listen)
    return told, style


CHOSEN: list[tuple[str, dict[str, str]]] = [
    ("", {}),
    # #767676 on white is 4.54:1, #777777 is 4.48:1: either side of the threshold.
    ("--tv-primary: #767676; --tv-primary-strong: #000", {}),
    ("--tv-primary: #777777; --tv-primary-strong: #fff", {"--tv-on-primary": "#000"}),
    ("--tv-link: #767676; --tv-ground: #ffffff", {}),
    ("--tv-link: #777777; --tv-ground: #ffffff", {"--tv-link": "#000"}),
    # A hover colour that the text cannot be read on gives way; the text stays.
    ("--tv-primary-strong: #c9d5db", {"--tv-primary-strong": "var(--tv-primary)"}),
    ("--tv-accent: #14232b", {"--tv-on-accent": "#fff"}),
    ("--tv-primary: hsl(52 100% 50%); --tv-primary-strong: oklch(0.9 0.1 100)", {"--tv-on-primary": "#000"}),
]


def test_a_citys_colours_stay_legible(page: Page, fake: Fake) -> None:
    elsewhere(fake, page)
    expect(page.locator(".launcher")).to_be_visible()
    for own, put_right in CHOSEN:
        told, style = colours(page, own)
        assert style == put_right, own
        assert len(told) == len(put_right), own
        for name, line in zip(put_right, told, strict=True):
            assert f"{name} on " in line
            assert "below 4.5:1" in line


def test_colours_as_attributes_under_a_strict_policy(page: Page, fake: Fake) -> None:
    """What is no colour is left out; what cannot be read is put right as elsewhere."""
    body = (
        "<main><h1>Kunta</h1></main><tienviitta-chat color-primary='#7a0019' color-link='#777' "
        "color-accent='url(https://example.org)'></tienviitta-chat>"
    )
    elsewhere(fake, page, body)
    expect(page.locator(".launcher")).to_have_css("background-color", "rgb(122, 0, 25)")
    expect(page.locator("tienviitta-chat")).to_have_attribute("style", "--tv-primary: #7a0019; --tv-link: #777;")
    expect(page.locator(".wrap")).to_have_attribute("style", re.compile("--tv-link: #000"))


def test_colours_are_checked_again_in_the_dark(page: Page, fake: Fake) -> None:
    """The link colour suits the light ground alone; nothing is said where colours are the system's own."""
    elsewhere(fake, page)
    expect(page.locator(".launcher")).to_be_visible()
    page.emulate_media(forced_colors="active")
    assert colours(page, "--tv-link: #0b5a89") == ([], {})
    page.emulate_media(forced_colors="none", color_scheme="dark")
    expect(page.locator(".wrap")).to_have_attribute("style", "--tv-link: #fff;")
    page.emulate_media(color_scheme="light")
    expect(page.locator(".wrap")).not_to_have_attribute("style", re.compile("--tv-link"))


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


def test_without_its_script_the_pages_own_link_is_shown(page: Page, fake: Fake) -> None:
    page.route("**/widget.js", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("link", name="Avaa chatti", exact=True)).to_be_visible()
    expect(page.locator(".launcher")).to_have_count(0)


BANNER = """
<style>.cookies { position: fixed; inset: auto 0 0 0; height: 90px; z-index: 2147483647; background: #fff;
border-top: 1px solid #000; } tienviitta-chat { --tv-offset-bottom: 110px; }</style>
<main><h1>Kunta</h1></main>
<div class="cookies" role="region" aria-label="Evästeet"><button type="button">Hyväksy</button></div>
<tienviitta-chat></tienviitta-chat>
"""


def test_beside_a_cookie_banner(page: Page, fake: Fake) -> None:
    """With the offset set, neither covers the other, closed or open, and both can be used."""
    elsewhere(fake, page, BANNER, policy=f"default-src 'self' {fake.origin} 'unsafe-inline'")
    banner = page.locator(".cookies").bounding_box()
    launcher = page.locator(".launcher").bounding_box()
    assert banner is not None
    assert launcher is not None
    assert launcher["y"] + launcher["height"] <= banner["y"]
    page.locator(".launcher").click()
    choose(page, "Aloitetaan")
    panel = page.locator("dialog.panel").bounding_box()
    assert panel is not None
    assert panel["y"] >= 0
    assert panel["y"] + panel["height"] <= banner["y"]
    page.get_by_role("button", name="Hyväksy").click()
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()


def test_a_module_that_cannot_be_joined_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    monkeypatch.setattr(bundle, "ENTRY", tmp_path / "a.js")
    (tmp_path / "b.js").write_text("/** B. */\nexport const b = 1;\n", encoding="utf-8")
    (tmp_path / "a.js").write_text('import { b as c } from "./b.js";\n// Why.\nconsole.log(c);\n', encoding="utf-8")
    assert bundle.widget().code.decode() == (
        "const _b_js = (() => {\nconst b = 1;\nreturn { b };\n})();\n"
        "const _a_js = (() => {\nconst { b: c } = _b_js;\nconsole.log(c);\n})();\n"
    )
    (tmp_path / "b.js").write_text("export default 1;\n", encoding="utf-8")
    with pytest.raises(bundle.BundleError, match=r"b\.js.*export default"):
        bundle.widget()
    (tmp_path / "b.js").write_text('import { d } from "./a.js";\nexport const b = d;\n', encoding="utf-8")
    with pytest.raises(bundle.BundleError, match="imports itself"):
        bundle.widget()


def test_moving_and_removing_the_element(page: Page, fake: Fake) -> None:
    open_chat(page)
    page.evaluate("document.querySelector('main').append(document.querySelector('tienviitta-chat'))")
    say(page, "siirretty")
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    page.evaluate("{ const chat = document.querySelector('tienviitta-chat'); chat.remove(); window.kept = chat; }")
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
