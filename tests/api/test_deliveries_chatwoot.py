"""Chatwoot as a receiver, against the recorded contract of its API: one contact, one conversation, no message twice."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.context import Context
from tests.api.chatwoot.desk import CONTRACT, INBOX, Desk
from tests.api.harness import make_settings
from tests.api.outbox import Outbox

CALLS = [call["operation"] for call in CONTRACT["calls"]]
CHANGING = ["create-a-contact", "create-a-conversation", "create-a-message", "resolve-conversation"]


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk().start()
    yield made
    made.stop()
    assert made.wrong == []


Make = Callable[..., Awaitable[Outbox]]


@pytest.fixture
async def make(desk: Desk, tmp_path: Path, new_database: Path) -> AsyncIterator[Make]:
    made: list[Outbox] = []

    async def build(**receiver: Any) -> Outbox:
        shutil.copy(new_database, tmp_path / "tienviitta.db")
        one = {"url": desk.url, "kind": "chatwoot", "inbox": INBOX, **receiver}
        outbox = Outbox(Context.of(make_settings(tmp_path, 1, webhook_receivers=[one])))
        made.append(outbox)
        return outbox

    yield build
    for outbox in made:
        await outbox.close()


async def test_a_talk_is_a_contact_and_a_conversation_and_an_event_a_message(make: Make, desk: Desk) -> None:
    outbox = await make()
    talk = await outbox.tell("handoff.requested", name="Matti", reason="selkä")
    await outbox.tell("handoff.accepted", talk=talk)
    await outbox.deliver()
    assert {row.state for row in await outbox.rows()} == {"delivered"}
    [contact] = desk.contacts.values()
    assert (contact["source_id"], contact["name"]) == (talk, "Nimetön")
    assert [one["status"] for one in desk.conversations] == ["open"]
    first, second = await outbox.rows()
    assert [text.splitlines()[-1] for text in desk.texts] == [
        f"Viite: {first.webhook_id}",
        f"Viite: {second.webhook_id}",
    ]
    assert first.payload["data"]["url"] in desk.texts[0]
    for word in ("Matti", "selkä"):
        assert word not in "".join(desk.texts), "thin by default"
    await outbox.tell("handoff.closed", talk=talk)
    await outbox.deliver()
    assert [one["status"] for one in desk.conversations] == ["resolved"]
    other = await outbox.tell()
    await outbox.deliver()
    assert set(desk.contacts) == {talk, other}
    assert len(desk.conversations) == 2


async def test_with_full_payloads_who_and_why_are_told(make: Make, desk: Desk) -> None:
    outbox = await make(payload="full")
    summary = [{"area": "Motivaatio", "items": [{"question": "Haluatko työhön", "answer": "en ole varma"}]}]
    contact = {"phone": "+358401234567", "email": "matti@example.fi"}
    talk = await outbox.tell("callback.requested", name="Matti", reason="selkä", summary=summary, contact=contact)
    await outbox.deliver()
    known = desk.contacts[talk]
    assert (known["name"], known["email"], known["phone_number"]) == ("Matti", "matti@example.fi", "+358401234567")
    for words in ("Syy: selkä", "Motivaatio:", "Haluatko työhön: en ole varma", "+358401234567"):
        assert words in desk.texts[0]


async def test_a_number_that_chatwoot_would_refuse_stands_in_the_message_alone(make: Make, desk: Desk) -> None:
    outbox = await make(payload="full")
    talk = await outbox.tell("callback.requested", contact={"phone": "040 123 4567"})
    await outbox.deliver()
    assert (await outbox.only()).state == "delivered"
    assert desk.contacts[talk]["phone_number"] is None
    assert "040 123 4567" in desk.texts[0]


@pytest.mark.parametrize("lost", CHANGING)
async def test_an_answer_that_is_lost_makes_nothing_twice(make: Make, desk: Desk, lost: str) -> None:
    outbox = await make()
    desk.lose = [lost]
    talk = await outbox.tell("handoff.closed")
    await outbox.deliver()
    row = await outbox.only()
    assert (row.state, row.last_outcome, desk.lose) == ("waiting", "504", [])
    outbox.later(seconds=6)
    await outbox.deliver()
    assert (await outbox.only()).state == "delivered"
    assert list(desk.contacts) == [talk]
    assert len(desk.conversations) == len(desk.messages) == 1
    assert desk.conversations[0]["status"] == "resolved"


async def test_a_replay_after_a_long_talk_there_still_finds_its_message(make: Make, desk: Desk) -> None:
    outbox = await make()
    desk.lose = ["create-a-message"]
    await outbox.tell()
    await outbox.deliver()
    for number in range(3 * CONTRACT["messages_at_a_time"]):
        desk.write(1, f"vastaus {number}")
    outbox.later(seconds=6)
    await outbox.deliver()
    assert (await outbox.only()).state == "delivered"
    assert sum("Viite:" in text for text in desk.texts) == 1


async def test_while_chatwoot_is_down_it_waits(make: Make, desk: Desk) -> None:
    outbox = await make()
    desk.down = True
    await outbox.tell()
    await outbox.deliver()
    assert (await outbox.only()).last_outcome == "502"
    desk.down = False
    outbox.later(seconds=6)
    await outbox.deliver()
    assert len(desk.messages) == 1


async def test_a_wrong_inbox_is_listed_as_refused(make: Make, desk: Desk) -> None:
    outbox = await make(inbox="other")
    await outbox.tell()
    await outbox.deliver()
    assert (await outbox.only()).last_outcome == "401"


async def test_identity_validation(make: Make, desk: Desk) -> None:
    desk.identity_key = "key of the inbox"
    outbox = await make(identity_key="key of the inbox")
    await outbox.tell()
    await outbox.deliver()
    assert (await outbox.only()).state == "delivered"


async def test_every_call_of_the_contract_is_used(make: Make, desk: Desk) -> None:
    outbox = await make()
    await outbox.tell("handoff.closed")
    await outbox.deliver()
    assert set(desk.called) == set(CALLS)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"id": null}', b"\xff", b"[" * 20_000])
async def test_an_answer_that_is_no_answer_is_a_failed_try(
    make: Make, desk: Desk, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.responses import Response

    async def nonsense(_self: Desk, _request: Any) -> Response:
        return Response(answer, media_type="application/json")

    monkeypatch.setattr(Desk, "_serve", nonsense)
    other = Desk().start()
    try:
        outbox = await make(url=other.url)
        await outbox.tell()
        await outbox.deliver()
        row = await outbox.only()
        assert (row.state, row.attempts, row.last_outcome) == ("waiting", 1, "no answer")
    finally:
        other.stop()
