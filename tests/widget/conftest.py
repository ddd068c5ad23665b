"""Real Chromium against the stand-in api of :mod:`tests.widget.fake_api`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.waiting import eventually
from tests.widget.fake_api import Fake


@pytest.fixture(scope="module")
def server() -> Iterator[Fake]:
    fake = Fake().start()
    yield fake
    fake.stop()


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
    """Until the console has its list and follows what happens: it then gives its first sign of life."""
    page.goto("/adviser")
    page.get_by_label("Käyttäjätunnus").fill("neuvoja")
    page.get_by_label("Salasana").fill("salasana")
    with page.expect_response("**/adviser/api/presence"):
        page.get_by_label("Salasana").press("Enter")
    expect(page.get_by_role("button", name="Sanna")).to_be_visible()


def until(page: Page, condition: Callable[[], object], said: Callable[[], object] = lambda: "it never came") -> None:
    """Wait for what is on no page: what the stand-in holds, or a handler of this page collects."""
    eventually(condition, said, pause=lambda seconds: page.wait_for_timeout(seconds * 1000))
