"""The adviser console in Chromium: passing a talk on, signs of life, services, and that nothing written is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import choose, sign_in
from tests.widget.fake_api import Fake


def take(page: Page, name: str = "Sanna") -> None:
    sign_in(page)
    page.get_by_role("button", name=name).click()
    choose(page, "Ota hoidettavaksi")
    expect(page.get_by_label("Vastauksesi")).to_be_focused()


def test_a_talk_is_transferred_to_a_colleague_by_keyboard(page: Page, fake: Fake) -> None:
    fake.colleagues.append({"id": 7, "display_name": "Pekka Esimerkki"})
    take(page)
    page.get_by_role("button", name="Siirrä toiselle").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Kenelle")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert fake.adviser_calls[-1] == ("h1", "transfer", {"to": 7})
    expect(page.get_by_text("Neuvojalla: Pekka Esimerkki").first).to_be_visible()
    expect(page.get_by_label("Vastauksesi")).to_have_count(0)


def test_without_a_colleague_the_dialog_says_so_and_escape_leaves_it(page: Page, fake: Fake) -> None:
    take(page)
    choose(page, "Siirrä toiselle")
    expect(page.get_by_role("dialog")).to_contain_text("Kukaan toinen neuvoja ei ole nyt paikalla.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=2, name="Sanna")).to_be_focused()
    assert [action for _, action, _ in fake.adviser_calls] == ["accept"]


def test_a_talk_that_is_handed_to_me_is_told(page: Page, fake: Fake) -> None:
    sign_in(page)
    fake.handoffs["h3"].update(accepted_by="Maija Malli", accepted_by_me=True)
    fake.adviser_event("queue", {"open": 3})
    expect(page.get_by_role("status").filter(has_text="Sinulle siirrettiin keskustelu: Timo")).to_have_count(1)


def test_a_talk_that_is_mine_no_more_is_told(page: Page, fake: Fake) -> None:
    take(page)
    fake.handoffs["h1"].update(status="queued", accepted_by=None, accepted_by_me=False, returned=True)
    fake.adviser_event("queue", {"open": 3})
    expect(page.get_by_role("status").filter(has_text="Keskustelu ei ole enää sinulla: Sanna")).to_have_count(1)
    expect(page.locator(".request", has_text="Sanna")).to_contain_text("Edellisen neuvojan yhteys katkesi")


def test_what_one_does_oneself_is_no_news(page: Page, fake: Fake) -> None:
    take(page)
    choose(page, "Palauta jonoon")
    expect(page.get_by_role("button", name="Ota hoidettavaksi")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Keskustelu ei ole enää sinulla")).to_have_count(0)


def test_the_server_is_answered_when_it_asks_for_a_sign_of_life_and_signing_out_says_goodbye(
    page: Page, fake: Fake
) -> None:
    with page.expect_response("**/adviser/api/presence"):
        sign_in(page)
    before = len(fake.presence)
    with page.expect_response("**/adviser/api/presence"):
        fake.adviser_event("beat", {})
    assert fake.presence[before:] == ["POST"]
    choose(page, "Kirjaudu ulos")
    expect(page.get_by_label("Käyttäjätunnus")).to_be_visible()
    assert fake.presence[-1] == "DELETE"


def test_a_service_of_the_catalogue_is_put_into_the_reply(page: Page, fake: Fake) -> None:
    take(page)
    page.get_by_label("Vastauksesi").fill("Tämä voisi sopia:")
    page.get_by_text("Lisää palvelu viestiin").click()
    page.get_by_label("Hae palvelua nimellä tai aiheella").fill("uraval")
    page.get_by_role("list", name="Löytyneet palvelut").get_by_role("button", name="Uravalmennus").click()
    expect(page.get_by_label("Vastauksesi")).to_have_value(
        "Tämä voisi sopia:\nUravalmennus: https://example.org/uravalmennus"
    )
    expect(page.get_by_label("Vastauksesi")).to_be_focused()


def test_the_outcome_names_the_services_that_were_agreed_on(page: Page, fake: Fake) -> None:
    take(page)
    choose(page, "Päätä keskustelu")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Työkyvyn arviointi").check()
    dialog.get_by_role("button", name="Päätä keskustelu").click()
    expect(dialog).to_have_count(0)
    assert fake.adviser_calls[-1] == (
        "h1", "close", {"outcome": "service_agreed", "text": None, "services": ["tyokyvyn-arviointi"]},
    )  # fmt: skip


def test_a_draft_survives_a_reload_and_not_the_signing_out(page: Page, fake: Fake) -> None:
    take(page)
    page.get_by_label("Vastauksesi").fill("puolikas lause")
    page.reload()
    expect(page.get_by_label("Vastauksesi")).to_have_value("puolikas lause")
    choose(page, "Kirjaudu ulos")
    take_again = page.get_by_label("Käyttäjätunnus")
    expect(take_again).to_be_visible()
    assert "puolikas" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_a_message_on_its_way_is_sent_after_a_reload_under_its_id(page: Page, fake: Fake) -> None:
    take(page)
    bodies: list[str] = []

    def swallow(route: object) -> None:
        bodies.append(route.request.post_data)  # type: ignore[attr-defined]
        route.abort()  # type: ignore[attr-defined]

    page.route("**/messages", swallow)
    page.get_by_label("Vastauksesi").fill("Hei Sanna")
    page.get_by_label("Vastauksesi").press("Enter")
    expect(page.get_by_text("Ei lähtenyt.")).to_be_visible()
    page.unroute("**/messages")
    with page.expect_request("**/messages") as again:
        page.reload()
    assert again.value.post_data == bodies[0]
    expect(page.locator(".say.adviser .say-text")).to_have_text("Hei Sanna")


def test_the_title_can_be_left_alone(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    page = new_context().new_page()
    page.add_init_script("document.hasFocus = () => false")
    sign_in(page)
    page.get_by_label("Merkki välilehden otsikkoon").uncheck()
    fake.handoffs["h9"] = {**fake.handoffs["h1"], "id": "h9", "name": "Uusi Ulla"}
    fake.adviser_event("queue", {"open": 4})
    expect(page.get_by_role("status").filter(has_text="Uusi pyyntö: Uusi Ulla")).to_have_count(1)
    expect(page).to_have_title("Neuvojan työpöytä")
