"""The whole of it in real Chromium on the real engine: a resident and an adviser in two windows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.conftest import EXPECT_WITHIN_MS, Stack

pytestmark = pytest.mark.stack

# What is answered to each question: a button by its value, or words.
ANSWERS: dict[str, tuple[Literal["button", "words"], Any]] = {
    "wants_work": ("button", "yes"),
    "open_labour_market_goal": ("words", "kyllä on"),
    "feels_able_to_work": ("words", "en oikein, selkä on ollut pitkään kipeä"),
    "work_ability_score": ("button", 4),
    "life_situation_allows_work": ("button", "no"),
    "life_situation_barriers": ("words", "rahat ei riitä"),
    "has_usable_skills": ("button", "yes"),
    "has_working_life_habits": ("words", "joo kyllä"),
    "age": ("words", "olen 46"),
    "municipality": ("button", "Lahti"),
    "unemployed_months": ("words", "kaksi vuotta"),
    "labour_market_subsidy_days": ("button", 300),
    "handoff_consent": ("button", "summary"),
}
QUESTIONS = list(ANSWERS)[:-1]


@pytest.fixture
def window(browser: Browser, stack: Stack) -> Iterator[Any]:
    """Opens windows; a script error or a failed request of any of them fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_(width: int = 1280, height: int = 800) -> Page:
        context = browser.new_context(base_url=stack.url, viewport={"width": width, "height": height}, locale="fi-FI")
        context.set_default_timeout(EXPECT_WITHIN_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        return page

    yield open_
    for context in contexts:
        context.close()
    # A page that looks whether somebody is signed in is told 401, which Chromium reports.
    assert [error for error in errors if "401" not in error] == []


class Chat:
    """The widget on a page, used with the mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.get_by_role("dialog", name="Tienviitta, chat")
        self.log = page.get_by_role("log", name="Keskustelu")
        self.field = page.get_by_label("Viestisi")
        self.answer: dict[str, Any] = {}

    def open(self) -> None:
        with self.page.expect_response(lambda r: r.url.endswith("/conversations")) as begun:
            self.page.get_by_role("button", name="Kysy palveluista").click()
        self.answer = begun.value.json()
        expect(self.panel).to_be_visible()
        self.see_answer()

    def see_answer(self) -> None:
        """The last thing that the service said is on the screen."""
        last = self.answer["messages"][-1]
        expect(self.log.get_by_role("listitem").filter(has_text=last["text"].splitlines()[0]).last).to_be_visible()

    @property
    def awaiting(self) -> str | None:
        value: str | None = self.answer["awaiting"]
        return value

    def _answered(self, act: Any) -> None:
        with self.page.expect_response(lambda r: r.url.endswith("/messages") and r.request.method == "POST") as sent:
            act()
        assert sent.value.status == 200, sent.value.text()
        self.answer = sent.value.json()
        if self.answer["messages"]:
            self.see_answer()

    def choice(self, title: str) -> Locator:
        return self.log.get_by_role("button", name=title, exact=True)

    def press(self, title: str) -> None:
        self._answered(self.choice(title).click)

    def write(self, text: str) -> None:
        def act() -> None:
            self.field.fill(text)
            self.page.get_by_role("button", name="Lähetä", exact=True).click()

        self._answered(act)

    def title_of(self, value: Any) -> str:
        """What the button says that answers the open question with ``value``."""
        wanted = {self.awaiting: value}
        for message in self.answer["messages"]:
            for button in message["buttons"]:
                _, brace, fields = button["payload"].partition("{")
                if brace and json.loads(brace + fields) == wanted:
                    return str(button["title"])
        raise AssertionError(f"no button for {wanted}")

    def reply(self) -> None:
        """Answer the open question as ANSWERS says."""
        assert self.awaiting is not None
        kind, value = ANSWERS[self.awaiting]
        if kind == "button":
            self.press(self.title_of(value))
        else:
            self.write(value)

    def complete(self) -> list[str]:
        """The whole self-check from its first question; what was asked."""
        asked = []
        while self.awaiting is not None:
            asked.append(self.awaiting)
            self.reply()
        return asked


class KeyboardChat(Chat):
    """The widget, used with the keyboard alone."""

    FOCUSED = """() => {
        let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return at?.id === "field" ? "#field" : at?.textContent.trim() ?? "";
    }"""

    def move_to(self, wanted: str, keys: tuple[str, ...] = ("Tab", "Shift+Tab")) -> None:
        """Tab until what is wanted has focus, forward first and then back."""
        seen = []
        for key in keys:
            for _ in range(60):
                at = self.page.evaluate(self.FOCUSED)
                if at == wanted:
                    return
                seen.append(at)
                self.page.keyboard.press(key)
        raise AssertionError(f"{wanted!r} cannot be reached with Tab; passed {seen}")

    def open(self) -> None:
        with self.page.expect_response(lambda r: r.url.endswith("/conversations")) as begun:
            self.move_to("Kysy palveluista")
            self.page.keyboard.press("Enter")
        self.answer = begun.value.json()
        self.see_answer()
        assert self.page.evaluate(self.FOCUSED) == "#field"

    def press(self, title: str) -> None:
        def act() -> None:
            expect(self.choice(title)).to_be_visible()
            self.move_to(title, ("Shift+Tab",) if self.page.evaluate(self.FOCUSED) == "#field" else ("Tab",))
            self.page.keyboard.press("Enter")

        self._answered(act)

    def write(self, text: str) -> None:
        def act() -> None:
            self.move_to("#field", ("Tab",))
            self.page.keyboard.type(text)
            self.page.keyboard.press("Enter")

        self._answered(act)


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def assert_fits(page: Page) -> None:
    """Nothing has to be scrolled sideways, on the page or in the panel."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overflowing = page.evaluate(
        """width => {
            const root = document.querySelector("tienviitta-chat").shadowRoot;
            return [...root.querySelectorAll(".panel *")]
                .filter((e) => e.checkVisibility() && !e.closest(".sr") && e.getBoundingClientRect().right > width + 1)
                .map((e) => e.className || e.tagName);
        }""",
        width,
    )
    assert overflowing == []


