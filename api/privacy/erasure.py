"""After an erasure: nothing of it is left in the database's files.

``secure_delete`` overwrites what is deleted in SQLite's pages with zeros, but the old pages also stand in the
write-ahead log until it is folded into the file and cut to nothing. PostgreSQL does both by itself, when it vacuums
and recycles.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from pathlib import Path

from api.context import Context
from api.database import url_of

log = logging.getLogger(__name__)

TRIES = 40
PAUSE_S = 0.25
BUSY_MS = 100
"""So long a try keeps writers waiting for a reader that is on its way out."""


def truncate_log(path: Path) -> bool:
    """Fold the write-ahead log into the file and cut it to nothing; False while somebody reads an older state."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


async def scrub(context: Context) -> None:
    """Remove what was just erased from the files, too. To be run once its transaction has ended, or as it ends."""
    if not context.database.is_sqlite:
        return
    path = Path(url_of(context.settings, sync=True).database or "")
    async with context.database.write():
        pass  # what is being written now is done after this
    for _ in range(TRIES):
        with contextlib.suppress(sqlite3.OperationalError):
            if await asyncio.to_thread(truncate_log, path):
                return
        await asyncio.sleep(PAUSE_S)
    log.warning("erased, but still in the write-ahead log")
