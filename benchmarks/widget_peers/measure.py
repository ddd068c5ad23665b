"""What is measured of one widget, in Chromium, as a visitor meets it."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Locator, Page, Request
from playwright.sync_api import Error as BrowserError

from benchmarks.widget_peers.gate import Gate

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549"]
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
"""400 ms, 400 kbit/s each way; with the processor slowed to a quarter, a cheap telephone in the country."""
SLOWED_BY = 4
RUNS = 3
NOT_ITS_FILES = re.compile(r"^/(page|embed|say|received|n8n|socket\.io|api|icon\.svg)")
KEEPING = re.compile(r"tallenna|tulosta|lataa keskustelu|save|download|print|transcript|export", re.IGNORECASE)

# Functions of the page. `deep` walks elements through open shadow roots, `own` is an element's own text.
DEEP = """
const deep = (root = document) =>
  [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? deep(e.shadowRoot) : [])]);
const own = (e) => [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
const seen = (e) => { const b = e.getBoundingClientRect(); const s = getComputedStyle(e);
  return b.width > 1 && b.height > 1 && s.visibility === "visible" && s.clipPath === "none"; };
"""
COUNT = f"(text) => {{ {DEEP} return deep().filter((e) => own(e) === text && seen(e)).length; }}"
TEXTS = f"""() => {{ {DEEP}
  return [...new Set(deep().filter((e) => !e.matches("script, style") && seen(e)).map(own))].filter(Boolean); }}"""
LIVE = f"""(text) => {{ {DEEP}
  const live = (e) => {{ const set = e.getAttribute("aria-live");
    return set ? set !== "off" : ["log", "status", "alert"].includes(e.getAttribute("role")); }};
  const all = (e) => [e, ...deep(e), ...(e.shadowRoot ? deep(e.shadowRoot) : [])].map(own).join(" ");
  const found = deep().find((e) => live(e) && all(e).includes(text));
  return found ? found.getAttribute("aria-live") ?? found.getAttribute("role") : null; }}"""
FOCUS = """() => { let e = document.activeElement;
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e ? e.textContent.trim() : ""; }"""
CONTROLS = f"""() => {{ {DEEP}
  return deep().filter((e) => e.matches("button, a[href], [role=button], [role=menuitem]") && seen(e))
    .map((e) => (e.getAttribute("aria-label") ?? e.title ?? "") + " " + e.textContent.trim()); }}"""


@dataclass
class Subject:
    """A widget on the host page: where it is, how it is opened, what its bot says."""

    id: str
    title: str
    version: str
    address: str
    launcher: str | None
    field: str
    menu: str | None
    choice: str
    """Title of a quick reply in the greeting."""
    answer: str
    """Part of the bot's answer to any message."""
    gate: Gate
    reset: Callable[[], None]
    received: Callable[[], list[str]]
    strict: str = ""
    found: dict[str, Any] = field(default_factory=dict)


def wait_for(check: Callable[[], Any], seconds: float, page: Page) -> Any:
    """The first true answer of ``check``, or its last one."""
    until = time.monotonic() + seconds
    while not (result := check()) and time.monotonic() < until:
        page.wait_for_timeout(100)
    return result


def open_widget(page: Page, subject: Subject, address: str | None = None, *, seconds: float = 15) -> Locator:
    """Open the host page and the widget on it, as far as it is not open; its field."""
    page.goto(address or subject.address, wait_until="commit")
    return opened(page, subject, seconds)


def opened(page: Page, subject: Subject, seconds: float = 15) -> Locator:
    """The field of the widget, once it can be written in."""
    entry = page.locator(subject.field).first
    if subject.launcher:
        launcher = page.locator(subject.launcher).first
        wait_for(lambda: entry.is_visible() or launcher.is_visible(), seconds, page)
        if not entry.is_visible():
            launcher.click(timeout=seconds * 1000)
    entry.wait_for(timeout=seconds * 1000)
    return entry


def exchange(page: Page, subject: Subject, entry: Locator, text: str) -> None:
    """Say something, and have the bot's answer on the page."""
    before = len(subject.received())
    entry.fill(text)
    entry.press("Enter")
    wait_for(lambda: len(subject.received()) > before, 8, page)
    page.get_by_text(subject.answer).first.wait_for(timeout=8000)


def files(page: Page, subject: Subject) -> None:
    """What is fetched until the widget has greeted: bytes as they travel, requests, requests to third parties."""
    sizes: list[int] = []
    elsewhere: set[str] = set()

    def done(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.hostname == "127.0.0.1" and not NOT_ITS_FILES.match(parts.path):
            sizes.append(request.sizes()["responseBodySize"])

    def begun(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith("http") and parts.hostname != "127.0.0.1":
            elsewhere.add(str(parts.hostname))

    page.on("requestfinished", done)
    page.on("request", begun)
    open_widget(page, subject)
    page.wait_for_timeout(4000)
    subject.found |= {"bytes": sum(sizes), "requests": len(sizes), "third_parties": sorted(elsewhere)}


def axe(page: Page, subject: Subject) -> None:
    """Violations of the rules of law, on the page with the greeting and after an exchange."""
    nodes: set[tuple[str, str]] = set()
    entry = open_widget(page, subject)
    page.wait_for_timeout(3000)
    for again in (False, True):
        if again:
            exchange(page, subject, entry, "Olen ollut työtön kaksi vuotta")
            page.wait_for_timeout(1500)
        response = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}}).response
        nodes |= {(rule["id"], str(node["target"])) for rule in response["violations"] for node in rule["nodes"]}
    subject.found |= {"axe_rules": sorted({rule for rule, _ in nodes}), "axe_nodes": len(nodes)}


