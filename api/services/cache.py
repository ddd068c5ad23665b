"""The catalogue in memory: loaded once, and again when its revision in the database has changed."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy.ext.asyncio import AsyncSession

from api.database import Database
from catalogue import store
from catalogue.models import Catalogue
from catalogue.search import SearchIndex

CHECK_S = 2.0


class CatalogueCache:
    """The present catalogue and its search index."""

    def __init__(self) -> None:
        self._revision: str | None = None
        self._catalogue: Catalogue | None = None
        self._index: SearchIndex | None = None
        self._checked = 0.0
        self._lock = asyncio.Lock()

    async def get(self, database: Database) -> tuple[Catalogue, SearchIndex]:
        """The catalogue as it is in the database, at most a few seconds old, and its index."""
        async with self._lock:
            if self._catalogue is None or self._index is None or time.monotonic() - self._checked > CHECK_S:
                async with database.read() as session:
                    await self._refresh(session)
                self._checked = time.monotonic()
            assert self._catalogue is not None
            assert self._index is not None
            return self._catalogue, self._index

    async def _refresh(self, session: AsyncSession) -> None:
        revision = await session.run_sync(store.revision)
        if revision != self._revision or self._catalogue is None:
            catalogue = await session.run_sync(store.load)
            # Building the index takes a moment of processor time, which other requests should not wait for.
            self._index = await asyncio.to_thread(SearchIndex, catalogue)
            self._catalogue, self._revision = catalogue, revision