def assert_services_with_reasons(chat: Chat) -> None:
    cards = chat.log.locator(".card")
    expect(cards.first).to_be_visible()
    for card in cards.all():
        expect(card.get_by_role("heading")).not_to_be_empty()
        expect(card.locator(".reasons li").first).not_to_be_empty()


def test_from_the_first_question_to_a_person_and_back(
    window: Any, stack: Stack, request: pytest.FixtureRequest
) -> None:
    # Another name at a second try, since the first may still be in the queue.
    name = ("Matti", "Mikko")[getattr(request.node, "execution_count", 1) - 1]
    page = window()
    page.goto("/")
    assert_accessible(page)
    chat = Chat(page)
    chat.open()
    chat.press("Aloita itsearviointi")
    assert chat.awaiting == QUESTIONS[0]
    assert_accessible(page)

    assert chat.complete() == QUESTIONS
    assert_services_with_reasons(chat)
    assert_accessible(page)

    chat.write("haluan jutella ihmisen kanssa")
    assert chat.awaiting == "handoff_consent"
    chat.reply()
    assert chat.awaiting == "handoff_contact"
    chat.write(name)
    assert chat.answer["status"] == "queued"
    expect(page.get_by_text("Odotat neuvojaa", exact=False).first).to_be_visible()

    desk = window()
    desk.goto("/adviser")
    assert_accessible(desk)
    desk.get_by_label("Käyttäjätunnus").fill("neuvoja")
    desk.get_by_label("Salasana").fill("not the password")
    desk.get_by_role("button", name="Kirjaudu sisään").click()
    expect(desk.get_by_role("alert")).to_contain_text("väärä")
    desk.get_by_label("Salasana").fill(stack.adviser_password)
    desk.get_by_role("button", name="Kirjaudu sisään").click()
    desk.get_by_role("button", name=name).click()
    info = desk.get_by_role("complementary", name="Tiedot asukkaasta")
    for part in ("46", "Lahti", "4"):
        expect(info.get_by_role("definition").filter(has_text=part).first).to_be_visible()
    first = page.locator(".card h3").first.inner_text()
    expect(info).to_contain_text(first)
    # The resident agreed to pass the summary on, and not the talk.
    expect(desk.get_by_text("selkä on ollut pitkään kipeä")).to_have_count(0)
    assert_accessible(desk)

    desk.get_by_role("button", name="Ota hoidettavaksi").click()
    expect(page.get_by_text("on nyt linjoilla").first).to_be_visible()
    desk.get_by_label("Vastauksesi").fill(f"Hei {name}, luin yhteenvedon.")
    desk.get_by_role("button", name="Lähetä", exact=True).click()
    expect(chat.log.get_by_text(f"Hei {name}, luin yhteenvedon.")).to_be_visible()
    assert_accessible(page)

    chat.write("Hei, mistä aloitetaan")
    expect(desk.get_by_role("log").get_by_text("Hei, mistä aloitetaan")).to_be_visible()
    assert_accessible(desk)

    desk.get_by_role("button", name="Päätä keskustelu").click()
    ask = desk.get_by_role("dialog")
    ask.get_by_label("Lopputulos").select_option("meeting_agreed")
    ask.get_by_label("Mitä sovittiin").fill("Tapaaminen torstaina")
    ask.get_by_role("button", name="Päätä keskustelu").click()

    expect(chat.log.get_by_text("Sovittiin: Tapaaminen torstaina")).to_be_visible()
    expect(chat.log.get_by_text("olen taas tässä")).to_be_visible()
    chat.write("kiitos avusta")
    assert chat.answer["messages"][0]["sender"] == "bot"
    assert chat.answer["status"] == "bot"


