"""A backup of the database while the service runs, and putting it back. The keys are not in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL

PAGES_AT_ONCE = 256
"""Between two bites of so many pages others may write."""
PAUSE_S = 0.01


class BackupError(RuntimeError):
    """It could not be done; the message is one line that says why and what to do."""


def check_file(path: Path) -> None:
    """Check that a SQLite file is whole: its pages, its references, and that it is one of ours.

    Raises:
        BackupError: it is not.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("SELECT count(*) FROM conversations").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{path} is not a database of Tienviitta: {error}") from None
    if found != ["ok"] or broken:
        raise BackupError(
            f"{path} is damaged: {found[0] if found != ['ok'] else 'a row refers to one that is missing'}"
        )


def _new_file(target: Path) -> Path:
    """The unfinished backup beside ``target``, readable by its owner alone."""
    if target.exists():
        raise BackupError(f"{target} exists already; choose another name")
    if not target.parent.is_dir():
        raise BackupError(f"the folder {target.parent} does not exist")
    part = target.with_name(target.name + ".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return part


def _finish(part: Path, target: Path) -> None:
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.rename(target)


def backup(url: URL, target: Path) -> None:
    """Write a backup of the database to ``target``, which appears only when it is whole.

    Raises:
        BackupError: the target exists, the database cannot be read, or ``pg_dump`` is missing or failed.
    """
    part = _new_file(target)
    try:
        if url.get_backend_name() == "sqlite":
            _copy_sqlite(Path(url.database or ""), part)
            check_file(part)
        else:
            _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={part}")
        _finish(part, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _copy_sqlite(source: Path, part: Path) -> None:
    if not source.is_file():
        raise BackupError(f"there is no database at {source}")
    try:
        with (
            contextlib.closing(sqlite3.connect(source, timeout=10)) as live,
            contextlib.closing(sqlite3.connect(part)) as copy,
        ):
            # One snapshot for the whole copy: writers go on in the WAL, and the copy need never begin again.
            live.execute("BEGIN")
            live.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            live.backup(copy, pages=PAGES_AT_ONCE, sleep=PAUSE_S)
            live.rollback()
            # A file of its own, without a WAL beside it.
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise BackupError(f"the database could not be copied: {error}") from None


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run a tool of PostgreSQL; the password goes by the environment, where no list of processes shows it."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed; it comes with PostgreSQL's client programs")
    where = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    environment = {**os.environ, **{name: str(value) for name, value in where.items() if value is not None}}
    done = subprocess.run(  # noqa: S603 - a fixed program, arguments of ours
        [found, *arguments, f"--dbname={url.database}"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        reason = next((line for line in lines if "error:" in line), lines[-1])
        raise BackupError(f"{program} failed: {reason}")


def restore(url: URL, source: Path, *, replace: bool) -> None:
    """Put a backup in the database's place. The service must be stopped.

    Args:
        url: the database.
        source: the backup.
        replace: also where there is a database already; a SQLite file is kept beside, as ``.before-restore``.

    Raises:
        BackupError: the backup is damaged, or there is a database and ``replace`` is False.
    """
    if url.get_backend_name() != "sqlite":
        if not source.is_file():
            raise BackupError(f"there is no backup at {source}")
        clean = ["--clean", "--if-exists"] if replace else []
        _run("pg_restore", url, "--no-owner", "--exit-on-error", "--single-transaction", *clean, str(source))
        return
    check_file(source)
    target = Path(url.database or "")
    if target.exists():
        if not replace:
            raise BackupError(f"there is a database at {target} already; give --replace to put it aside")
        _fold_in(target)
        target.rename(target.with_name(target.name + ".before-restore"))
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            target.with_name(target.name + suffix).unlink()
    part = target.with_name(target.name + ".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    shutil.copyfile(source, part)
    _finish(part, target)


def _fold_in(database: Path) -> None:
    """Bring what stands in the WAL into the file, which is about to be put aside."""
    try:
        with contextlib.closing(sqlite3.connect(database, timeout=1)) as connection:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.rollback()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise BackupError(f"{database} is in use ({error}); stop the service first") from None
