"""What goes on by itself: deliveries, queues that time out, erasure of what is past its time.

It runs inside the api by default (``worker_in_api``), or alone: ``python -m api.worker``. Several may run at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from api import logs
from api.context import Context
from api.conversations import service as conversations
from api.deliveries import service as deliveries
from api.handoff import service as handoffs
from api.handoff.models import Handoff
from api.handoff.states import Status
from api.privacy import retention
from api.problems import describe
from api.security import check_settings
from settings import get_settings

log = logging.getLogger(__name__)

DELIVER_EVERY_S = 1.0
TIME_OUT_EVERY_S = 5.0
RETENTION_EVERY_S = 3600.0


async def time_out_queue(context: Context) -> int:
    """Give up on handoffs that have waited too long, with an apology; how many there were."""
    async with context.database.read() as session:
        waiting = await handoffs.overdue(session, settings=context.settings)
    for conversation_id, handoff_id in waiting:
        async with context.database.write() as session:
            conversation = await conversations.lock(session, conversation_id)
            handoff = await session.get(Handoff, handoff_id)
            if conversation is None or handoff is None or handoff.status != Status.QUEUED:
                continue
            await handoffs.time_out(session, conversation=conversation, handoff=handoff)
        context.signals.changed(conversation_id)
    return len(waiting)


async def _again_and_again(what: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        try:
            await what()
        except Exception as error:
            log.error("worker", extra=describe(error))
        await asyncio.sleep(every_s)


@contextlib.asynccontextmanager
async def running(context: Context) -> AsyncIterator[None]:
    """Run everything in the background until the end of the block."""
    async with deliveries.client() as http:
        tasks = [
            asyncio.create_task(_again_and_again(what, every_s))
            for what, every_s in (
                (lambda: deliveries.deliver_due(context, http), DELIVER_EVERY_S),
                (lambda: time_out_queue(context), TIME_OUT_EVERY_S),
                (lambda: retention.erase_expired(context), RETENTION_EVERY_S),
            )
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def main() -> None:
    """Run alone until interrupted."""
    settings = get_settings()
    check_settings(settings)
    logs.configure(settings.log_level)
    context = Context.of(settings)
    try:
        async with running(context):
            await asyncio.Event().wait()
    finally:
        await context.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
