"""A resident's talk: keyboard, focus, what a screen reader hears, buttons, menu, adviser, reload, tabs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.widget.conftest import choose, open_chat, say, to_results, until
from tests.widget.fake_api import API, CORRECTIONS, Fake, problem


def focused(page: Page) -> str:
    """Label, text or class of what has focus, inside the widget too."""
    result: str = page.evaluate(
        """() => { let e = document.activeElement; while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
             return e.getAttribute("aria-label") || e.id || e.textContent.trim() || e.tagName; }"""
    )
    return result


def tab_to(page: Page, wanted: str, limit: int = 40) -> None:
    for _ in range(limit):
        if focused(page) == wanted:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {wanted!r}; it ended at {focused(page)!r}")


def test_a_whole_talk_with_the_keyboard_alone(page: Page, fake: Fake) -> None:
    page.goto("/")
    tab_to(page, "Kysy palveluista")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    assert focused(page) == "field"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "Aloitetaan"
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    # Focus is on the resident's own words, and Tab leads on to what may be answered next.
    assert focused(page).startswith("Sinä")
    page.keyboard.press("Tab")
    assert focused(page) == "Kyllä"
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="7", exact=True)).to_be_visible()
    tab_to(page, "7")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log").get_by_text("Onko sinulla osaamista")).to_be_visible()
    tab_to(page, "field")
    page.keyboard.type("osaan hitsata")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("ja ajaa trukkia")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Uravalmennus")).to_be_visible()
    assert focused(page) == "field"
    assert [m["text"] for m in fake.talk.messages if m["sender"] == "resident"] == [
        "Aloitetaan", "Kyllä", "7", "osaan hitsata\nja ajaa trukkia",
    ]  # fmt: skip
    page.keyboard.press("Escape")
    expect(page.locator("dialog.panel")).not_to_be_visible()
    assert focused(page) == "Jatka keskustelua"


def test_escape_closes_the_menu_first_and_gives_focus_back(chat: Page) -> None:
    choose(chat, "Valikko")
    menu = chat.get_by_role("button", name="Valikko")
    expect(menu).to_have_attribute("aria-expanded", "true")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Tab")
    chat.keyboard.press("Escape")
    expect(menu).to_have_attribute("aria-expanded", "false")
    expect(menu).to_be_focused()
    expect(chat.locator("dialog.panel")).to_be_visible()
    chat.keyboard.press("Escape")
    expect(chat.locator(".launcher")).to_be_focused()


def test_closing_gives_focus_back_to_the_sites_own_button(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Aloita itsearviointi").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Aloita itsearviointi")).to_be_focused()


def test_the_log_and_a_separate_polite_region(chat: Page, fake: Fake) -> None:
    """The log is a log without speaking itself; the polite region says each new message of others once."""
    log = chat.get_by_role("log", name="Keskustelu")
    expect(log).to_have_attribute("aria-live", "off")
    region = chat.locator(".panel > .live")
    expect(region).to_have_attribute("aria-live", "polite")
    choose(chat, "Aloitetaan")
    expect(region.locator("p")).to_have_count(2)
    expect(region.locator("p").last).to_contain_text("Tienviitta (botti): Aloitetaan. Haluatko töihin?")
    expect(region.locator("p").last).to_contain_text("Vaihtoehdot: Kyllä, Ei, En ole varma, Ohita")
    fake.say("adviser", "Hei, täällä neuvoja.")
    expect(region.locator("p")).to_have_count(3)
    expect(region.locator("p").last).to_have_text("Neuvoja: Hei, täällä neuvoja.")
    # The resident's own words are not read back by it.
    assert "Sinä" not in region.inner_text()


def test_the_accessibility_tree(chat: Page) -> None:
    to_results(chat)
    dialog = chat.get_by_role("dialog", name="Tienviitta, chat")
    expect(dialog.get_by_role("heading", level=2, name="Tienviitta")).to_be_visible()
    expect(dialog.get_by_role("heading", level=3)).to_have_text(["Uravalmennus", "Työkyvyn arviointi"])
    expect(dialog.get_by_role("textbox", name="Viestisi")).to_be_visible()
    expect(dialog.get_by_role("button", name="Lähetä")).to_be_visible()
    expect(dialog.get_by_role("list", name="Vastausvaihtoehdot").get_by_role("button")).to_have_count(2)
    assert chat.locator(".wrap").get_attribute("lang") == "fi"


def test_focus_does_not_move_when_a_message_arrives(chat: Page, fake: Fake) -> None:
    for place in ("Viestisi", "Valikko"):
        target = chat.get_by_label(place) if place == "Viestisi" else chat.get_by_role("button", name=place)
        target.focus()
        fake.say("adviser", f"Viesti, kun kohdistin on: {place}")
        expect(chat.get_by_role("log").get_by_text(f"on: {place}")).to_be_visible()
        expect(target).to_be_focused()


def test_opening_by_attribute_or_reload_takes_no_focus(page: Page, fake: Fake) -> None:
    open_chat(page)
    page.reload()
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    assert page.evaluate("document.activeElement === document.body")


def test_buttons_of_the_past_become_text(chat: Page) -> None:
    choose(chat, "Aloitetaan")
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    expect(chat.get_by_role("button", name="Aloitetaan")).to_have_count(0)
    expect(chat.get_by_text("Vaihtoehdot olivat: Aloitetaan, Mitä minusta tallennetaan?")).to_be_visible()
    expect(chat.locator(".message.resident .bubble")).to_have_text("Aloitetaan")


def test_a_notice_has_buttons_too_until_a_person_speaks(chat: Page, fake: Fake) -> None:
    fake.say("system", "Kukaan ei ehtinyt.", buttons=[{"title": "Jätä soittopyyntö", "payload": "/callback"}])
    expect(chat.get_by_role("button", name="Jätä soittopyyntö")).to_be_visible()
    fake.say("adviser", "Ehdin sittenkin.")
    expect(chat.get_by_role("button", name="Jätä soittopyyntö")).to_have_count(0)
    expect(chat.get_by_text("Vaihtoehdot olivat: Jätä soittopyyntö")).to_be_visible()


def test_a_button_sends_its_payload_and_words_send_text(chat: Page, fake: Fake) -> None:
    choose(chat, "Aloitetaan")
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    say(chat, "joo")
    expect(chat.get_by_role("log").get_by_text("Minkä numeron antaisit")).to_be_visible()
    first, second = fake.seen
    assert first["payload"] == "/start"
    assert "text" not in first
    assert second["text"] == "joo"
    assert "payload" not in second
    assert first["client_id"] != second["client_id"]


def test_progress_is_shown_and_goes_away(chat: Page) -> None:
    choose(chat, "Aloitetaan")
    expect(chat.get_by_text("1/3 Motivaatio")).to_be_visible()
    choose(chat, "Kyllä")
    expect(chat.get_by_text("2/3 Terveys ja arki")).to_be_visible()
    choose(chat, "5")
    expect(chat.get_by_text("3/3 Osaaminen")).to_be_visible()
    choose(chat, "Kyllä")
    expect(chat.locator(".progress")).not_to_be_visible()


@pytest.mark.parametrize(
    ("progress", "shown"),
    [({"area": "background", "index": 3, "of": 3}, "3/3 Taustatiedot"),
     ({"area": "Jokin uusi", "index": 1, "of": 4}, "1/4 Jokin uusi"),
     ({"area": None, "index": None, "of": None}, None), (None, None)],
)  # fmt: skip
def test_progress_as_the_api_tells_it(
    chat: Page, fake: Fake, progress: dict[str, object] | None, shown: str | None
) -> None:
    fake.talk.progress = progress
    fake.set_status("timed_out")
    expect(chat.locator(".strip.timed_out")).to_be_visible()
    if shown:
        expect(chat.locator(".progress")).to_contain_text(shown)
    else:
        expect(chat.locator(".progress")).not_to_be_visible()


def test_service_cards(chat: Page) -> None:
    to_results(chat)
    card = chat.locator(".card", has_text="Työkyvyn arviointi")
    expect(card.get_by_text("Arvioit työkyvyksesi 5.")).to_be_visible()
    expect(card.get_by_role("link", name="Soita 010 000 0000")).to_have_attribute("href", "tel:0100000000")
    web = card.get_by_role("link", name="Lue lisää Työkyvyn arviointi (avautuu uuteen välilehteen)")
    expect(web).to_have_attribute("href", "https://example.org/arviointi")
    expect(web).to_have_attribute("rel", "noopener noreferrer")
    expect(chat.locator(".card", has_text="Uravalmennus").get_by_role("link")).to_have_count(1)


@pytest.mark.parametrize(
    ("length", "shown", "sent"),
    [(1799, "", True), (1800, "200 merkkiä jäljellä", True), (1999, "1 merkki jäljellä", True),
     (2000, "0 merkkiä jäljellä", True), (2001, "Viesti on 1 merkin liian pitkä", False)],
)  # fmt: skip
def test_the_limit_of_2000_characters(chat: Page, fake: Fake, length: int, shown: str, sent: bool) -> None:
    # Each is one character, though two units of UTF-16.
    chat.get_by_label("Viestisi").fill("𝛼" * length)
    counter = chat.locator("#counter")
    if shown:
        expect(counter).to_contain_text(shown)
    else:
        expect(counter).to_be_empty()
    chat.get_by_label("Viestisi").press("Enter")
    if sent:
        expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    else:
        expect(chat.get_by_label("Viestisi")).to_have_value("𝛼" * length)
        expect(chat.get_by_label("Viestisi")).to_have_attribute("aria-invalid", "true")
    assert len(fake.seen) == int(sent)


def test_nothing_but_white_space_is_not_sent(chat: Page, fake: Fake) -> None:
    say(chat, "  \n ")
    choose(chat, "Lähetä")
    assert fake.seen == []


def test_reload_restores_the_talk(chat: Page, fake: Fake) -> None:
    choose(chat, "Aloitetaan")
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    chat.reload()
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    expect(chat.locator(".message")).to_have_count(3)
    assert len(fake.talks) == 1


def another_tab(context: BrowserContext) -> Page:
    """A tab with the panel open. A new one asks the others for their talk and gives them a moment; on a busy machine
    they may take longer to answer, so here it waits as long as it needs.
    """
    source = (API / "static" / "widget" / "talk.js").read_text("utf-8")
    moment = re.search(r"resolve\(null\), (\d+)\)", source)
    assert moment
    page = context.new_page()
    page.add_init_script(
        "const usual = window.setTimeout; window.setTimeout = (run, time, ...more) => "
        f"usual(run, time === {moment[1]} ? 60000 : time, ...more);"
    )
    page.goto("/")
    page.locator(".launcher").click()
    return page


def test_a_second_tab_has_the_same_talk(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    context = new_context()
    first = open_chat(context.new_page())
    choose(first, "Aloitetaan")
    expect(first.get_by_role("button", name="Kyllä")).to_be_visible()
    second = another_tab(context)
    expect(second.get_by_role("button", name="Kyllä")).to_be_visible()
    say(second, "kirjoitan toisesta välilehdestä")
    expect(first.get_by_text("kirjoitan toisesta välilehdestä")).to_be_visible()
    assert len(fake.talks) == 1
    choose(second, "Valikko")
    choose(second, "Poista keskustelu")
    choose(second, "Poista kaikki")
    expect(first.get_by_role("heading", name="Keskustelu on poistettu")).to_be_visible()


def shows_what_is_stored(page: Page, fake: Fake) -> None:
    """All of it, once, in order."""

    def told() -> list[str]:
        return page.locator(".message .bubble").all_inner_texts()

    def stored() -> list[str]:
        return [m["text"] for m in fake.talk.messages]

    until(page, lambda: told() == stored(), lambda: (told(), stored()))


def test_two_tabs_stay_the_same_talk(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    """Both write, in turn and at once, and one reloads: nothing is lost, doubled or out of order in either."""
    context = new_context()
    first = open_chat(context.new_page())
    second = another_tab(context)
    expect(second.get_by_role("button", name="Aloitetaan")).to_be_visible()
    choose(first, "Aloitetaan")
    # What may be answered is the same in both, and gone in both once it was answered.
    expect(second.get_by_role("button", name="Kyllä")).to_be_visible()
    choose(second, "Kyllä")
    expect(first.get_by_role("button", name="10", exact=True)).to_be_visible()
    expect(first.get_by_role("button", name="Kyllä")).to_have_count(0)
    fake.delay_s = 0.4
    for page, text in ((first, "ensimmäisestä"), (second, "toisesta")):
        say(page, text)
    for page in (first, second):
        expect(page.get_by_role("log").get_by_text("Aloita uravalmennuksesta.").first).to_be_visible()
        expect(page.locator(".message.sending, .message.waiting")).to_have_count(0)
    fake.delay_s = 0
    second.reload()
    expect(second.get_by_role("button", name="Korjaan vastausta")).to_be_visible()
    fake.say("adviser", "Hei molempiin.")
    for page in (first, second):
        expect(page.get_by_role("log").get_by_text("Hei molempiin.")).to_be_visible()
        shows_what_is_stored(page, fake)
    assert len(fake.talks) == 1
    assert len({body["client_id"] for body in fake.seen}) == len(fake.seen) == 4


def test_a_copied_tab_does_not_send_again_what_waits(new_context: Callable[..., BrowserContext], fake: Fake) -> None:
    """A browser copies the storage with the tab, and with it what has not been sent: the same client_id goes twice."""
    context = new_context()
    first = open_chat(context.new_page())
    first.route("**/messages", lambda route: route.abort("connectionrefused"))
    say(first, "kirjoitan katkon aikana")
    expect(first.get_by_text("Odottaa yhteyttä")).to_be_visible()
    kept = first.evaluate("JSON.stringify(sessionStorage)")
    second = context.new_page()
    second.add_init_script(f"Object.assign(sessionStorage, JSON.parse({kept!r}))")
    second.goto("/")
    expect(second.get_by_role("button", name="Kyllä")).to_be_visible()
    first.unroute("**/messages")
    expect(first.get_by_text("Odottaa yhteyttä")).to_have_count(0)
    expect(first.get_by_role("button", name="Kyllä")).to_be_visible()
    assert [m["text"] for m in fake.talk.messages].count("kirjoitan katkon aikana") == 1
    for page in (first, second):
        shows_what_is_stored(page, fake)


def test_the_token_is_not_in_an_address_or_in_local_storage(chat: Page, fake: Fake) -> None:
    token = fake.talk.token
    assert token in chat.evaluate("JSON.stringify({...sessionStorage})")
    assert chat.evaluate("JSON.stringify({...localStorage}) + document.cookie") == "{}"
    assert not any(token in request for request in fake.requests)


def test_a_talk_that_is_gone_offers_a_new_one(chat: Page, fake: Fake) -> None:
    fake.talk.deleted = True
    chat.reload()
    expect(chat.get_by_role("heading", name="Tämä keskustelu on päättynyt")).to_be_visible()
    choose(chat, "Aloita uusi keskustelu")
    expect(chat.get_by_role("button", name="Aloitetaan")).to_be_visible()
    expect(chat.get_by_label("Viestisi")).to_be_focused()
    assert len(fake.talks) == 2


def test_erasing_asks_first(chat: Page, fake: Fake) -> None:
    choose(chat, "Valikko")
    choose(chat, "Poista keskustelu")
    expect(chat.get_by_role("heading", name="Poistetaanko keskustelu?")).to_be_focused()
    choose(chat, "Peru")
    expect(chat.get_by_label("Viestisi")).to_be_focused()
    assert not fake.talk.deleted
    choose(chat, "Valikko")
    choose(chat, "Poista keskustelu")
    choose(chat, "Poista kaikki")
    expect(chat.get_by_role("heading", name="Keskustelu on poistettu")).to_be_focused()
    assert fake.talk.deleted
    assert fake.talk.token not in chat.evaluate("JSON.stringify({...sessionStorage})")


def test_an_erasure_that_failed_is_not_called_done(chat: Page, fake: Fake) -> None:
    fake.fail = lambda method, path: problem(500, "Vika.") if method == "DELETE" else None
    choose(chat, "Valikko")
    choose(chat, "Poista keskustelu")
    choose(chat, "Poista kaikki")
    expect(chat.get_by_text("Poistaminen ei onnistunut.")).to_be_visible()
    fake.fail = lambda method, path: None
    choose(chat, "Poista kaikki")
    expect(chat.get_by_role("heading", name="Keskustelu on poistettu")).to_be_visible()
    assert fake.talk.deleted


def test_a_shared_computer_leaves_nothing_behind(chat: Page, fake: Fake) -> None:
    choose(chat, "Valikko")
    chat.get_by_role("button", name="Yhteinen tietokone").click()
    with chat.expect_response(lambda response: response.request.method == "DELETE"):
        chat.get_by_role("button", name="Lopeta ja poista keskustelu").click()
    assert fake.talk.deleted
    assert fake.talk.token not in chat.evaluate("JSON.stringify({...sessionStorage})")
    expect(chat.locator(".launcher")).to_contain_text("Kysy palveluista")
    chat.locator(".launcher").click()
    expect(chat.get_by_role("button", name="Aloitetaan")).to_be_visible()
    assert len(fake.talks) == 2


def test_a_shared_computer_erases_when_the_page_is_closed(
    new_context: Callable[..., BrowserContext], fake: Fake
) -> None:
    chat = open_chat(new_context().new_page())
    choose(chat, "Valikko")
    chat.get_by_role("button", name="Yhteinen tietokone").click()
    other = chat.context.new_page()
    chat.close(run_before_unload=True)
    until(other, lambda: fake.talk.deleted)


def test_an_earlier_answer_is_changed_from_the_summary(chat: Page, fake: Fake) -> None:
    """Many choices with long names: under each other, each as wide as the others, none cut."""
    to_results(chat)
    choose(chat, "Korjaan vastausta")
    choices = chat.get_by_role("list", name="Vastausvaihtoehdot").get_by_role("button")
    expect(choices).to_have_count(len(CORRECTIONS))
    boxes = choices.evaluate_all(
        """all => all.map((e) => { const b = e.getBoundingClientRect();
             return [b.left, b.width, b.top, b.height, e.scrollWidth - e.clientWidth]; })"""
    )
    assert len({(left, width) for left, width, *_ in boxes}) == 1
    assert [top for _, _, top, *_ in boxes] == sorted({top for _, _, top, *_ in boxes})
    assert all(height >= 44 and cut <= 0 for *_, height, cut in boxes)
    with chat.expect_response("**/messages"):
        choose(chat, "Kotikunta")
    expect(chat.locator(".message.resident .bubble").last).to_have_text("Kotikunta")
    assert fake.seen[-1]["payload"] == f"/correct_{CORRECTIONS.index('Kotikunta')}"


@pytest.mark.parametrize(
    ("item", "name", "begins"),
    [("Tallenna keskustelu tekstinä", "keskustelu.txt", b"bot: Hei. Olen palvelubotti"),
     ("Tallenna keskustelu PDF:nä", "keskustelu.pdf", b"%PDF-")],
)  # fmt: skip
def test_the_talk_can_be_kept(chat: Page, item: str, name: str, begins: bytes) -> None:
    choose(chat, "Valikko")
    with chat.expect_download() as download:
        choose(chat, item)
    assert download.value.suggested_filename == name
    assert Path(download.value.path()).read_bytes().startswith(begins)
    expect(chat.get_by_role("button", name="Valikko")).to_be_focused()


def test_the_print_view_has_no_scripts(chat: Page) -> None:
    choose(chat, "Valikko")
    with chat.expect_popup() as popup:
        choose(chat, "Tulosta keskustelu")
    expect(popup.value.get_by_role("heading", name="Keskustelu")).to_be_visible()
    expect(popup.value.get_by_role("heading", name="Keskustelu")).to_have_css("color", "rgb(0, 128, 0)")
    assert popup.value.title() == "Keskustelu"
    assert popup.value.evaluate("document.querySelectorAll('script, img, a[href]').length") == 0
    popup.value.close()


@pytest.mark.parametrize(("answer", "helped"), [("Kyllä oli", "yes"), ("Osittain", "partly"), ("Ei ollut", "no")])
def test_feedback(chat: Page, fake: Fake, answer: str, helped: str) -> None:
    choose(chat, "Valikko")
    choose(chat, "Anna palautetta")
    choose(chat, "Lähetä palaute")
    expect(chat.get_by_text("Valitse ensin jokin vaihtoehdoista.")).to_be_visible()
    chat.get_by_label(answer).check()
    choose(chat, "Lähetä palaute")
    expect(chat.get_by_role("heading", name="Kiitos palautteesta.")).to_be_focused()
    assert fake.talk.feedback == {"helped": helped}
    choose(chat, "Takaisin keskusteluun")
    expect(chat.get_by_role("button", name="Aloitetaan")).to_be_visible()


def test_from_asking_for_a_person_to_the_end(chat: Page, fake: Fake) -> None:
    choose(chat, "Valikko")
    choose(chat, "Juttele ihmisen kanssa")
    expect(chat.get_by_text("Olet jonossa sijalla 2.")).to_be_visible()
    expect(chat.get_by_text("Arvio: noin 5 minuuttia.")).to_be_visible()
    assert fake.seen[-1]["text"] == "Haluan jutella ihmisen kanssa"
    fake.set_status("accepted", adviser="Maija", place=None)
    expect(chat.locator(".subtitle")).to_have_text("Neuvoja Maija")
    fake.type_as_adviser()
    expect(chat.get_by_text("Maija kirjoittaa")).to_be_visible()
    fake.say("adviser", "Hei, olen Maija.")
    expect(chat.get_by_text("Maija kirjoittaa")).not_to_be_visible()
    expect(chat.locator(".message.adviser .sender")).to_contain_text("Neuvoja Maija")
    with chat.expect_response("**/typing"):
        chat.get_by_label("Viestisi").press_sequentially("moi")
    with chat.expect_response("**/messages"):
        chat.get_by_label("Viestisi").press("Enter")
    expect(chat.locator(".message.resident .bubble").last).to_have_text("moi")
    assert any(request.endswith("/typing") for request in fake.requests)
    fake.set_status("closed")
    fake.say("system", "Neuvoja päätti keskustelun. Sovittiin: soitto huomenna.")
    expect(chat.get_by_role("log").get_by_text("Sovittiin: soitto huomenna.")).to_be_visible()
    expect(chat.locator(".strip.closed").get_by_role("button", name="Anna palautetta")).to_be_visible()
    assert [m["seq"] for m in fake.talk.messages] == list(range(1, len(fake.talk.messages) + 1))
    shows_what_is_stored(chat, fake)


def test_waiting_can_be_cancelled(chat: Page, fake: Fake) -> None:
    say(chat, "Haluan jutella ihmisen kanssa")
    choose(chat, "Peru odotus")
    expect(chat.get_by_role("log").get_by_text("Odotus on peruttu.")).to_be_visible()
    expect(chat.locator(".strip.queued")).not_to_be_visible()
    expect(chat.get_by_label("Viestisi")).to_be_focused()
    assert fake.talk.status == "bot"


def test_a_reply_while_the_panel_is_closed_shows_on_the_launcher(chat: Page, fake: Fake) -> None:
    say(chat, "Haluan jutella ihmisen kanssa")
    expect(chat.get_by_text("Olet jonossa sijalla 2.")).to_be_visible()
    chat.keyboard.press("Escape")
    fake.set_status("accepted", adviser="Maija")
    fake.say("adviser", "Oletko vielä siellä?")
    expect(chat.get_by_role("button", name="1 uusi viesti")).to_be_visible()
    expect(chat.locator(".wrap > .live")).to_contain_text("Oletko vielä siellä?")
    chat.locator(".launcher").click()
    expect(chat.get_by_text("Oletko vielä siellä?").last).to_be_visible()
    chat.keyboard.press("Escape")
    expect(chat.locator(".badge")).not_to_be_visible()


def test_on_a_small_screen_the_page_behind_is_out_of_reach(
    new_context: Callable[..., BrowserContext], fake: Fake
) -> None:
    page = new_context(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True).new_page()
    open_chat(page)
    assert page.locator("dialog.panel").evaluate("e => e.matches(':modal')")
    box = page.locator("dialog.panel").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (390, 780)
    # On a touch screen the field has no focus, so the keyboard does not cover the greeting.
    assert focused(page) == "Tienviitta, chat"
    page.keyboard.press("Escape")
    expect(page.locator(".launcher")).to_be_focused()


def test_a_long_answer_is_read_from_its_beginning(chat: Page) -> None:
    to_results(chat)
    expect(chat.get_by_text("Kiitos vastauksistasi. Nämä palvelut").first).to_be_in_viewport()
    expect(chat.get_by_role("button", name="Korjaan vastausta")).not_to_be_in_viewport()
    # Its beginning is at the top, though the pressed button's message keeps focus above it.
    expect(chat.locator(".message.resident").last).to_be_focused()
    top = "e => e.getBoundingClientRect().top - e.closest('.log').getBoundingClientRect().top"
    assert 0 <= chat.locator(".message", has_text="Nämä palvelut").evaluate(top) < 80
    choose(chat, "Uusia viestejä")
    expect(chat.get_by_role("button", name="Korjaan vastausta")).to_be_in_viewport()
    expect(chat.get_by_role("log")).to_be_focused()
    expect(chat.get_by_role("button", name="Uusia viestejä")).to_have_count(0)


def test_the_full_page_is_always_open(page: Page, fake: Fake) -> None:
    page.goto("/chat")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    expect(page.get_by_role("button", name="Sulje chatti")).to_have_count(0)
    page.get_by_label("Viestisi").focus()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Viestisi")).to_be_visible()
