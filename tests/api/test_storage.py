"""What lies in the database: nothing readable, nothing past its time, and the schema that the code expects."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import select, text, update

from api.context import Context
from api.conversations.models import Conversation, Message
from api.database import BUSY_TIMEOUT_MS, LEAST_BUSY_TIMEOUT_MS, Database, make_sync_engine, now, sync_session, upgrade
from api.handoff.models import Handoff
from api.privacy import crypto, retention
from api.security import SettingsError, check_settings, keyring
from api.tables import metadata
from settings import Settings
from tests.api.harness import Api, FakeEngine, Resident, make_settings, serve, state
from tests.api.harness import text as said


@pytest.fixture
def sqlite_api(engine: FakeEngine, tmp_path: Path) -> Iterator[Api]:
    settings = make_settings(tmp_path, engine.port)
    upgrade(settings)
    running = serve(settings, engine)
    running.server.start()
    yield running
    running.server.stop()


def test_nothing_readable_lies_in_the_database_files(sqlite_api: Api, engine: FakeEngine, tmp_path: Path) -> None:
    resident = sqlite_api.resident()
    engine.script = lambda _: [
        said("vastaus ruskeakarhu", ("nappi ruskeakarhu", "/x")),
        state(awaiting="handoff_contact", note="tila ruskeakarhu", answers={"x": "ruskeakarhu"}),
    ]
    resident.say("viesti ruskeakarhu 131052-308T")
    resident.say("0401234567 ruskeakarhu")
    sqlite_api.hand_over(
        resident.id, name="ruskeakarhu", reason="ruskeakarhu", wished_time="ruskeakarhu",
        contact={"phone": "0401234567", "email": "ruskea@karhu.fi"},
    )  # fmt: skip
    engine.mode = "error"
    resident.say("epäonnistuva ruskeakarhu")
    resident.http.post(f"{resident.path}/feedback", json={"helped": True, "text": "ruskeakarhu"})
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir() if "tienviitta.db" in path.name)
    assert resident.id.encode() in content, "the files were read"
    for secret in ("ruskeakarhu", "131052", "308T", "0401234567", "ruskea@karhu", resident.token):
        assert secret.encode() not in content
        assert secret.encode("utf-16-le") not in content


def test_sqlite_survives_a_power_cut_and_keeps_references(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, 1)
    upgrade(settings)

    async def pragmas() -> dict[str, object]:
        database = Database(settings)
        async with database.write() as session:
            found = {
                name: await session.scalar(text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        await database.close()
        return found

    assert asyncio.run(pragmas()) == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1,
    }  # fmt: skip


def test_a_write_that_waited_for_its_own_process_waits_less_for_others(tmp_path: Path) -> None:
    """Or a resident would wait twice as long for the word that something is wrong."""
    settings = make_settings(tmp_path, 1)
    upgrade(settings)

    async def left(*, first_takes_s: float) -> int:
        database = Database(settings)
        begun = asyncio.Event()

        async def first() -> None:
            async with database.write():
                begun.set()
                await asyncio.sleep(first_takes_s)

        async def second() -> int:
            await begun.wait()
            async with database.write() as session:
                found = await session.scalar(text("PRAGMA busy_timeout"))
                assert isinstance(found, int)
                return found

        _, waits_ms = await asyncio.gather(first(), second())
        await database.close()
        return waits_ms

    assert LEAST_BUSY_TIMEOUT_MS < asyncio.run(left(first_takes_s=0.3)) <= BUSY_TIMEOUT_MS - 250
    assert asyncio.run(left(first_takes_s=BUSY_TIMEOUT_MS / 1000 - 0.3)) == LEAST_BUSY_TIMEOUT_MS


def test_keys_rotate(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings = make_settings(tmp_path, 1, encryption_keys=old)
    upgrade(settings)

    async def add(settings: Settings, name: str, words: str) -> None:
        context = Context.of(settings)
        async with context.database.write() as session:
            session.add(
                Conversation(
                    id=name, token_hash=name, created_at=now(), changed_at=now(), status="bot", state={"words": words}
                )
            )
        await context.close()

    async def words(settings: Settings) -> list[str]:
        context = Context.of(settings)
        async with context.database.read() as session:
            found = [row.state["words"] for row in await session.scalars(select(Conversation))]
        await context.close()
        return sorted(found)

    asyncio.run(add(settings, "a", "vanha"))
    both = make_settings(tmp_path, 1, encryption_keys=f"{new},{old}")
    asyncio.run(add(both, "b", "uusi"))
    assert asyncio.run(words(both)) == ["uusi", "vanha"]
    only_new = make_settings(tmp_path, 1, encryption_keys=new)
    with pytest.raises(InvalidToken):
        asyncio.run(words(only_new))
    crypto.configure(keyring(make_settings(tmp_path, 1)))


def test_the_migrations_lead_to_the_schema_of_the_code(database_url: str, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, 1, database_url=database_url)
    upgrade(settings)
    upgrade(settings)
    engine = make_sync_engine(settings)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"target_metadata": metadata()})
        assert compare_metadata(context, metadata()) == []
    engine.dispose()


def _age(api: Api, resident: Resident, days: float) -> None:
    with sync_session(api.settings) as session:
        session.execute(
            update(Conversation).where(Conversation.id == resident.id).values(changed_at=now() - timedelta(days=days))
        )


def test_talks_are_erased_when_their_time_is_over(api: Api) -> None:
    fresh, old, handed, handed_old, still_open = (api.resident() for _ in range(5))
    for resident in (handed, handed_old, still_open):
        api.hand_over(resident.id)
    for resident in (handed, handed_old):
        resident.press("/cancel_handoff")
    _age(api, fresh, 29.9)
    _age(api, old, 30.1)
    _age(api, handed, 89.9)
    _age(api, handed_old, 90.1)
    _age(api, still_open, 900)

    async def erase() -> None:
        context = Context.of(api.settings)
        await retention.erase_expired(context)
        await context.close()

    asyncio.run(erase())
    left = {resident.http.get(resident.path).status_code for resident in (fresh, handed, still_open)}
    gone = {resident.http.get(resident.path).status_code for resident in (old, handed_old)}
    assert (left, gone) == ({200}, {401})
    with sync_session(api.settings) as session:
        for table in (Message, Handoff):
            found = session.scalars(select(table).where(table.conversation_id.in_([old.id, handed_old.id])))
            assert found.all() == []
    for resident in (fresh, handed, still_open):
        resident.http.delete(resident.path)


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"webhook_secret": None}, "TIENVIITTA_WEBHOOK_SECRET"),
        ({"webhook_secret": "whsec_"}, "TIENVIITTA_WEBHOOK_SECRET"),
        ({"webhook_secret": "whsec_QUJD"}, "shorter than 24 bytes"),
        ({"webhook_secret": "whsec_ä"}, "TIENVIITTA_WEBHOOK_SECRET"),
        ({"encryption_keys": None}, "TIENVIITTA_ENCRYPTION_KEYS"),
        ({"encryption_keys": " , "}, "TIENVIITTA_ENCRYPTION_KEYS"),
        ({"encryption_keys": "abc"}, "not a Fernet key"),
        ({"adviser_hours": "nine to five"}, "TIENVIITTA_ADVISER_HOURS"),
        ({"environment": "production"}, "TIENVIITTA_ALLOWED_HOSTS"),
    ],
)
def test_what_the_api_cannot_start_without_is_named_in_one_line(
    tmp_path: Path, values: dict[str, object], part: str
) -> None:
    check_settings(make_settings(tmp_path, 1))
    with pytest.raises(SettingsError) as error:
        check_settings(make_settings(tmp_path, 1, **values))
    assert part in str(error.value)
    assert "\n" not in str(error.value)