def keyboard(page: Page, subject: Subject) -> None:
    """Whether Tab leads to a quick reply of the greeting, and Enter sends it."""
    open_widget(page, subject)
    offered = wait_for(lambda: page.evaluate(COUNT, subject.choice), 5, page)
    result = "not offered"
    if offered:
        result = "not reached"
        page.locator("body").press("Home")
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(FOCUS) == subject.choice:
                page.keyboard.press("Enter")
                sent = wait_for(lambda: subject.choice in subject.received(), 4, page)
                result = "reached and sent" if sent else "reached, not sent"
                break
    subject.found["keyboard"] = result


def live_region(page: Page, subject: Subject) -> None:
    """The live region that the bot's answer appears in, by its `aria-live` or role; None without one."""
    entry = open_widget(page, subject)
    page.wait_for_timeout(2000)
    entry.fill("Olen ollut työtön kaksi vuotta")
    entry.press("Enter")
    subject.found["live"] = wait_for(lambda: page.evaluate(LIVE, subject.answer), 8, page)


def keeps(page: Page, subject: Subject) -> None:
    """Whether the talk is there after a reload and in a second tab, once; and what the controls offer to keep it."""
    text = "Olen ollut työtön kaksi vuotta"
    exchange(page, subject, open_widget(page, subject), text)
    page.wait_for_timeout(1000)
    if subject.menu:
        page.locator(subject.menu).first.click()
    names = page.evaluate(CONTROLS)
    subject.found["keeping"] = [name.strip() for name in names if KEEPING.search(name)]
    page.reload(wait_until="commit")
    opened(page, subject)
    wait_for(lambda: page.evaluate(COUNT, text), 5, page)
    page.wait_for_timeout(1500)
    subject.found["after_reload"] = page.evaluate(COUNT, text)
    second = page.context.new_page()
    open_widget(second, subject)
    wait_for(lambda: second.evaluate(COUNT, text), 5, second)
    second.wait_for_timeout(1500)
    subject.found["second_tab"] = second.evaluate(COUNT, text)


def cut(page: Page, subject: Subject) -> None:
    """The service cannot be reached for six seconds, and a message is written in that time."""
    text = "Kirjoitan katkon aikana"
    entry = open_widget(page, subject)
    exchange(page, subject, entry, "Hei")
    page.wait_for_timeout(1500)
    subject.gate.shut()
    page.wait_for_timeout(500)
    if not entry.is_visible():
        subject.found["cut"] = "the widget goes away"
        return
    before = set(page.evaluate(TEXTS))
    entry.fill(text)
    entry.press("Enter")
    page.wait_for_timeout(5500)
    said = [line for line in page.evaluate(TEXTS) if line not in before and line != text and not line.isdigit()]
    subject.gate.reopen()
    wait_for(lambda: text in subject.received(), 25, page)
    page.wait_for_timeout(3000)
    delivered = {0: "not delivered", 1: "delivered once"}
    count = subject.received().count(text)
    subject.found["cut"] = (
        f"{delivered.get(count, f'delivered {count} times')}, {'says so' if said else 'says nothing'}"
    )
    subject.found["cut_said"] = said


def strict_policy(page: Page, subject: Subject) -> None:
    """Blocked by `default-src 'self'` without `unsafe-inline`, and whether it opens all the same."""
    blocked: list[str] = []
    page.on(
        "console", lambda message: blocked.append(message.text) if "Content Security Policy" in message.text else None
    )
    try:
        open_widget(page, subject, subject.address + subject.strict, seconds=8)
        works = True
    except BrowserError:
        works = False
    page.wait_for_timeout(2000)
    subject.found |= {"policy_blocked": len(blocked), "policy_works": works}


def slow(page: Page) -> CDPSession:
    """The page on a slow connection and a slow processor."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED_BY})
    return session


def slow_start(browser: Browser, subject: Subject) -> None:
    """Seconds until one can write, and until the page's own first paint; the median of the runs."""
    ready, paint = [], []
    for _ in range(RUNS):
        subject.reset()
        context = browser.new_context(locale="fi-FI", viewport={"width": 1280, "height": 860})
        page = context.new_page()
        slow(page)
        begun = time.monotonic()
        open_widget(page, subject, seconds=120)
        ready.append(time.monotonic() - begun)
        paint.append(first_paint(page))
        context.close()
    subject.found |= {"write_s": statistics.median(ready), "paint_s": statistics.median(paint)}


def first_paint(page: Page) -> float:
    """Seconds from the navigation to the first paint of content."""
    entry = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    return float(wait_for(lambda: page.evaluate(entry), 10, page)) / 1000


MEASURES = [files, axe, keyboard, live_region, keeps, cut, strict_policy]


def measure(browser: Browser, subject: Subject) -> None:
    """Everything of one widget, into ``subject.found``; what could not be measured, with the reason."""
    for one in MEASURES:
        subject.reset()
        context = browser.new_context(locale="fi-FI", viewport={"width": 1280, "height": 860})
        try:
            one(context.new_page(), subject)
        except BrowserError as error:
            subject.found.setdefault("failed", {})[one.__name__] = str(error).splitlines()[0]
        finally:
            subject.gate.reopen()
            context.close()
    slow_start(browser, subject)
