"""The widget and the limit: what was written too fast is sent again under the same id, once, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Response, expect

from api import middleware
from api.limits import Buckets
from api.security import token_hash
from tests.api.harness import Api, Resident
from tests.security.test_limits import Clock

WORDS = [f"viesti {number}" for number in range(3)]


def test_what_was_written_too_fast_is_sent_later_and_once(
    own_api: Callable[..., Api], browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    made: list[Buckets] = []

    def buckets(per_minute: int) -> Buckets:
        made.append(Buckets(per_minute, clock=clock))
        return made[-1]

    monkeypatch.setattr(middleware, "Buckets", buckets)
    api = own_api(limit_messages=60, limit_exempt=[])
    refused: list[str | None] = []

    def watch(response: Response) -> None:
        if response.status == 429:
            refused.append(response.headers.get("retry-after"))

    page = browser.new_page()
    page.on("response", watch)
    with page.expect_response(lambda response: response.status == 201) as opened:
        page.goto(f"{api.url}/chat")
    talk: dict[str, str] = opened.value.json()
    field = page.get_by_label("Viestisi")
    expect(page.get_by_text("Hei, olen kone.").first).to_be_visible()
    messages = made[-1]
    while messages.take(token_hash(talk["token"])) == 0:
        pass
    for one in WORDS:
        field.fill(one)
        field.press("Enter")
    expect(page.get_by_text("Odottaa ").first).to_be_visible()
    clock.at += 60
    expect(page.get_by_text(f"Sanoit: {WORDS[-1]}", exact=True).first).to_be_visible(timeout=60_000)
    page.close()
    assert refused, "the limit was not reached"
    assert set(refused) == {"1"}
    resident = Resident.__new__(Resident)
    resident.http = api.client()
    resident.path = f"/api/v1/conversations/{talk['id']}"
    resident.http.headers["Authorization"] = f"Bearer {talk['token']}"
    assert resident.said_by("resident") == WORDS
    assert resident.said_by("bot")[1:] == [f"Sanoit: {one}" for one in WORDS]
