"""The database: connections, transactions, column types, migrations.

SQLite runs in WAL with ``synchronous=FULL`` (an acknowledged message survives a power cut), foreign keys on,
and write transactions that begin at once, so that two of them queue instead of failing half-way.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine import URL, Connection
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from api.privacy import crypto
from api.security import keyring
from settings import Settings

BUSY_TIMEOUT_MS = 4000
"""A resident waits five seconds at most, also for the word that something is wrong."""
LEAST_BUSY_TIMEOUT_MS = 500
"""So long a write waits for other processes at least, however long it waited for those of its own."""
MIGRATIONS = Path(__file__).with_name("migrations")


def writing(wait_ms: int = BUSY_TIMEOUT_MS) -> dict[str, int]:
    """Execution options of a connection that writes: so long it waits for other processes that do."""
    return {_WRITE_WAITS_MS: wait_ms}


_WRITE_WAITS_MS = "tienviitta_write_waits_ms"


class Base(DeclarativeBase):
    """Base of the api's tables. Names of constraints are fixed so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UTCDateTime(TypeDecorator[datetime]):
    """A moment with its time zone; SQLite, which has none, keeps UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database; a moment without a time zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database, always in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def url_of(settings: Settings, *, sync: bool) -> URL:
    """The database's address with the driver that we use for it.

    Raises:
        ValueError: for a database that is neither SQLite nor PostgreSQL.
    """
    url = make_url(settings.database_url or "")
    backend = url.get_backend_name()
    if backend == "sqlite":
        return url.set(drivername="sqlite" if sync else "sqlite+aiosqlite")
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise ValueError(f"TIENVIITTA_DATABASE_URL: {backend} is not supported; use sqlite or postgresql.")


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: ConnectionPoolEntry) -> None:
        # The driver's own transaction control begins too late and never immediately; ours is below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        wait_ms = connection.get_execution_options().get(_WRITE_WAITS_MS)
        if wait_ms is None:
            connection.exec_driver_sql("BEGIN")
        else:
            # Only those who write wait for others.
            connection.exec_driver_sql(f"PRAGMA busy_timeout={wait_ms}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_folder(url: URL) -> None:
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its log the file's own mode.
        Path(url.database).touch(mode=0o600)


class Database:
    """Connections of one api process."""

    def __init__(self, settings: Settings) -> None:
        crypto.configure(keyring(settings))
        url = url_of(settings, sync=False)
        _make_folder(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        # hide_parameters: an error of the driver must not carry what a resident wrote into a log.
        self._engine = create_async_engine(url, hide_parameters=True, pool_pre_ping=not self.is_sqlite, pool_size=10)
        if self.is_sqlite:
            _prepare_sqlite(self._engine.sync_engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)
        # SQLite has one writer at a time and waits by sleeping; within the process a lock is fairer and quicker.
        self._turnstile = asyncio.Lock() if self.is_sqlite else None

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for reading; what it changes is thrown away."""
        async with self._sessions() as session:
            yield session

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction, committed on leaving, rolled back on an error. Never nested.

        Raises:
            TimeoutError: another write has taken too long.
            sqlalchemy.exc.OperationalError: the database is locked, full or away.
        """
        async with self._turn_to_write() as wait_ms, self._sessions() as session, session.begin():
            await session.connection(execution_options=writing(wait_ms))
            yield session

    @contextlib.asynccontextmanager
    async def _turn_to_write(self) -> AsyncIterator[int]:
        """Wait for the writes of this process that came before; gives how many ms are left to wait for others'."""
        if self._turnstile is None:
            yield BUSY_TIMEOUT_MS
            return
        begun = time.monotonic()
        # While another process holds the database, those behind wait no longer than the first of them.
        async with asyncio.timeout(BUSY_TIMEOUT_MS / 1000):
            await self._turnstile.acquire()
        waited_ms = int((time.monotonic() - begun) * 1000)
        try:
            yield max(LEAST_BUSY_TIMEOUT_MS, BUSY_TIMEOUT_MS - waited_ms)
        finally:
            self._turnstile.release()

    async def revision(self) -> str | None:
        """The schema's revision, or None when there is none yet."""
        async with self.read() as session:
            found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
            return found

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def make_sync_engine(settings: Settings) -> Engine:
    """A blocking engine on the same database, for the command line and for migrations."""
    url = url_of(settings, sync=True)
    _make_folder(url)
    engine = create_engine(url, hide_parameters=True)
    if url.get_backend_name() == "sqlite":
        _prepare_sqlite(engine)
    return engine


@contextlib.contextmanager
def sync_session(settings: Settings) -> Iterator[Session]:
    """A blocking session in one write transaction, for the command line."""
    engine = make_sync_engine(settings)
    try:
        with (
            Session(engine.execution_options(**writing()), expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
    finally:
        engine.dispose()


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def head_revision() -> str | None:
    """The newest revision that this code knows."""
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def upgrade(settings: Settings) -> None:
    """Bring the database to the newest schema, creating it where there is none."""
    engine = make_sync_engine(settings)
    try:
        with engine.connect() as connection:
            config = _alembic()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()
