"""The adviser console in Chromium."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.widget.conftest import choose, sign_in
from tests.widget.fake_api import Fake, problem


def open_request(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", level=2, name=name)).to_be_visible()


def test_signing_in_needs_the_right_password(page: Page, fake: Fake) -> None:
    page.goto("/adviser")
    page.get_by_label("Käyttäjätunnus").fill("neuvoja")
    page.get_by_label("Salasana").fill("väärä")
    page.get_by_label("Salasana").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Käyttäjätunnus tai salasana on väärä.")
    expect(page.get_by_label("Salasana")).to_be_focused()
    sign_in(page)
    page.reload()
    expect(page.get_by_role("button", name="Sanna")).to_be_visible()
    choose(page, "Kirjaudu ulos")
    expect(page.get_by_label("Käyttäjätunnus")).to_be_visible()
    assert not fake.signed_in


def test_urgent_comes_first_and_is_said_in_words(page: Page, fake: Fake) -> None:
    sign_in(page)
    items = page.locator(".request")
    expect(items).to_have_count(3)
    expect(items.nth(0)).to_contain_text("Kiireellinen: kriisi")
    expect(items.nth(0)).to_contain_text("Odottanut 1 min")
    expect(items.nth(1)).to_contain_text("Sanna")
    expect(items.nth(2)).to_contain_text("Neuvojalla: Pekka Esimerkki")


def test_a_talk_from_the_queue_to_its_outcome(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    expect(page.get_by_text("Oma arvio työkyvystä (0–10)")).to_be_visible()
    expect(page.get_by_text("Arvioit työkyvyksesi 5.")).to_be_visible()
    expect(page.get_by_text("Yhteenveto ja koko keskustelu")).to_be_visible()
    expect(page.get_by_role("log").get_by_text("selkä on kipeä")).to_be_visible()
    expect(page.get_by_label("Vastauksesi")).to_have_count(0)
    choose(page, "Ota hoidettavaksi")
    reply = page.get_by_label("Vastauksesi")
    expect(reply).to_be_focused()
    reply.press_sequentially("Hei Sanna")
    reply.press("Shift+Enter")
    reply.press_sequentially("olen Maija.")
    reply.press("Enter")
    expect(page.locator(".say.adviser .say-text")).to_have_text("Hei Sanna\nolen Maija.")
    page.get_by_text("Valmiit vastaukset").click()
    choose(page, "Käydään vielä läpi, mitä sovimme.")
    expect(reply).to_have_value("Käydään vielä läpi, mitä sovimme.")
    expect(reply).to_be_focused()
    reply.press("Enter")
    expect(page.locator(".say.adviser")).to_have_count(2)
    expect(page.locator(".say-state")).to_have_count(0)
    choose(page, "Päätä keskustelu")
    dialog = page.get_by_role("dialog", name="Päätä keskustelu")
    dialog.get_by_label("Lopputulos").select_option("Sovittiin palvelusta")
    dialog.get_by_label("Mitä sovittiin").fill("Uravalmennus alkaa maanantaina.")
    dialog.get_by_role("button", name="Päätä keskustelu").click()
    expect(dialog).to_have_count(0)
    actions = [(action, body) for _, action, body in fake.adviser_calls if action != "typing"]
    assert [action for action, _ in actions] == ["accept", "messages", "messages", "close"]
    assert actions[1][1]["text"] == "Hei Sanna\nolen Maija."
    assert actions[1][1]["client_id"] != actions[2][1]["client_id"]
    assert actions[3][1] == {"outcome": "service_agreed", "text": "Uravalmennus alkaa maanantaina."}
    choose(page, "Päättyneet")
    expect(page.get_by_role("button", name="Sanna")).to_be_visible()


def test_an_outcome_without_words_sends_none(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    choose(page, "Ota hoidettavaksi")
    choose(page, "Päätä keskustelu")
    page.get_by_role("dialog").get_by_role("button", name="Päätä keskustelu").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fake.adviser_calls[-1] == ("h1", "close", {"outcome": "service_agreed", "text": None})


def test_somebody_else_was_faster(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    fake.handoffs["h1"]["accepted_by"] = "Pekka Esimerkki"
    choose(page, "Ota hoidettavaksi")
    expect(page.get_by_role("alert").filter(has_text="Toinen neuvoja otti tämän juuri.")).to_be_visible()


def test_release_gives_it_back(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    choose(page, "Ota hoidettavaksi")
    choose(page, "Palauta jonoon")
    expect(page.get_by_role("button", name="Ota hoidettavaksi")).to_be_visible()
    assert fake.handoffs["h1"]["status"] == "queued"


def test_a_message_of_the_resident_comes_at_once_and_takes_no_focus(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    choose(page, "Ota hoidettavaksi")
    reply = page.get_by_label("Vastauksesi")
    reply.fill("keskeneräinen")
    fake.adviser_event("typing", {"handoff_id": "h1"})
    expect(page.get_by_text("Asukas kirjoittaa")).to_be_visible()
    said = {
        "seq": 5,
        "sender": "resident",
        "text": "Oletko siellä?",
        "at": "2026-11-22T10:09:00Z",
        "buttons": [],
        "services": [],
    }
    fake.handoffs["h1"]["messages"].append(said)
    fake.adviser_event("message", {"handoff_id": "h1", **said})
    expect(page.get_by_role("log").get_by_text("Oletko siellä?")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Oletko siellä?")).to_have_count(1)
    expect(reply).to_be_focused()
    expect(reply).to_have_value("keskeneräinen")


def test_a_new_request_shows_in_the_title_of_a_page_in_the_background(
    new_context: Callable[..., BrowserContext], fake: Fake
) -> None:
    page = new_context().new_page()
    page.add_init_script("document.hasFocus = () => false")
    sign_in(page)
    fake.handoffs["h9"] = {**fake.handoffs["h1"], "id": "h9", "name": "Uusi Ulla", "urgent": "danger"}
    fake.adviser_event("queue", {"open": 4})
    expect(page.locator(".request", has_text="Uusi Ulla")).to_contain_text("Kiireellinen: vaara")
    expect(page).to_have_title("(1) Neuvojan työpöytä")
    expect(page.get_by_role("status").filter(has_text="Kiireellinen pyyntö: Uusi Ulla")).to_have_count(1)


def test_callbacks_done_and_missed(page: Page, fake: Fake) -> None:
    sign_in(page)
    choose(page, "Yhteydenotot")
    open_request(page, "Aino")
    expect(page.get_by_role("link", name="+358 40 000 0000")).to_have_attribute("href", "tel:+358400000000")
    expect(page.get_by_role("complementary").get_by_text("huomenna aamupäivällä")).to_be_visible()
    page.get_by_label("Muistiinpano (asukas ei näe tätä)", exact=True).fill("Ei vastannut")
    with page.expect_response("**/callback"):
        choose(page, "En tavoittanut")
    expect(page.get_by_role("button", name="Aino")).to_be_visible()
    choose(page, "Tavoitin asukkaan")
    expect(page.get_by_text("Yhteydenottopyyntöjä ei ole.")).to_be_visible()
    assert [(action, body["result"], body["note"]) for _, action, body in fake.adviser_calls] == [
        ("callback", "missed", "Ei vastannut"), ("callback", "done", "Ei vastannut"),
    ]  # fmt: skip


def test_private_notes(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    page.get_by_label("Uusi muistiinpano").fill("Soitetaan perjantaina")
    choose(page, "Tallenna muistiinpano")
    expect(page.locator(".notes")).to_contain_text("Soitetaan perjantaina")
    expect(page.get_by_label("Uusi muistiinpano")).to_have_value("")


def test_a_session_that_ends_asks_for_the_password_again(page: Page, fake: Fake) -> None:
    sign_in(page)
    fake.signed_in = False
    page.get_by_role("button", name="Sanna").click()
    expect(page.get_by_role("alert")).to_contain_text("Istuntosi päättyi.")
    sign_in(page)


def test_a_reply_that_failed_is_sent_again_with_the_same_id(page: Page, fake: Fake) -> None:
    sign_in(page)
    open_request(page, "Sanna")
    choose(page, "Ota hoidettavaksi")
    bodies: list[str] = []

    def fail_once(route: Route) -> None:
        bodies.append(route.request.post_data or "")
        if len(bodies) == 1:
            route.abort()
        else:
            route.continue_()

    page.route("**/messages", fail_once)
    page.get_by_label("Vastauksesi").fill("Hei")
    page.get_by_label("Vastauksesi").press("Enter")
    expect(page.get_by_text("Ei lähtenyt.")).to_be_visible()
    with page.expect_response("**/messages"):
        choose(page, "Lähetä uudelleen")
    expect(page.locator(".say.adviser .say-text")).to_have_text("Hei")
    expect(page.get_by_text("Ei lähtenyt.")).to_have_count(0)
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_without_events_it_asks_every_few_seconds(page: Page, fake: Fake) -> None:
    fake.fail = lambda method, path: problem(503, "Ei nyt.") if path.endswith("/adviser/api/events") else None
    sign_in(page)
    fake.handoffs["h9"] = {**fake.handoffs["h1"], "id": "h9", "name": "Myöhäinen Matti"}
    expect(page.get_by_role("button", name="Myöhäinen Matti")).to_be_visible()


def test_the_queue_with_arrow_keys(page: Page, fake: Fake) -> None:
    sign_in(page)
    page.locator(".request").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2, name="Sanna")).to_be_focused()


def test_one_column_on_a_narrow_screen(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    page = new_context(viewport={"width": 390, "height": 780}).new_page()
    sign_in(page)
    open_request(page, "Sanna")
    expect(page.get_by_role("button", name="Yhteydenotot")).not_to_be_visible()
    page.get_by_role("button", name="Takaisin listaan").click()
    expect(page.get_by_role("button", name="Sanna")).to_be_focused()


def test_what_a_resident_wrote_is_text(page: Page, fake: Fake) -> None:
    evil = "<img src=x onerror=alert(1)>"
    item = fake.handoffs["h1"]
    item.update(name=evil, reason=evil)
    item["messages"][1]["text"] = evil
    item["summary"][0]["items"][0]["answer"] = evil
    item["recommendations"][0]["service"]["url"] = "javascript:alert(1)"
    page.goto("/adviser")
    page.get_by_label("Käyttäjätunnus").fill("neuvoja")
    page.get_by_label("Salasana").fill("salasana")
    page.get_by_label("Salasana").press("Enter")
    page.get_by_role("button", name=evil).click()
    expect(page.locator(".say.resident .say-text").first).to_have_text(evil)
    expect(page.locator("#app img, #app script, a[href^='javascript']")).to_have_count(0)
    expect(page.locator(".area dd").first).to_have_text(evil)
