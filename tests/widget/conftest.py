"""Real Chromium against the stand-in api of :mod:`tests.widget.fake_api`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

# Imported here, since compiling a module after Playwright's greenlets have run can fail on Python 3.11
# ("AST constructor recursion depth mismatch"), and pytest's plugin imports it at the very end.
import hypothesis  # noqa: F401
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.widget.fake_api import Fake

expect.set_options(timeout=8000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/widget" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    fake = Fake().start()
    yield fake
    fake.stop()


# Of module scope: a running sync Playwright would stand in the way of asynchronous tests elsewhere.
@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def fake(server: Fake) -> Fake:
    server.reset()
    return server


@pytest.fixture
def new_context(browser: Browser, fake: Fake) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts; fails the test when a page of theirs breaks a policy or throws."""
    made: list[BrowserContext] = []
    broken: list[str] = []

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on(
            "console",
            lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None,
        )

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(
            **{"base_url": fake.origin, "viewport": {"width": 1280, "height": 860}, "locale": "fi-FI", **options}
        )
        context.on("page", watch)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()
    assert broken == []


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    return new_context().new_page()


@pytest.fixture
def chat(page: Page) -> Page:
    """The demonstration page with the panel open and the greeting in it."""
    return open_chat(page)


def open_chat(page: Page, path: str = "/") -> Page:
    page.goto(path)
    page.locator(".launcher").click()
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    return page


def choose(page: Page, title: str) -> None:
    page.get_by_role("button", name=title, exact=True).click()


def say(page: Page, text: str) -> None:
    page.get_by_label("Viestisi").fill(text)
    page.get_by_label("Viestisi").press("Enter")


def to_results(page: Page) -> None:
    """Through the three questions of the scripted bot."""
    for title in ("Aloitetaan", "Kyllä", "5", "En ole varma"):
        choose(page, title)
    expect(page.get_by_role("heading", name="Työkyvyn arviointi")).to_be_visible()


def sign_in(page: Page) -> None:
    page.goto("/adviser")
    page.get_by_label("Käyttäjätunnus").fill("neuvoja")
    page.get_by_label("Salasana").fill("salasana")
    page.get_by_label("Salasana").press("Enter")
    expect(page.get_by_role("button", name="Sanna")).to_be_visible()
