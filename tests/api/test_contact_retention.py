"""Past its time a contact is gone from everywhere: the request, what repeated it, and events on their way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from api.context import Context
from api.conversations.models import Conversation, Message, Turn
from api.database import now, sync_session
from api.deliveries.models import Delivery
from api.handoff import callbacks
from api.handoff.models import Handoff
from api.privacy import retention
from tests.api.harness import Api, FakeEngine, state
from tests.api.harness import text as said

CONTACT = {"phone": "+358401234567", "email": "Maija.Meri@example.com"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Soitamme numeroon 040 123 4567.", "Soitamme numeroon [puhelinnumero poistettu]."),
        ("+358401234567, maija.meri@example.com", "[puhelinnumero poistettu], [sähköpostiosoite poistettu]"),
        ("Kriisipuhelin on 09 2525 0111.", "Kriisipuhelin on 09 2525 0111."),
        ("Kirjoita osoitteeseen info@lahti.fi", "Kirjoita osoitteeseen info@lahti.fi"),
    ],
)
def test_one_contact_is_left_out_and_others_stay(text: str, left: str) -> None:
    assert callbacks.leave_out({"a": [text, 1, None]}, CONTACT) == {"a": [left, 1, None]}


def everything(api: Api, conversation_id: str) -> str:
    with sync_session(api.settings) as session:
        rows: list[object] = [session.get_one(Conversation, conversation_id).state]
        for table, column in ((Message, Message.text), (Turn, Turn.answer), (Delivery, Delivery.details)):
            rows += session.scalars(select(column).where(table.conversation_id == conversation_id))
        rows += session.execute(
            select(Handoff.name, Handoff.contact, Handoff.wished_time).where(Handoff.conversation_id == conversation_id)
        )
        return str(rows)


def test_nothing_repeats_a_contact_that_is_past_its_time(own_api: Callable[..., Api], engine: FakeEngine) -> None:
    api = own_api(
        worker_in_api=False,
        contact_retention_days=10,
        webhook_receivers=[{"url": "https://receiver.example/hook", "payload": "full"}],
    )
    old, fresh = api.resident(), api.resident()
    for resident in (old, fresh):
        engine.script = lambda _: [said("Soitamme numeroon 040 123 4567."), state(draft={"phone": "+358401234567"})]
        resident.say("soittakaa minulle")
        api.hand_over(resident.id, kind="callback", name="Maija", contact=CONTACT, wished_time="aamulla")
        assert resident.http.put(f"{resident.path}/handoff/callback", json={}).status_code == 200
        resident.press("/cancel_handoff")
    for resident, days in ((old, 10.1), (fresh, 9.9)):
        with sync_session(api.settings) as session:
            session.execute(
                update(Handoff)
                .where(Handoff.conversation_id == resident.id)
                .values(ended_at=now() - timedelta(days=days))
            )
    before = everything(api, old.id)
    assert "401234567" in before
    assert "040 123 4567" in before

    async def erase() -> None:
        context = Context.of(api.settings)
        await retention.erase_expired(context)
        await context.close()

    asyncio.run(erase())
    left = everything(api, old.id)
    assert not [one for one in ("401234567", "040 123 4567", "Maija", "example.com") if one in left]
    assert "soittakaa minulle" in str(old.talk()), "the talk itself stays"
    assert "+358401234567" in everything(api, fresh.id)
