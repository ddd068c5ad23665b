"""What comes in an unlucky order, and where focus and reading are meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.waiting import eventually
from tests.widget.conftest import choose, open_chat, say, to_results
from tests.widget.fake_api import Fake, problem

INNER_FOCUS = (
    "() => { let a = document.activeElement; while (a.shadowRoot?.activeElement) a = a.shadowRoot.activeElement;"
)


def focused(page: Page) -> str:
    """Text of what has focus, inside the widget too."""
    return str(page.evaluate(INNER_FOCUS + "return a.textContent.trim(); }"))


def test_the_menu_follows_its_button_and_closes_when_focus_goes_on(chat: Page) -> None:
    button = chat.get_by_role("button", name="Valikko")
    button.press("Enter")
    chat.keyboard.press("Tab")
    assert focused(chat) == "Juttele ihmisen kanssa"
    chat.get_by_role("button", name="Poista keskustelu").focus()
    chat.keyboard.press("Tab")
    expect(chat.get_by_role("button", name="Sulje chatti")).to_be_focused()
    expect(chat.locator("#menu")).to_be_hidden()
    expect(button).to_have_attribute("aria-expanded", "false")


def test_nothing_that_scrolls_is_a_stop_without_a_name(chat: Page) -> None:
    """Firefox stops at everything that scrolls, unless it is told not to."""
    choose(chat, "Valikko")
    nameless = chat.locator("tienviitta-chat").evaluate(
        """host => [...host.shadowRoot.querySelectorAll("*")]
          .filter((e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowY) && e.localName !== "textarea")
          .filter((e) => e.tabIndex !== 0 ? e.getAttribute("tabindex") !== "-1" : !e.getAttribute("aria-label"))
          .map((e) => e.className)"""
    )
    assert nameless == []


def test_focus_has_moved_before_what_had_it_goes_away(page: Page, fake: Fake) -> None:
    """Orca says nothing of the new place when the old one is gone at the same moment."""
    page.goto("/")
    launcher = page.locator(".launcher")
    expect(launcher).to_be_visible()
    seen = page.evaluate(
        """() => {
          const host = document.querySelector("tienviitta-chat");
          host.shadowRoot.querySelector(".launcher").focus();
          host.show();
          return [host.shadowRoot.activeElement.id, host.shadowRoot.querySelector(".launcher").hidden];
        }"""
    )
    assert seen == ["field", False]
    expect(launcher).to_be_hidden()
    choose(page, "Valikko")
    choose(page, "Anna palautetta")
    expect(page.get_by_role("heading", name="Oliko keskustelusta apua?")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Viestisi")).to_be_focused()
    expect(page.get_by_role("heading", name="Oliko keskustelusta apua?")).to_have_count(0)
    expect(page.locator(".view")).to_be_hidden()


def test_focus_has_moved_before_one_view_makes_room_for_another(chat: Page) -> None:
    choose(chat, "Valikko")
    choose(chat, "Poista keskustelu")
    confirm = chat.get_by_role("button", name="Poista kaikki")
    confirm.evaluate(
        """e => {
          const root = e.getRootNode();
          root.addEventListener("focusin", ({ target }) => {
            if (target.localName === "h3") window.seen = [target.textContent, e.isConnected];
          });
        }"""
    )
    confirm.press("Enter")
    expect(chat.get_by_role("heading", name="Keskustelu on poistettu")).to_be_focused()
    assert chat.evaluate("window.seen") == ["Keskustelu on poistettu", True]
    expect(confirm).to_have_count(0)


def test_a_view_opened_again_at_once_stays(chat: Page) -> None:
    for _ in range(2):
        choose(chat, "Valikko")
        choose(chat, "Anna palautetta")
        expect(chat.get_by_role("heading", name="Oliko keskustelusta apua?")).to_be_focused()
        chat.keyboard.press("Escape")
    choose(chat, "Valikko")
    choose(chat, "Poista keskustelu")
    chat.wait_for_timeout(400)
    expect(chat.get_by_role("heading", name="Poistetaanko keskustelu?")).to_be_visible()


def test_ones_own_message_keeps_focus_without_being_focused_anew(chat: Page, fake: Fake) -> None:
    fake.delay_s = 0.3
    chat.evaluate(
        """() => { window.times = 0; document.querySelector("tienviitta-chat").shadowRoot
          .addEventListener("focusin", (e) => { if (e.target.matches(".message.resident")) window.times += 1; }); }"""
    )
    choose(chat, "Aloitetaan")
    expect(chat.locator(".message.resident.sent")).to_be_focused()
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    assert chat.evaluate("window.times") == 1


def test_a_sign_of_typing_that_comes_after_the_answer_goes_with_it(chat: Page, fake: Fake) -> None:
    """The stream may tell later than the call's own answer what was before it."""
    to_results(chat)
    eventually(lambda: fake.talk.listeners, pause=lambda s: chat.wait_for_timeout(1000 * s))
    typing = chat.get_by_text("Botti kirjoittaa")
    fake.run(fake._publish(fake.talk, "typing", {"sender": "bot"}))
    expect(typing).to_be_visible()
    fake.run(fake._publish(fake.talk, "message", fake.talk.messages[-1]))
    expect(typing).to_be_hidden(timeout=3000)


def test_typing_does_not_scroll_past_the_beginning_of_a_long_answer(chat: Page, fake: Fake) -> None:
    to_results(chat)
    log = chat.locator(".log")
    expect(chat.locator(".jump")).to_be_visible()
    before = log.evaluate("e => e.scrollTop")
    fake.run(fake._publish(fake.talk, "typing", {"sender": "bot"}))
    expect(chat.get_by_text("Botti kirjoittaa")).to_have_count(1)
    expect(chat.locator(".typing")).not_to_have_attribute("hidden", "")
    assert log.evaluate("e => e.scrollTop") == before


