"""Encryption keys change while residents write, a crash in the middle loses nothing, and the old key goes."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from api.conversations.models import Conversation, Message, Offer
from api.database import make_sync_engine, now, sync_session, upgrade
from api.privacy import crypto, keys
from api.security import keyring
from api.tables import metadata
from settings import Settings
from tests.api.harness import ENCRYPTION_KEY, Api, make_settings
from tests.privacy import commands
from tests.waiting import eventually

ROWS = 2000
NEW = Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _usual_keys_afterwards(tmp_path: Path) -> object:
    yield
    crypto.configure(keyring(make_settings(tmp_path, 1)))


def with_keys(settings: Settings, *known: str) -> Settings:
    return settings.model_copy(update={"encryption_keys": type(settings.encryption_keys)(",".join(known))})


def more(said: list[str]) -> None:
    """Wait until two more messages were sent."""
    wanted = len(said) + 2
    eventually(lambda: len(said) >= wanted, lambda: "nothing is answered any more")


def readable(settings: Settings, key: str) -> tuple[int, int]:
    """How many values this key alone reads, and how many it does not."""
    engine = make_sync_engine(settings)
    counts = keys.count_by_key(engine, metadata(), [key])
    engine.dispose()
    return counts[keys.fingerprint(key)], counts[""]


def fill(settings: Settings, rows: int = ROWS) -> None:
    """A talk with so many messages, encrypted with the old key."""
    at = now()
    with sync_session(settings) as session:
        session.add(Conversation(id="a", token_hash="a", created_at=at, changed_at=at, status="bot", state={"ä": 1}))
        session.flush()
        session.add(Offer(conversation_id="a", digest="d", title="nappi"))
        session.add_all(
            Message(conversation_id="a", seq=n, sender="resident", text=f"ä{n}", at=at) for n in range(rows)
        )


def test_every_encrypted_column_is_known() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table, columns in keys.encrypted_columns(metadata()).items()
        for column in columns
    }
    assert {
        "messages.text", "messages.extras", "turns.input", "turns.answer", "conversations.state", "offers.title",
        "conversations.failed_input", "feedback.text", "handoffs.name", "handoffs.contact", "handoffs.summary",
        "handoff_notes.text", "webhook_receipts.answer",
    } <= found  # fmt: skip


def test_keys_rotate_while_residents_write(database_url: str, own_api: Callable[..., Api], tmp_path: Path) -> None:
    settings = with_keys(make_settings(tmp_path, 1), ENCRYPTION_KEY)
    values = {"database_url": database_url} if database_url.startswith("postgres") else {}
    crypto.configure(keyring(settings))
    if values:
        upgrade(make_settings(tmp_path, 1, **values))
    api = own_api(encryption_keys=f"{NEW},{ENCRYPTION_KEY}", **values)
    old = with_keys(api.settings, ENCRYPTION_KEY)
    crypto.configure(keyring(old))
    fill(old, 400)
    crypto.configure(keyring(api.settings))
    resident = api.resident()
    stop, said = threading.Event(), []

    def write() -> None:
        while not stop.is_set():
            said.append(f"viesti {len(said)}")
            resident.say(said[-1])

    thread = threading.Thread(target=write)
    thread.start()
    try:
        more(said)
        process = commands.start(api.settings, "keys", "rotate")
        told, errors = process.communicate(timeout=600)
        more(said)
    finally:
        stop.set()
        thread.join()
    assert process.returncode == 0, errors
    assert f"No longer needed: {keys.fingerprint(ENCRYPTION_KEY)}" in told
    assert resident.said_by("resident") == said
    crypto.configure(keyring(with_keys(api.settings, NEW)))
    assert resident.said_by("resident") == said, "without the old key"
    resident.http.delete(resident.path)
    with sync_session(api.settings) as session:
        session.execute(text("DELETE FROM conversations"))


def test_a_rotation_that_was_killed_is_taken_up(tmp_path: Path, new_database: Path) -> None:
    settings = make_settings(tmp_path, 1)
    shutil.copy(new_database, tmp_path / "tienviitta.db")
    crypto.configure(keyring(settings))
    fill(settings)
    both = with_keys(settings, NEW, ENCRYPTION_KEY)
    with contextlib.closing(sqlite3.connect(tmp_path / "tienviitta.db", isolation_level=None)) as connection:
        # From its second batch on it takes so long that there is time to kill it.
        connection.execute(
            f"CREATE TRIGGER slow AFTER UPDATE ON messages WHEN new.seq >= {keys.BATCH} BEGIN SELECT count(*) FROM ("
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT i FROM n); END"
        )
        first = "SELECT text FROM messages ORDER BY id LIMIT 1"
        before = connection.execute(first).fetchone()
        process = commands.start(both, "keys", "rotate")
        eventually(lambda: connection.execute(first).fetchone() != before or process.poll() is not None)
        assert process.poll() is None, "it was over before it could be killed"
        process.kill()
        process.communicate()
        connection.execute("DROP TRIGGER slow")
    done, left = readable(settings, NEW)
    assert done > 0
    assert left > 0, "it was over before it was killed"
    commands.run(both, "keys", "rotate")
    assert readable(settings, NEW) == (done + left, 0)
    crypto.configure(keyring(with_keys(settings, NEW)))
    with sync_session(settings) as session:
        found = [row.text for row in session.query(Message).order_by(Message.seq)]
        assert session.get(Conversation, "a").state == {"ä": 1}
    assert found == [f"ä{n}" for n in range(ROWS)]


def test_a_value_that_no_key_reads_is_named(tmp_path: Path, new_database: Path) -> None:
    settings = make_settings(tmp_path, 1)
    shutil.copy(new_database, tmp_path / "tienviitta.db")
    crypto.configure(keyring(settings))
    fill(settings, 1)
    stranger = with_keys(settings, NEW)
    assert "can be read with none of the keys" in commands.run(stranger, "keys", "rotate", code=1)
    assert "3 values can be read with none" in commands.run(stranger, "keys", "list", code=1)


def test_the_whole_change_of_keys_on_the_command_line(tmp_path: Path, new_database: Path) -> None:
    settings = make_settings(tmp_path, 1)
    shutil.copy(new_database, tmp_path / "tienviitta.db")
    crypto.configure(keyring(settings))
    fill(settings, 5)
    file = tmp_path / "tienviitta.env"
    file.write_text(f"A=1\n{keys.NAME}={ENCRYPTION_KEY}\nB=2\n")

    def known() -> list[str]:
        return keys.split(dict(line.split("=", 1) for line in file.read_text().splitlines())[keys.NAME])

    def command(*words: str, code: int = 0) -> str:
        return commands.run(with_keys(settings, *known()), "keys", *words, code=code)

    old = keys.fingerprint(ENCRYPTION_KEY)
    command("add", "--standby", "--file", str(file))
    assert known()[0] == ENCRYPTION_KEY
    new = keys.fingerprint(known()[1])
    command("promote", new, "--file", str(file))
    assert [keys.fingerprint(key) for key in known()] == [new, old]
    assert file.stat().st_mode & 0o777 == 0o600
    assert "rotate first" in command("remove", old, "--file", str(file), code=1)
    command("rotate")
    listed = command("list")
    assert "no longer needed" in listed
    assert known()[0] not in listed
    command("remove", old, "--file", str(file))
    assert [keys.fingerprint(key) for key in known()] == [new]
    assert "A=1" in file.read_text()
    assert "B=2" in file.read_text()
    assert readable(settings, known()[0])[1] == 0


def test_keys_of_the_environment_are_for_the_administrator_to_put_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(keys.NAME, ENCRYPTION_KEY)
    told = commands.run(with_keys(make_settings(tmp_path, 1), ENCRYPTION_KEY), "keys", "add")
    line = next(line for line in told.splitlines() if line.startswith(f"{keys.NAME}="))
    new, old = keys.split(line.partition("=")[2])
    assert old == ENCRYPTION_KEY
    assert keys.fingerprint(new) in told
