"""The catalogue in memory: loaded once, and again when its revision in the database has changed."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from api.database import Database
from catalogue import store
from catalogue.models import Catalogue

if TYPE_CHECKING:
    from catalogue.search import SearchIndex

CHECK_S = 2.0


def _build(catalogue: Catalogue) -> SearchIndex:
    # Its libraries are most of what there is to import: an api that starts again answers residents before they are in.
    from catalogue.search import SearchIndex

    return SearchIndex(catalogue)


class CatalogueCache:
    """The present catalogue and its search index."""

    def __init__(self) -> None:
        self._revision: str | None = None
        self._catalogue: Catalogue | None = None
        self._indexed: tuple[Catalogue, SearchIndex] | None = None
        self._checked = 0.0
        self._loading = asyncio.Lock()
        self._indexing = asyncio.Lock()

    async def catalogue(self, database: Database) -> Catalogue:
        """The catalogue as it is in the database, at most a few seconds old."""
        async with self._loading:
            if self._catalogue is None or time.monotonic() - self._checked > CHECK_S:
                async with database.read() as session:
                    revision = await session.run_sync(store.revision)
                    if revision != self._revision or self._catalogue is None:
                        self._catalogue, self._revision = await session.run_sync(store.load), revision
                self._checked = time.monotonic()
            return self._catalogue

    async def index(self, database: Database) -> SearchIndex:
        """The search index of the present catalogue, built aside: it takes a moment of processor time."""
        catalogue = await self.catalogue(database)
        async with self._indexing:
            if self._indexed is None or self._indexed[0] is not catalogue:
                self._indexed = (catalogue, await asyncio.to_thread(_build, catalogue))
            return self._indexed[1]
