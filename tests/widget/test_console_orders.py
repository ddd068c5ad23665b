"""The console when answers come late or not at all, and when much comes at once."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect
from starlette.responses import Response

from tests.waiting import eventually
from tests.widget.conftest import choose, sign_in
from tests.widget.fake_api import Fake, problem


def test_of_several_news_at_once_each_is_told(page: Page, fake: Fake) -> None:
    sign_in(page)
    for number, (name, urgent) in enumerate([("Kiire Kaisa", "danger"), ("Toinen Tero", None)], 8):
        fake.handoffs[f"h{number}"] = {**fake.handoffs["h1"], "id": f"h{number}", "name": name, "urgent": urgent}
    fake.adviser_event("queue", {"open": 5})
    said = page.get_by_role("status")
    expect(said.filter(has_text="Kiireellinen pyyntö: Kiire Kaisa")).to_have_count(1)
    expect(said.filter(has_text="Uusi pyyntö: Toinen Tero")).to_have_count(1)


def test_the_count_in_the_title_goes_though_the_session_ended_meanwhile(
    new_context: Callable[..., BrowserContext], fake: Fake
) -> None:
    page = new_context().new_page()
    page.add_init_script("document.hasFocus = () => window.here ?? false")
    sign_in(page)
    fake.handoffs["h9"] = {**fake.handoffs["h1"], "id": "h9", "name": "Uusi Ulla"}
    fake.adviser_event("queue", {"open": 4})
    expect(page).to_have_title("(1) Neuvojan työpöytä")
    fake.signed_in = False
    fake.adviser_event("queue", {"open": 4})
    page.get_by_label("Käyttäjätunnus").fill("neuvoja")
    page.get_by_label("Salasana").fill("salasana")
    page.get_by_label("Salasana").press("Enter")
    expect(page.get_by_role("button", name="Sanna")).to_be_visible()
    page.evaluate("() => { window.here = true; window.dispatchEvent(new Event('focus')); }")
    expect(page).to_have_title("Neuvojan työpöytä")


def test_what_is_the_same_is_not_drawn_again(page: Page, fake: Fake) -> None:
    """A screen reader would say the request that has focus again and again."""
    sign_in(page)
    button = page.get_by_role("button", name="Sanna")
    button.focus()
    button.evaluate("e => { window.mine = e; window.times = 0; e.addEventListener('focus', () => window.times++); }")
    fake.handoffs["h9"] = {
        **fake.handoffs["h1"],
        "id": "h9",
        "name": "Uusi Ulla",
        "requested_at": "2026-11-22T11:00:00Z",
    }
    fake.adviser_event("queue", {"open": 4})
    expect(page.get_by_role("button", name="Uusi Ulla")).to_be_visible()
    assert page.evaluate("[document.activeElement === window.mine, window.times]") == [True, 0]


def test_a_link_in_a_message_keeps_focus_when_the_next_one_comes(page: Page, fake: Fake) -> None:
    fake.handoffs["h1"]["messages"][1]["text"] = "katso https://example.org/paatos"
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    link = page.get_by_role("link", name="https://example.org/paatos")
    link.focus()
    fake.handoffs["h1"]["messages"].append({**fake.handoffs["h1"]["messages"][1], "seq": 5, "text": "Oletko siellä?"})
    fake.adviser_event("message", {"handoff_id": "h1"})
    expect(page.get_by_role("log").get_by_text("Oletko siellä?")).to_be_visible()
    expect(link).to_be_focused()


def test_an_answer_that_comes_late_does_not_take_back_a_newer_one(page: Page, fake: Fake) -> None:
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    expect(page.get_by_role("heading", level=2, name="Sanna")).to_be_visible()
    held: list[tuple[Route, bytes]] = []

    def hold(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch().body()))

    page.route("**/adviser/api/handoffs/h1", hold)
    fake.adviser_event("message", {"handoff_id": "h1"})
    eventually(lambda: held, pause=lambda s: page.wait_for_timeout(1000 * s))
    fake.handoffs["h1"]["messages"].append({**fake.handoffs["h1"]["messages"][1], "seq": 5, "text": "Uudempi viesti"})
    fake.adviser_event("message", {"handoff_id": "h1"})
    newer = page.get_by_role("log").get_by_text("Uudempi viesti")
    expect(newer).to_be_visible()
    route, body = held[0]
    route.fulfill(body=body, content_type="application/json")
    page.wait_for_timeout(300)
    expect(newer).to_be_visible()


def test_a_sign_of_typing_that_was_there_when_the_talk_was_opened_goes_too(page: Page, fake: Fake) -> None:
    fake.handoffs["h1"]["resident_typing"] = True
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    typing = page.get_by_text("Asukas kirjoittaa")
    expect(typing).to_be_visible()
    expect(typing).to_be_hidden(timeout=20000)


def test_a_talk_that_cannot_be_opened_leaves_no_other_in_its_place(page: Page, fake: Fake) -> None:
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    choose(page, "Ota hoidettavaksi")
    expect(page.get_by_label("Vastauksesi")).to_be_focused()

    def broken(method: str, path: str) -> Response | None:
        return problem(503, "Palvelussa on juuri nyt häiriö.") if path.endswith("/handoffs/h3") else None

    fake.fail = broken
    page.get_by_role("button", name="Timo").click()
    expect(page.get_by_text("Palvelussa on juuri nyt häiriö.")).to_be_visible()
    expect(page.get_by_label("Vastauksesi")).to_have_count(0)
    fake.fail = lambda _method, _path: None
    fake.adviser_event("queue", {"open": 3})
    expect(page.get_by_role("heading", level=2, name="Timo")).to_be_visible()


def test_an_outcome_sent_twice_in_haste_goes_once(page: Page, fake: Fake) -> None:
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    choose(page, "Ota hoidettavaksi")
    choose(page, "Päätä keskustelu")
    page.get_by_role("dialog").get_by_role("button", name="Päätä keskustelu").dblclick()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [action for _, action, _ in fake.adviser_calls if action == "close"] == ["close"]


def test_the_talk_has_room_when_text_alone_is_twice_as_large(page: Page, fake: Fake) -> None:
    """Text zoom enlarges what is measured by the text, and the screen stays wide."""
    sign_in(page)
    page.get_by_role("button", name="Sanna").click()
    expect(page.get_by_role("heading", level=2, name="Sanna")).to_be_visible()
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    talk = page.locator("#talk").bounding_box()
    assert talk is not None
    assert talk["width"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_password_can_be_pasted(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    """Accessible authentication (WCAG 3.3.8): nobody has to remember or copy it by hand."""
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/adviser")
    password = page.get_by_label("Salasana")
    expect(password).to_have_attribute("autocomplete", "current-password")
    page.evaluate("navigator.clipboard.writeText('salasana')")
    page.get_by_label("Käyttäjätunnus").fill("neuvoja")
    password.focus()
    page.keyboard.press("Control+V")
    expect(password).to_have_value("salasana")
    password.press("Enter")
    expect(page.get_by_role("button", name="Sanna")).to_be_visible()
