"""A backup that is taken while residents write can be put back, whole; what was promised until then is in it."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url

from api.database import upgrade
from api.privacy import backup as backups
from tests.api.harness import Api, FakeEngine, free_port, make_settings, serve
from tests.faults.checker import check
from tests.faults.load import Load
from tests.privacy import commands
from tests.waiting import eventually


def load_on(api: Api) -> Load:
    secret = api.settings.webhook_secret
    assert secret is not None
    return Load(api.url, secret.get_secret_value(), residents=2)


def acknowledged(load: Load, more: int) -> None:
    """Wait until so many more messages were acknowledged, and each resident has begun to talk."""
    wanted = load.ledger.acknowledged() + more
    eventually(
        lambda: load.ledger.acknowledged() >= wanted and len(load.ledger.talks) >= load.residents,
        lambda: load.ledger.complaints,
    )


def test_a_backup_under_load_is_put_back_and_keeps_every_promise(
    own_api: Callable[..., Api], engine: FakeEngine, tmp_path: Path
) -> None:
    api = own_api()
    copy = tmp_path / "copy.db"
    with load_on(api) as load:
        acknowledged(load, 20)
        begun = time.time()
        commands.run(api.settings, "backup", str(copy))
        acknowledged(load, 20)
    api.server.stop()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert "put it aside" in commands.run(api.settings, "restore", str(copy), code=1)
    commands.run(api.settings, "restore", str(copy), "--replace")
    assert (tmp_path / "tienviitta.db.before-restore").exists()
    again = serve(api.settings.model_copy(update={"port": free_port()}), engine)
    again.server.start()
    try:
        findings = check(load.ledger, again.settings, until=begun).raise_if_broken()
    finally:
        again.server.stop()
    assert findings.messages >= 20
    assert findings.talks >= 2


@pytest.mark.postgres
def test_a_backup_of_postgresql_is_put_back(
    postgres: Callable[[], str], own_api: Callable[..., Api], engine: FakeEngine, tmp_path: Path
) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    url, other = postgres(), postgres()
    upgrade(make_settings(tmp_path, 1, database_url=url))
    api = own_api(database_url=url)
    copy = tmp_path / "copy.dump"
    with load_on(api) as load:
        acknowledged(load, 10)
        begun = time.time()
        commands.run(api.settings, "backup", str(copy))
        acknowledged(load, 10)
    moved = api.settings.model_copy(update={"database_url": other, "port": free_port()})
    commands.run(moved, "restore", str(copy))
    again = serve(moved, engine)
    again.server.start()
    try:
        assert check(load.ledger, moved, until=begun).raise_if_broken().messages >= 10
    finally:
        again.server.stop()
    assert "already exists" in commands.run(moved, "restore", str(copy), code=1)
    commands.run(moved, "restore", str(copy), "--replace")


def test_a_backup_never_overwrites_and_leaves_nothing_half_done(tmp_path: Path, new_database: Path) -> None:
    settings = make_settings(tmp_path, 1)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert "exists already" in commands.run(settings, "backup", str(taken), code=1)
    assert taken.read_text() == "mine"
    assert "no database" in commands.run(settings, "backup", str(tmp_path / "new"), code=1)
    assert "does not exist" in commands.run(settings, "backup", str(tmp_path / "no" / "new"), code=1)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    shutil.copy(new_database, tmp_path / "tienviitta.db")
    commands.run(settings, "backup", str(tmp_path / "new"))
    backups.check_file(tmp_path / "new")


def test_a_damaged_backup_is_not_put_back(tmp_path: Path, new_database: Path) -> None:
    settings = make_settings(tmp_path, 1)
    for name, content in (("text", b"no database"), ("empty", b""), ("cut", new_database.read_bytes()[:-8192])):
        (tmp_path / name).write_bytes(content)
        commands.run(settings, "restore", str(tmp_path / name), code=1)
    assert not (tmp_path / "tienviitta.db").exists()


def test_a_database_that_is_in_use_is_not_replaced(
    own_api: Callable[..., Api], tmp_path: Path, new_database: Path
) -> None:
    api = own_api()
    resident = api.resident()
    shutil.copy(new_database, tmp_path / "copy")
    with sqlite3.connect(tmp_path / "tienviitta.db") as other:
        other.execute("BEGIN IMMEDIATE")
        assert "stop the service first" in commands.run(
            api.settings, "restore", str(tmp_path / "copy"), "--replace", code=1
        )
        other.rollback()
    assert resident.say("vielä täällä")["status"] == "bot"


def test_without_the_tools_of_postgresql_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    url = make_url("postgresql+psycopg://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(backups.BackupError, match="pg_dump is not installed"):
        backups.backup(url, tmp_path / "new")
    assert not list(tmp_path.iterdir())
