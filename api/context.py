"""What every request of one api process shares."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Annotated, Any
from weakref import WeakValueDictionary

import httpx
from fastapi import Depends, Request

from api.advisers.directory import Directory
from api.conversations.signals import Signals
from api.database import Database
from api.engine.client import EngineClient
from api.handoff.opening_hours import OpeningHours
from api.handoff.opening_hours import load as load_opening_hours
from api.problems import describe
from api.security import webhook_keys
from api.services.cache import CatalogueCache
from settings import Settings
from settings.signing import SigningKeys

log = logging.getLogger(__name__)


@dataclass
class Context:
    """Settings, connections and signals of one process."""

    settings: Settings
    database: Database
    engine: EngineClient
    signals: Signals
    signer: SigningKeys
    hours: OpeningHours
    catalogue: CatalogueCache
    directory: Directory | None
    actions: httpx.AsyncClient
    """To the action server, to ask whether it is there."""
    turn_locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    sign_in_locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """A context from settings; nothing is connected yet."""
        return cls(
            settings=settings,
            database=Database(settings),
            engine=EngineClient(settings.engine_url, timeout_s=settings.engine_timeout_s),
            signals=Signals(),
            signer=webhook_keys(settings),
            hours=load_opening_hours(settings.adviser_hours, settings.adviser_hours_file),
            catalogue=CatalogueCache(),
            directory=Directory(settings) if settings.oidc_issuer else None,
            actions=httpx.AsyncClient(base_url=settings.actions_url, trust_env=False),
        )

    def turn_lock(self, conversation_id: str) -> asyncio.Lock:
        """The lock of a talk within this process: turns wait for each other in the order of arrival."""
        return self.turn_locks.setdefault(conversation_id, asyncio.Lock())

    def sign_in_lock(self, network: str) -> asyncio.Lock:
        """The lock of those who sign in with a password from a network, within this process."""
        return self.sign_in_locks.setdefault(network, asyncio.Lock())

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
        if self.directory is not None:
            await self.directory.close()
        await self.actions.aclose()
        await self.engine.close()
        await self.database.close()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Ctx = Annotated[Context, Depends(_context)]
