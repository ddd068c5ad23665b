"""The courier: every event once at least, with one id; no receiver, however bad, makes it lose one or wait for ever."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, update

from api.context import Context
from api.conversations.models import Conversation
from api.database import sync_session, upgrade
from api.deliveries import courier as courier_module
from api.deliveries import sending, service
from api.deliveries.courier import CLAIM, claim
from api.deliveries.models import Delivery
from settings.receivers import Receiver as Configured
from settings.signing import BadSignature, SigningKeys
from tests.api.harness import free_port, make_settings, postgres_database
from tests.api.outbox import Dripper, Outbox, Receiver
from tests.waiting import LIMIT_S

NEW, OLD = (f"whsec_{letter * 40}" for letter in "AB")


both = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True, scope="module"
)
"""Where it matters which database it is."""


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """A database of PostgreSQL for this module; for SQLite every test has a file of its own."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield None
        return
    for found in postgres_database():
        upgrade(make_settings(tmp_path_factory.mktemp("pg"), 1, database_url=found))
        yield found


Make = Callable[..., Awaitable[Outbox]]


@pytest.fixture
async def make(url: str | None, tmp_path: Path, new_database: Path) -> AsyncIterator[Make]:
    made: list[Outbox] = []

    async def build(*receivers: Any, **values: Any) -> Outbox:
        if url is None:
            if not made:
                shutil.copy(new_database, tmp_path / "tienviitta.db")
            settings = make_settings(tmp_path, 1, webhook_receivers=list(receivers), **values)
        else:
            settings = make_settings(tmp_path, 1, webhook_receivers=list(receivers), database_url=url, **values)
        outbox = Outbox(Context.of(settings))
        made.append(outbox)
        return outbox

    yield build
    for outbox in made[:1]:
        async with outbox.context.database.write() as session:
            await session.execute(delete(Conversation))
    for outbox in made:
        await outbox.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


async def test_an_hour_down_and_everything_arrives_once_it_is_back(make: Make) -> None:
    receiver = Receiver()
    outbox = await make(receiver.url)
    for _ in range(3):
        await outbox.tell()
    assert await outbox.deliver() == 3
    waited = [5, 300, 1800]
    for minutes in range(60):
        await outbox.deliver()
        assert {row.state for row in await outbox.rows()} == {"waiting"}, minutes
        outbox.later(minutes=1)
    for row in await outbox.rows():
        # 0 s, 5 s, 5 min and 30 min after each other lie within the hour, with jitter; two hours later does not.
        assert row.attempts == len(waited) + 1
        assert row.last_outcome == "no answer"
    receiver.start()
    try:
        await outbox.deliver()
        assert receiver.got == [], "not before its time"
        outbox.later(hours=2.2)
        assert await outbox.deliver() == 3
        assert {row.state for row in await outbox.rows()} == {"delivered"}
        assert sorted(receiver.ids) == sorted(row.webhook_id for row in await outbox.rows())
    finally:
        receiver.stop()


