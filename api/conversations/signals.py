"""Who waits for which change. Within the process a change wakes its waiters at once; what other processes change is
found by one small query for all waiters together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

from sqlalchemy import select

from api.conversations.models import Conversation
from api.database import Database, now

ADVISERS = "advisers"
"""The topic of every change that an adviser may want to see."""
POLL_S = 1.0
_OVERLAP = timedelta(seconds=10)


class Subscription:
    """Waits for a change of its topic; a change between two waits is not lost."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Tell of a change."""
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a change, at most ``timeout_s``; whether there was one."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Signals:
    """Subscriptions of one process."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[Subscription]] = defaultdict(set)
        self._seen: dict[str, int] = {}

    @contextlib.contextmanager
    def subscribe(self, topic: str) -> Iterator[Subscription]:
        """A subscription to a talk's id or to :data:`ADVISERS`."""
        subscription = Subscription()
        self._waiting[topic].add(subscription)
        try:
            yield subscription
        finally:
            self._waiting[topic].discard(subscription)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def changed(self, conversation_id: str) -> None:
        """A talk has changed: wake those who watch it, and the advisers."""
        for topic in (conversation_id, ADVISERS):
            for subscription in self._waiting.get(topic, ()):
                subscription.wake()

    async def poll(self, database: Database) -> None:
        """Look once for changes that other processes made."""
        if not self._waiting:
            self._seen.clear()
            return
        async with database.read() as session:
            rows = await session.execute(
                select(Conversation.id, Conversation.revision).where(Conversation.changed_at >= now() - _OVERLAP)
            )
            current = {row.id: row.revision for row in rows}
        for conversation_id, revision in current.items():
            if self._seen.get(conversation_id) != revision:
                self.changed(conversation_id)
        self._seen = current

    @contextlib.asynccontextmanager
    async def polling(self, database: Database) -> AsyncIterator[None]:
        """Poll in the background."""

        async def run() -> None:
            while True:
                await asyncio.sleep(POLL_S)
                with contextlib.suppress(Exception):  # a database that is away now is asked again
                    await self.poll(database)

        task = asyncio.create_task(run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
