"""What every request of one api process shares."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any
from weakref import WeakValueDictionary

from fastapi import Depends, Request
from standardwebhooks.webhooks import Webhook

from api.conversations.signals import Signals
from api.database import Database
from api.engine.client import EngineClient
from api.handoff.opening_hours import Hours, parse_hours
from api.problems import describe
from api.security import webhook_signer
from api.services.cache import CatalogueCache
from settings import Settings

log = logging.getLogger(__name__)


@dataclass
class Context:
    """Settings, connections and signals of one process."""

    settings: Settings
    database: Database
    engine: EngineClient
    signals: Signals
    signer: Webhook
    hours: Hours | None
    catalogue: CatalogueCache
    turn_locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """A context from settings; nothing is connected yet."""
        return cls(
            settings=settings,
            database=Database(settings),
            engine=EngineClient(settings.engine_url, timeout_s=settings.engine_timeout_s),
            signals=Signals(),
            signer=webhook_signer(settings),
            hours=parse_hours(settings.adviser_hours) if settings.adviser_hours else None,
            catalogue=CatalogueCache(),
        )

    def turn_lock(self, conversation_id: str) -> asyncio.Lock:
        """The lock of a talk within this process: turns wait for each other in the order of arrival."""
        return self.turn_locks.setdefault(conversation_id, asyncio.Lock())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the answer. It is kept alive, and awaited when the process ends."""

        async def safely() -> None:
            try:
                await work
            except Exception as error:
                log.error("background work", extra=describe(error))

        task = asyncio.create_task(safely())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Finish what was begun and close the connections."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self.engine.close()
        await self.database.close()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(_context)]