async def test_after_three_days_it_is_dead_and_listed_and_a_replay_sends_the_same(make: Make) -> None:
    receiver = Receiver()
    outbox = await make(receiver.url)
    await outbox.tell()
    began = outbox.at
    tries = 0
    while (await outbox.only()).state == "waiting":
        tries += await outbox.deliver()
        outbox.later(minutes=30)
        assert outbox.at < began + timedelta(days=5)
    dead = await outbox.only()
    assert (tries, dead.attempts) == (10, 10)
    assert timedelta(days=2.7) < outbox.at - began < timedelta(days=3.6)
    with sync_session(outbox.context.settings) as session:
        [listed] = service.listed(session, states={"dead"})
        assert (listed.id, listed.last_outcome) == (dead.id, "no answer")
        assert service.retry(session, ids=[dead.id]) == 0, "only what waits"
        assert service.replay(session, ids=[dead.id]) == 1
    receiver.start()
    try:
        await outbox.deliver()
    finally:
        receiver.stop()
    assert receiver.ids == [dead.webhook_id]
    assert (await outbox.only()).state == "delivered"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(make: Make, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    outbox = await make(receiver.url)
    await outbox.tell()
    await outbox.deliver()
    row = await outbox.only()
    assert (row.state, row.last_outcome, receiver.elsewhere) == ("waiting", str(status), 0)


@pytest.mark.parametrize(("header", "seconds"), [("3600", 3600), ("date", 3600), ("9999999", 86400)])
async def test_retry_after_is_honoured_within_a_day(
    make: Make, receiver: Receiver, header: str, seconds: float
) -> None:
    outbox = await make(receiver.url)
    await outbox.tell()
    value = (outbox.at + timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT") if header == "date" else header
    receiver.statuses, receiver.headers = [429], {"Retry-After": value}
    await outbox.deliver()
    wait = (await outbox.only()).next_at - outbox.at
    assert abs(wait.total_seconds() - seconds) <= 1


@both
async def test_410_switches_the_receiver_off_until_somebody_switches_it_on(make: Make, receiver: Receiver) -> None:
    other = Receiver().start()
    receiver.statuses = [410]
    outbox = await make({"url": receiver.url, "name": "desk"}, other.url)
    try:
        await outbox.tell()
        await outbox.deliver()
        await outbox.tell()
        await outbox.deliver()
        assert len(receiver.got) == 1, "nothing more goes to one that is gone"
        assert len(other.got) == 2
        with sync_session(outbox.context.settings) as session:
            dead = service.listed(session, states={"dead"}, receiver="desk")
            assert [one.last_outcome for one in dead] == ["410", "disabled"]
            assert set(service.disabled(session)) == {"desk"}
            assert service.enable(session, key="desk")
            assert not service.enable(session, key="desk")
            assert service.replay(session, receiver="desk") == 2
        outbox.later(seconds=1)
        await outbox.deliver()
        assert len(receiver.got) == 3
        assert {row.state for row in await outbox.rows()} == {"delivered"}
    finally:
        other.stop()


async def test_a_receiver_that_is_no_longer_configured_gets_nothing_and_its_events_stay_listed(
    make: Make, receiver: Receiver
) -> None:
    before = await make(receiver.url)
    await before.tell()
    outbox = await make()
    await outbox.deliver()
    row = await outbox.only()
    assert (row.state, row.last_outcome, row.attempts, receiver.got) == ("dead", "not configured", 0, [])


@pytest.mark.parametrize("drip", [b"", b"H", b"HTTP/1.1 200 OK\r\nX-A: "])
async def test_no_drip_stretches_the_limit(make: Make, drip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.6)
    dripper = Dripper(drip=drip)
    outbox = await make(dripper.url)
    try:
        await outbox.tell()
        started = time.monotonic()
        await outbox.deliver()
        assert time.monotonic() - started < 5
        row = await outbox.only()
        assert row.state == "waiting"
        # A header that never ends is refused as such once it is too long; everything else by the clock.
        assert row.last_outcome in {"timeout", "no answer"}
    finally:
        dripper.stop()


async def test_a_slow_receiver_keeps_no_other_waiting(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TIMEOUT_S", 3600.0)
    silent = Dripper(drip=b"")
    outbox = await make(silent.url, receiver.url)
    try:
        for _ in range(8):
            await outbox.tell()
        async with asyncio.timeout(LIMIT_S):
            while len(receiver.got) < 8:
                await outbox.courier.round()
                await asyncio.sleep(0.02)
        under_way = list(outbox.courier._under_way.values())
        assert under_way.count(silent.url) <= courier_module.AT_ONCE_EACH
        assert len(receiver.got) == 8
        assert {row.attempts for row in await outbox.rows() if row.receiver == silent.url} == {0}
    finally:
        silent.stop()


async def test_what_is_erased_while_it_waits_goes_nowhere(make: Make, receiver: Receiver) -> None:
    receiver.statuses = [500]
    outbox = await make(receiver.url)
    talk = await outbox.tell()
    await outbox.deliver()
    async with outbox.context.database.write() as session:
        await session.execute(delete(Conversation).where(Conversation.id == talk))
    outbox.later(days=1)
    assert await outbox.deliver() == 0
    assert (len(receiver.got), await outbox.rows()) == (1, [])


@both
async def test_what_is_erased_after_it_was_taken_up_goes_nowhere(make: Make, receiver: Receiver) -> None:
    outbox = await make(receiver.url)
    talk = await outbox.tell()
    async with outbox.context.database.write() as session:
        [taken] = await claim(session, at=outbox.at)
    async with outbox.context.database.write() as session:
        await session.execute(delete(Conversation).where(Conversation.id == talk))
    await outbox.courier._deliver(taken)
    assert receiver.got == []


@both
async def test_erasure_while_it_is_being_sent_leaves_nothing_behind(make: Make) -> None:
    silent = Dripper(drip=b"")
    outbox = await make(silent.url)
    try:
        talk = await outbox.tell()
        assert await outbox.courier.round() == 1
        assert await asyncio.to_thread(silent.connected.wait, LIMIT_S)
        async with outbox.context.database.write() as session:
            await session.execute(delete(Conversation).where(Conversation.id == talk))
    finally:
        silent.stop()
    await outbox.deliver()
    assert await outbox.rows() == []


@both
async def test_two_couriers_never_hold_the_same_delivery(make: Make) -> None:
    outbox = await make("http://127.0.0.1:9/")
    for _ in range(6):
        await outbox.tell()

    async def take() -> list[int]:
        async with outbox.context.database.write() as session:
            return [one.id for one in await claim(session, at=outbox.at, limit=4)]

    first, second, third = await asyncio.gather(take(), take(), take())
    assert len(set(first + second + third)) == len(first + second + third) == 6


@both
async def test_a_courier_that_was_killed_holds_a_delivery_for_a_minute_only(make: Make, receiver: Receiver) -> None:
    outbox = await make(receiver.url)
    await outbox.tell()
    async with outbox.context.database.write() as session:
        [killed] = await claim(session, at=outbox.at)
    assert await outbox.deliver() == 0
    outbox.at += CLAIM + timedelta(seconds=1)
    assert await outbox.deliver() == 1
    assert receiver.ids == [killed.webhook_id]


@both
async def test_one_that_wakes_up_late_spoils_nothing(make: Make, receiver: Receiver) -> None:
    outbox = await make(receiver.url)
    await outbox.tell()
    async with outbox.context.database.write() as session:
        [frozen] = await claim(session, at=outbox.at)
    outbox.at += CLAIM + timedelta(seconds=1)
    await outbox.deliver()
    await outbox.courier._conclude(frozen, sending.Outcome("timeout"))
    row = await outbox.only()
    assert (row.state, row.attempts) == ("delivered", 1)


@both
@pytest.mark.parametrize("days", [-400, 400])
async def test_a_clock_that_jumps_holds_nothing_back(make: Make, receiver: Receiver, days: int) -> None:
    """What a wrong clock wrote, a claim or the time of the next try, is not believed by a right one."""
    outbox = await make(receiver.url)
    await outbox.tell()
    outbox.later(days=-days)
    wrong = outbox.at
    async with outbox.context.database.write() as session:
        await session.execute(update(Delivery).values(next_at=wrong + timedelta(hours=1), claimed_until=wrong))
    outbox.later(days=days, hours=2)
    assert await outbox.deliver() == 1
    assert len(receiver.got) == 1


@both
async def test_the_events_of_a_talk_leave_in_their_order(make: Make, receiver: Receiver) -> None:
    outbox = await make(receiver.url)
    talk = await outbox.tell("handoff.requested")
    await outbox.tell("handoff.accepted", talk=talk)
    await outbox.tell("handoff.closed", talk=talk)
    assert await outbox.deliver() == 3
    told = [json.loads(body)["type"] for _, body in receiver.got]
    assert told == ["handoff.requested", "handoff.accepted", "handoff.closed"]


async def test_one_event_that_is_refused_holds_up_no_other(make: Make, receiver: Receiver) -> None:
    receiver.statuses = [400]
    outbox = await make(receiver.url)
    talk = await outbox.tell("handoff.requested")
    await outbox.tell("handoff.closed", talk=talk)
    await outbox.deliver()
    assert [row.state for row in await outbox.rows()] == ["waiting", "delivered"]


@both
async def test_a_full_payload_only_for_the_receiver_that_it_is_configured_for(make: Make, receiver: Receiver) -> None:
    full = Receiver().start()
    outbox = await make(receiver.url, {"url": full.url, "payload": "full"})
    summary = [{"area": "Motivaatio", "items": [{"question": "Haluatko työhön", "answer": "kyllä"}]}]
    try:
        await outbox.tell(name="Matti", reason="selkä", summary=summary, contact={"phone": "+358401234567"})
        await outbox.deliver()
    finally:
        full.stop()
    [thin] = [body.decode() for _, body in receiver.got]
    for word in ("Matti", "selkä", "Motivaatio", "358"):
        assert word not in thin
    [body] = [json.loads(body)["data"] for _, body in full.got]
    assert (body["name"], body["reason"], body["summary"]) == ("Matti", "selkä", summary)
    assert body["contact"] == {"phone": "+358401234567"}
    assert set(json.loads(thin)["data"]) < set(body)
    assert {row.details for row in await outbox.rows()} == {None}, "kept no longer than needed"


async def test_a_receiver_gets_only_the_events_that_it_wants(make: Make, receiver: Receiver) -> None:
    outbox = await make({"url": receiver.url, "events": ["handoff.closed", "callback.requested"]})
    for event in ("handoff.requested", "handoff.closed", "handoff.cancelled", "callback.requested"):
        await outbox.tell(event)
    await outbox.deliver()
    told = {json.loads(body)["type"] for _, body in receiver.got}
    assert told == {"handoff.closed", "callback.requested"}


async def test_every_secret_of_a_receiver_signs(make: Make, receiver: Receiver) -> None:
    outbox = await make({"url": receiver.url, "secrets": [NEW, OLD]})
    await outbox.tell()
    await outbox.deliver()
    [(headers, body)] = receiver.got
    for secret in (NEW, OLD):
        SigningKeys([secret]).verify(body.decode(), headers)
    common = outbox.context.settings.webhook_secret
    assert common
    with pytest.raises(BadSignature):
        SigningKeys([common.get_secret_value()]).verify(body.decode(), headers)


async def test_a_private_address_gets_nothing_unless_its_network_is_named(make: Make, receiver: Receiver) -> None:
    outbox = await make(receiver.url, webhook_private_networks=[])
    await outbox.tell()
    await outbox.deliver()
    row = await outbox.only()
    assert (row.state, row.last_outcome, receiver.got) == ("waiting", "address refused", [])


async def test_a_port_where_nobody_listens_is_no_answer(make: Make) -> None:
    outbox = await make(f"http://127.0.0.1:{free_port()}/")
    await outbox.tell()
    await outbox.deliver()
    assert (await outbox.only()).last_outcome == "no answer"


def test_secrets_are_shown_nowhere() -> None:
    one = Configured(url="https://a.example", secrets=(SecretStr(NEW),))
    assert NEW not in f"{one!r}{one}{one.model_dump()}{one.model_dump_json()}"