def test_a_reload_in_the_middle_loses_nothing(window: Any) -> None:
    page = window()
    page.goto("/")
    chat = Chat(page)
    chat.open()
    chat.press("Aloita itsearviointi")
    chat.reply()
    second = chat.answer["messages"][-1]["text"]
    before = chat.log.get_by_role("listitem").count()

    page.reload()

    expect(chat.panel).to_be_visible()
    expect(chat.log.get_by_text(second)).to_be_visible()
    expect(chat.log.get_by_role("listitem")).to_have_count(before)
    chat.reply()
    assert chat.awaiting == QUESTIONS[2]


def test_the_whole_self_check_on_a_narrow_screen(window: Any) -> None:
    page = window(320, 640)
    page.goto("/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    chat = Chat(page)
    chat.open()
    assert_fits(page)
    chat.press("Aloita itsearviointi")
    asked = []
    while chat.awaiting is not None:
        asked.append(chat.awaiting)
        assert_fits(page)
        chat.reply()

    assert asked == QUESTIONS
    assert_services_with_reasons(chat)
    assert_fits(page)
    assert_accessible(page)


def test_the_residents_part_with_the_keyboard_alone(window: Any) -> None:
    page = window()
    page.goto("/")
    chat = KeyboardChat(page)
    chat.open()
    chat.press("Aloita itsearviointi")
    assert chat.complete() == QUESTIONS
    assert_services_with_reasons(chat)

    chat.write("haluan jutella ihmisen kanssa")
    chat.reply()
    chat.write("Liisa")
    assert chat.answer["status"] == "queued"
    with page.expect_response(lambda r: r.url.endswith("/handoff/cancel")) as cancelled:
        chat.move_to("Peru odotus", ("Shift+Tab", "Tab"))
        page.keyboard.press("Enter")
    assert cancelled.value.status == 200

    # The button goes with what it cancelled; once that is told, the field is reached again and Escape closes.
    expect(chat.panel.get_by_text("Pyyntö on peruttu").first).to_be_visible()
    chat.move_to("#field", ("Tab", "Shift+Tab"))
    page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    assert page.evaluate(KeyboardChat.FOCUSED) == "Jatka keskustelua"
