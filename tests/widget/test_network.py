"""Lost connections: nothing is lost, nothing is sent twice, and it is said."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.widget.conftest import choose, open_chat, say, until
from tests.widget.fake_api import Fake, problem


def residents(fake: Fake) -> list[str]:
    return [m["text"] for m in fake.talk.messages if m["sender"] == "resident"]


def test_an_answer_lost_on_the_way_is_asked_for_again_with_the_same_id(chat: Page, fake: Fake) -> None:
    """The api got the message, but its answer did not arrive: the same client_id goes again, once is stored."""
    dropped: list[str] = []

    def drop_once(route: Route) -> None:
        if dropped:
            route.continue_()
            return
        dropped.append(route.request.url)
        route.fetch()
        route.abort("connectionreset")

    chat.route("**/messages", drop_once)
    # The answer shows as an event before its loss is noticed; a response comes to the second try alone.
    with chat.expect_response("**/messages"):
        choose(chat, "Aloitetaan")
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    expect(chat.get_by_text("Odottaa yhteyttä")).not_to_be_visible()
    expect(chat.locator(".strip.notice")).not_to_be_visible()
    assert len(dropped) == 1
    assert len(fake.seen) == 2
    assert fake.seen[0] == fake.seen[1]
    assert residents(fake) == ["Aloitetaan"]
    expect(chat.locator(".message")).to_have_count(3)


def test_a_message_that_never_left_is_sent_when_it_can_be(chat: Page, fake: Fake) -> None:
    failures: list[str] = []

    def fail(route: Route) -> None:
        failures.append(route.request.post_data or "")
        route.abort("connectionrefused")

    chat.route("**/messages", fail)
    say(chat, "Hei")
    expect(chat.get_by_text("Odottaa yhteyttä")).to_be_visible()
    expect(chat.get_by_text("Palvelu ei vastaa juuri nyt.")).to_be_visible()
    until(chat, lambda: len(failures) >= 2)
    chat.unroute("**/messages")
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    expect(chat.get_by_text("Palvelu ei vastaa juuri nyt.")).not_to_be_visible()
    assert failures[0] == failures[1]
    assert residents(fake) == ["Hei"]


def test_offline_messages_wait_in_order(chat: Page, fake: Fake) -> None:
    chat.context.set_offline(True)
    say(chat, "ensimmäinen")
    say(chat, "toinen")
    expect(chat.get_by_text("Ei verkkoyhteyttä. Voit silti kirjoittaa.")).to_be_visible()
    expect(chat.get_by_text("Odottaa yhteyttä")).to_have_count(2)
    assert fake.seen == []
    chat.context.set_offline(False)
    expect(chat.get_by_text("Odottaa yhteyttä")).to_have_count(0)
    expect(chat.get_by_text("Ei verkkoyhteyttä.")).not_to_be_visible()
    expect(chat.get_by_text("Minkä numeron antaisit").first).to_be_visible()
    assert residents(fake) == ["ensimmäinen", "toinen"]
    until(chat, lambda: len(chat.locator(".message .bubble").all()) == len(fake.talk.messages))
    assert chat.locator(".message .bubble").all_inner_texts() == [m["text"] for m in fake.talk.messages]


def test_what_is_written_before_the_talk_has_begun_is_sent_after_the_greeting(page: Page, fake: Fake) -> None:
    held: list[Route] = []
    page.route("**/api/v1/conversations", lambda route: held.append(route))
    page.goto("/")
    page.locator(".launcher").click()
    say(page, "olen nopea")
    expect(page.locator(".message.resident .bubble")).to_have_text("olen nopea")
    expect(page.get_by_label("Viestisi")).to_have_value("")
    until(page, lambda: held)
    assert fake.talks == {}
    held[0].continue_()
    expect(page.get_by_role("button", name="Kyllä")).to_be_visible()
    assert residents(fake) == ["olen nopea"]
    assert page.locator(".message .bubble").all_inner_texts() == [m["text"] for m in fake.talk.messages]


def test_what_waited_survives_a_reload(chat: Page, fake: Fake) -> None:
    chat.route("**/messages", lambda route: route.abort("connectionrefused"))
    say(chat, "älä hukkaa tätä")
    expect(chat.get_by_text("Odottaa yhteyttä")).to_be_visible()
    chat.unroute("**/messages")
    chat.reload()
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    assert residents(fake) == ["älä hukkaa tätä"]
    expect(chat.locator(".message.resident")).to_have_count(1)


def test_a_reload_while_the_api_answers_does_not_double_the_message(chat: Page, fake: Fake) -> None:
    fake.delay_s = 1.0
    say(chat, "hidas vastaus")
    expect(chat.locator(".message.resident")).to_have_count(1)
    until(chat, lambda: fake.seen)
    chat.reload()
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    expect(chat.locator(".message.resident")).to_have_count(1)
    assert residents(fake) == ["hidas vastaus"]


def test_a_refused_message_says_why_and_can_be_sent_again(chat: Page, fake: Fake) -> None:
    fake.fail = lambda method, path: problem(422, "Viestiä ei voi käsitellä.") if path.endswith("/messages") else None
    say(chat, "hei")
    expect(chat.get_by_text("Viestiä ei voi käsitellä.")).to_be_visible()
    # What was refused did not answer the question: its buttons are still there.
    expect(chat.get_by_role("button", name="Aloitetaan")).to_be_visible()
    fake.fail = lambda method, path: None
    choose(chat, "Lähetä uudelleen")
    expect(chat.get_by_role("button", name="Kyllä")).to_be_visible()
    assert residents(fake) == ["hei"]


def test_without_event_streams_it_asks_and_waits(page: Page, fake: Fake) -> None:
    fake.streams = False
    open_chat(page)
    say(page, "Haluan jutella ihmisen kanssa")
    expect(page.get_by_text("Olet jonossa sijalla 2.")).to_be_visible()
    with page.expect_request(lambda request: "wait=25" in request.url):
        pass
    fake.set_status("accepted", adviser="Maija")
    fake.say("adviser", "Tulin ilman tapahtumavirtaa.")
    expect(page.get_by_role("log").get_by_text("Tulin ilman tapahtumavirtaa.")).to_be_visible()


def test_a_stream_that_breaks_is_taken_up_where_it_ended(chat: Page, fake: Fake) -> None:
    fake.say("adviser", "ennen katkoa")
    expect(chat.get_by_role("log").get_by_text("ennen katkoa")).to_be_visible()
    chat.context.set_offline(True)
    expect(chat.get_by_text("Ei verkkoyhteyttä.")).to_be_visible()
    fake.talk.add("adviser", "katkon aikana")
    chat.context.set_offline(False)
    expect(chat.get_by_role("log").get_by_text("katkon aikana")).to_be_visible()
    expect(chat.get_by_role("log").get_by_text("ennen katkoa")).to_have_count(1)


def test_an_api_that_is_down_at_first(page: Page, fake: Fake) -> None:
    page.goto("/")
    fake.fail = lambda method, path: problem(503, "Huoltokatko.") if path.startswith("/api/") else None
    page.locator(".launcher").click()
    expect(page.get_by_role("heading", name="Chatti ei aukea juuri nyt")).to_be_visible()
    fake.fail = lambda method, path: None
    choose(page, "Yritä uudelleen")
    expect(page.get_by_role("button", name="Aloitetaan")).to_be_visible()
    assert len(fake.talks) == 1
