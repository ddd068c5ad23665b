"""Changing the encryption keys: make one, put it where the settings are read, encrypt anew what others encrypted.

The order that loses nothing: add a key in front, restart every process, rotate, remove the old key, restart. While it
rotates the service goes on: each value is changed in a short transaction, and only if nobody changed it meanwhile.
It can be stopped at any point, also by a crash, and begun again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Column, Engine, MetaData, Table, Text, bindparam, select, tuple_, type_coerce, update
from sqlalchemy.engine import Connection

from api.database import writing
from api.privacy.crypto import EncryptedJSON, EncryptedText

NAME = "TIENVIITTA_ENCRYPTION_KEYS"
BATCH = 200
"""Rows in one transaction, so that nobody waits long for it."""


class KeysError(RuntimeError):
    """Something is wrong with the keys; the message is one line."""


def fingerprint(key: str) -> str:
    """By which a key is called where people see it: 12 hexadecimal digits that tell nothing about it."""
    return hashlib.sha256(b"tienviitta key " + key.encode()).hexdigest()[:12]


def split(setting: str) -> list[str]:
    """The keys of the setting, the one that encrypts first."""
    return [key.strip() for key in setting.split(",") if key.strip()]


def encrypted_columns(metadata: Iterable[MetaData]) -> dict[Table, list[Column[str]]]:
    """Every column that is encrypted, by table. New ones are found by their type."""
    found = {
        table: [column for column in table.columns if isinstance(column.type, EncryptedText | EncryptedJSON)]
        for one in metadata
        for table in one.sorted_tables
    }
    return {table: columns for table, columns in found.items() if columns}


@dataclass(frozen=True)
class _Row:
    key: tuple[object, ...]
    values: dict[str, str | None]


def _rows(
    connection: Connection, table: Table, columns: list[Column[str]], after: tuple[object, ...] | None
) -> list[_Row]:
    """The next rows by primary key, with their values as they lie in the database."""
    keys = list(table.primary_key.columns)
    query = select(*keys, *(type_coerce(column, Text).label(f"raw_{column.name}") for column in columns))
    if after is not None:
        query = query.where(
            tuple_(*keys)
            > tuple_(*(bindparam(None, value, type_=key.type) for key, value in zip(keys, after, strict=True)))
        )
    found = connection.execute(query.order_by(*keys).limit(BATCH)).all()
    width = len(keys)
    return [
        _Row(tuple(row[:width]), {column.name: row[width + index] for index, column in enumerate(columns)})
        for row in found
    ]


def _batches(engine: Engine, table: Table, columns: list[Column[str]]) -> Iterator[list[_Row]]:
    after: tuple[object, ...] | None = None
    while True:
        with engine.connect() as connection:
            rows = _rows(connection, table, columns, after)
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        after = rows[-1].key


def _is_by(key: Fernet, value: str) -> bool:
    try:
        key.decrypt(value)
    except InvalidToken:
        return False
    return True


def count_by_key(engine: Engine, metadata: Iterable[MetaData], keys: Iterable[str]) -> Counter[str]:
    """How many values each key can read, by fingerprint; under ``""`` those that none can."""
    known = [(fingerprint(key), Fernet(key)) for key in keys]
    counts: Counter[str] = Counter()
    for table, columns in encrypted_columns(metadata).items():
        for rows in _batches(engine, table, columns):
            for value in (value for row in rows for value in row.values.values() if value is not None):
                counts[next((name for name, key in known if _is_by(key, value)), "")] += 1
    return counts


def rotate(
    engine: Engine,
    metadata: Iterable[MetaData],
    keys: list[str],
    on_batch: Callable[[str, int], None] = lambda _table, _count: None,
) -> int:
    """Encrypt anew, with the first key, what another one encrypted; how many values there were.

    Args:
        engine: a blocking engine.
        metadata: every table.
        keys: the first encrypts, all decrypt.
        on_batch: told the table and the number of changed values after every batch.

    Raises:
        KeysError: a value that none of the keys can read; what was changed before stays changed.
    """
    first, everyone = Fernet(keys[0]), MultiFernet([Fernet(key) for key in keys])
    changed = 0
    for table, columns in encrypted_columns(metadata).items():
        for rows in _batches(engine, table, columns):
            count = 0
            with engine.connect().execution_options(**writing()) as connection, connection.begin():
                for row in rows:
                    for column in columns:
                        count += _renew(connection, table, column, row, first, everyone)
            changed += count
            on_batch(table.name, count)
    return changed


def _renew(
    connection: Connection, table: Table, column: Column[str], row: _Row, first: Fernet, everyone: MultiFernet
) -> int:
    old = row.values[column.name]
    if old is None or _is_by(first, old):
        return 0
    try:
        new = everyone.rotate(old).decode()
    except InvalidToken:
        raise KeysError(f"a value in {table.name}.{column.name} can be read with none of the keys in {NAME}") from None
    same_row = [key == value for key, value in zip(table.primary_key.columns, row.key, strict=True)]
    # Only what we read is replaced: a newer value stays, and the next round finds it.
    done = connection.execute(
        update(table)
        .where(*same_row, type_coerce(column, Text) == old)
        .values({column.name: bindparam("new_value", new, type_=Text)})
    )
    return int(done.rowcount)


def file_of_keys(files: Iterable[Path]) -> Path | None:
    """The first of the files that sets the keys."""
    for path in files:
        if path.is_file() and any(line.strip().startswith(f"{NAME}=") for line in path.read_text("utf-8").splitlines()):
            return path
    return None


def write_keys(path: Path, keys: list[str]) -> None:
    """Set the keys in an environment file. The rest of it stays; a crash leaves the old file or the new one.

    Raises:
        KeysError: the file does not set the keys.
    """
    lines = path.read_text("utf-8").splitlines()
    places = [index for index, line in enumerate(lines) if line.strip().startswith(f"{NAME}=")]
    if not places:
        raise KeysError(f"{path} does not set {NAME}")
    for index in places:
        lines[index] = f"{NAME}={','.join(keys)}"
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