ZOOMED = {"viewport": {"width": 320, "height": 256}}


def test_at_large_zoom_reading_is_not_moved_by_what_arrives(
    new_context: Callable[..., BrowserContext], fake: Fake
) -> None:
    """There the whole panel scrolls, not the conversation alone."""
    page = open_chat(new_context(**ZOOMED).new_page())
    to_results(page)
    panel = page.locator(".panel")
    panel.evaluate("e => e.scrollTo(0, 0)")
    page.wait_for_timeout(1600)  # what comes within 1.5 seconds counts as one answer
    fake.say("bot", "Vielä yksi asia.")
    expect(page.locator(".message").last).to_contain_text("Vielä yksi asia.")
    assert panel.evaluate("e => e.scrollTop") == 0


def test_at_large_zoom_the_header_covers_neither_focus_nor_the_beginning_of_an_answer(
    new_context: Callable[..., BrowserContext], fake: Fake
) -> None:
    page = open_chat(new_context(**ZOOMED).new_page())
    to_results(page)
    below = "e => { const r = e.getRootNode(); return r.querySelector('.head').getBoundingClientRect().bottom; }"
    first = page.locator(".message.bot", has_text="Kiitos vastauksistasi")
    assert first.evaluate("e => e.getBoundingClientRect().top") >= first.evaluate(below)
    page.locator(".panel").evaluate("e => e.scrollTo(0, e.scrollHeight)")
    page.get_by_label("Viestisi").focus()
    seen = []
    for _ in range(8):
        page.keyboard.press("Shift+Tab")
        top, head, tag = page.evaluate(
            INNER_FOCUS
            + """const head = a.getRootNode().querySelector(".head");
              return [a.getBoundingClientRect().top, head.contains(a) || a.matches(".log") ? -1e4
                : head.getBoundingClientRect().bottom, a.textContent.trim()]; }"""
        )
        seen.append(tag)
        assert top >= head, tag
    assert any(tag.startswith("Lue lisää") for tag in seen)


def test_too_fast_is_told_as_it_is_and_not_as_a_lost_connection(chat: Page, fake: Fake) -> None:
    refused = []

    def once(method: str, path: str) -> object:
        if method == "POST" and path.endswith("/messages") and not refused:
            refused.append(path)
            answer = problem(429, "Viestejä tuli nyt hyvin monta peräkkäin.")
            answer.headers["Retry-After"] = "3"
            return answer
        return None

    fake.fail = once  # type: ignore[assignment]
    say(chat, "Nopeasti")
    expect(chat.get_by_text("Odottaa vuoroaan")).to_be_visible()
    expect(chat.get_by_text("Viestejä tuli monta peräkkäin. Viestisi lähtee hetken päästä.")).to_be_visible()
    say(chat, "ja toinen")
    expect(chat.get_by_text("Odottaa vuoroaan")).to_have_count(2)
    expect(chat.get_by_text("Odottaa yhteyttä")).to_have_count(0)
    expect(chat.locator(".delivery")).to_have_count(0, timeout=15000)
    expect(chat.get_by_text("Viestejä tuli monta")).to_be_hidden()
    assert [body["text"] for body in fake.seen] == ["Nopeasti", "ja toinen"]


@pytest.mark.parametrize("how", ["closed", "removed"])
def test_a_talk_that_is_left_while_it_begins_is_erased_and_not_followed(page: Page, fake: Fake, how: str) -> None:
    """On a shared computer nothing is left; an element that is gone follows nothing."""
    page.goto("/")
    page.evaluate("() => sessionStorage.setItem(`tienviitta-chat:${location.origin}`, JSON.stringify({shared: true}))")
    page.reload()
    held: list[object] = []
    page.route("**/api/v1/conversations", lambda route: held.append(route))
    page.locator(".launcher").click()
    eventually(lambda: held, pause=lambda s: page.wait_for_timeout(1000 * s))
    leave = {"closed": "e => e.hide()", "removed": "e => e.remove()"}[how]
    page.locator("tienviitta-chat").evaluate(leave)
    page.wait_for_timeout(50)
    held[0].continue_()  # type: ignore[attr-defined]
    eventually(lambda: fake.talks and fake.talk.deleted, pause=lambda s: page.wait_for_timeout(1000 * s))
    kept = page.evaluate("sessionStorage.getItem(`tienviitta-chat:${location.origin}`)")
    assert fake.talk.token not in kept
    assert not any(line.endswith("/events") for line in fake.requests)


def test_opened_again_while_the_left_talk_still_begins(page: Page, fake: Fake) -> None:
    page.goto("/")
    page.evaluate("() => sessionStorage.setItem(`tienviitta-chat:${location.origin}`, JSON.stringify({shared: true}))")
    page.reload()
    held: list[object] = []
    page.route("**/api/v1/conversations", lambda route: route.continue_() if held else held.append(route))
    page.locator(".launcher").click()
    eventually(lambda: held, pause=lambda s: page.wait_for_timeout(1000 * s))
    page.evaluate("() => { const c = document.querySelector('tienviitta-chat'); c.hide(); c.show(); }")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    held[0].continue_()  # type: ignore[attr-defined]
    eventually(lambda: len(fake.talks) == 2 and fake.talk.deleted, pause=lambda s: page.wait_for_timeout(1000 * s))
    choose(page, "Aloitetaan")
    expect(page.get_by_text("1/3 Motivaatio", exact=True)).to_be_visible()
