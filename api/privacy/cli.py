"""``keys``, ``retention``, ``backup`` and ``restore`` on the command line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.fernet import Fernet
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.database import make_sync_engine, url_of
from api.privacy import keys as keyring
from api.privacy.backup import BackupError
from api.privacy.backup import backup as make_backup
from api.privacy.backup import restore as put_back
from api.privacy.crypto import configure
from api.privacy.erasure import truncate_log
from api.privacy.report import report
from api.security import SettingsError
from api.security import keyring as decrypting
from api.tables import metadata
from settings import ROOT, Settings, get_settings

keys = typer.Typer(help="Encryption keys.", no_args_is_help=True)
retention = typer.Typer(help="What is kept and until when.", no_args_is_help=True)

KEY_FILES = (ROOT / ".env", ROOT / "var" / "secrets.env")
"""Where settings may set the keys, in the order in which they are read."""


@contextmanager
def _one_line() -> Iterator[None]:
    """Foreseeable failures are one line each."""
    try:
        yield
    except (keyring.KeysError, BackupError, SettingsError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    except SQLAlchemyError:
        typer.echo("Error: the database cannot be used; start the service once to create it.", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Error: {error.strerror}: {error.filename}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _database() -> Iterator[tuple[Settings, Engine, list[str]]]:
    """Settings, a blocking engine and the keys."""
    with _one_line():
        settings = get_settings()
        configure(decrypting(settings))
        assert settings.encryption_keys is not None
        engine = make_sync_engine(settings)
        try:
            yield settings, engine, keyring.split(settings.encryption_keys.get_secret_value())
        finally:
            engine.dispose()


@keys.command("list")
def list_keys() -> None:
    """Show each key by its fingerprint, and how many values it encrypts."""
    with _database() as (_, engine, known):
        counts = keyring.count_by_key(engine, metadata(), known)
    table = Table("key", "use", "values")
    for place, key in enumerate(known):
        count = counts[keyring.fingerprint(key)]
        use = "encrypts" if place == 0 else "reads" if count else "reads; no longer needed"
        table.add_row(keyring.fingerprint(key), use, str(count))
    Console().print(table)
    if counts[""]:
        typer.echo(f"Error: {counts['']} values can be read with none of these keys.", err=True)
        raise typer.Exit(1)


def _key_file(given: Path | None) -> Path | None:
    if given is not None:
        return given
    return None if keyring.NAME in os.environ else keyring.file_of_keys(KEY_FILES)


def _set(path: Path | None, known: list[str]) -> None:
    if path is None:
        typer.echo(f"The keys are set in the environment. Put there, and restart:\n{keyring.NAME}={','.join(known)}")
    else:
        keyring.write_keys(path, known)
        typer.echo(f"Written to {path}. Restart the service.")


File = Annotated[Path | None, typer.Option("--file", help="The environment file that sets the keys.")]


@keys.command()
def add(
    file: File = None,
    standby: Annotated[
        bool, typer.Option("--standby", help="Behind the others: it only reads until it is added again, in front.")
    ] = False,
) -> None:
    """Make a key and put it in front: from the next restart on it encrypts, and the others still read.

    Where several processes share the database, all must read a key before one encrypts with it: `add --standby`,
    restart all, `promote`, restart all.
    """
    with _one_line():
        settings = get_settings()
        decrypting(settings)
        assert settings.encryption_keys is not None
        known = keyring.split(settings.encryption_keys.get_secret_value())
        new = Fernet.generate_key().decode()
        _set(_key_file(file), [*known, new] if standby else [new, *known])
        typer.echo(f"New key: {keyring.fingerprint(new)}")


@keys.command()
def promote(fingerprint: str, file: File = None) -> None:
    """Put a key in front that all processes read already."""
    _reorder(fingerprint, file, lambda key, rest: [key, *rest])


@keys.command()
def remove(fingerprint: str, file: File = None) -> None:
    """Take a key out of the settings that no value needs any more."""
    with _database() as (_, engine, known):
        counts = keyring.count_by_key(engine, metadata(), known)
        if counts[fingerprint]:
            raise keyring.KeysError(f"{counts[fingerprint]} values need {fingerprint}; rotate first")
        if known and keyring.fingerprint(known[0]) == fingerprint:
            raise keyring.KeysError(f"{fingerprint} is the key that encrypts; add another first")
    _reorder(fingerprint, file, lambda _key, rest: rest)


def _reorder(fingerprint: str, file: Path | None, change: Callable[[str, list[str]], list[str]]) -> None:
    with _one_line():
        settings = get_settings()
        decrypting(settings)
        assert settings.encryption_keys is not None
        known = keyring.split(settings.encryption_keys.get_secret_value())
        chosen = next((key for key in known if keyring.fingerprint(key) == fingerprint), None)
        if chosen is None:
            raise keyring.KeysError(f"there is no key {fingerprint}; `./tienviitta keys list` shows them")
        _set(_key_file(file), change(chosen, [key for key in known if key != chosen]))


@keys.command()
def rotate() -> None:
    """Encrypt everything anew with the first key, while the service runs. It may be stopped and begun again."""
    with _database() as (settings, engine, known):
        total = 0
        while changed := keyring.rotate(engine, metadata(), known):
            total += changed
            typer.echo(f"Encrypted {total} values anew.")
        if engine.dialect.name == "sqlite":
            truncate_log(Path(url_of(settings, sync=True).database or ""))
        counts = keyring.count_by_key(engine, metadata(), known)
    free = [keyring.fingerprint(key) for key in known[1:] if not counts[keyring.fingerprint(key)]]
    typer.echo(f"All {counts.total()} values are encrypted with {keyring.fingerprint(known[0])}.")
    for fingerprint in free:
        typer.echo(f"No longer needed: {fingerprint}. Backups from before still need it.")


def _shown(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


@retention.command("report")
def show_report(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show what is kept: how many of each kind, the oldest, and when it is erased."""
    with _database() as (settings, engine, _), Session(engine) as session:
        rows = report(session, settings)
    if as_json:
        json.dump([asdict(row) for row in rows], sys.stdout, default=lambda at: at.isoformat(), indent=1)
        typer.echo()
        return
    table = Table("what", "how long", "count", "oldest", "erased by")
    for row in rows:
        table.add_row(row.kind, row.rule, str(row.count), _shown(row.oldest), _shown(row.until))
    Console().print(table)


def backup(target: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")]) -> None:
    """Back up the database while the service runs. The keys are not in it: keep them apart."""
    with _one_line():
        make_backup(url_of(get_settings(), sync=True), target)
    typer.echo(f"Backed up to {target}, {target.stat().st_size} bytes. It keeps what is erased later: let it expire.")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Also where there is a database already.")] = False,
) -> None:
    """Put a backup in the database's place. Stop the service first."""
    with _one_line():
        put_back(url_of(get_settings(), sync=True), source, replace=replace)
    typer.echo("Restored. Start the service: it erases what is past its time; a day later if the backup is an old one.")
