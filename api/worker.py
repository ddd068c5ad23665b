"""What goes on by itself: deliveries, queues that time out, erasure of what is past its time.

It runs inside the api by default (``worker_in_api``), or alone: ``python -m api.worker``. Several may run at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncSession

from api import logs
from api.advisers.service import audit
from api.context import Context
from api.conversations import service as conversations
from api.conversations.models import Conversation
from api.database import now
from api.deliveries.courier import Courier
from api.handoff import service as handoffs
from api.handoff.models import Handoff
from api.handoff.opening_hours import in_words, is_open, next_open
from api.handoff.states import Status
from api.privacy import retention
from api.problems import describe
from api.security import check_settings
from settings import get_settings

log = logging.getLogger(__name__)

DELIVER_EVERY_S = 1.0
QUEUE_EVERY_S = 5.0
RETENTION_EVERY_S = 3600.0


async def watch_queue(context: Context) -> int:
    """Look after those who wait: a word after a while, an apology when nobody comes in time or the advisers' day ends;
    how many were told something.
    """
    told = 0
    async with context.database.read() as session:
        waiting = await handoffs.waiting(session)
    for conversation_id, handoff_id in waiting:
        async with context.database.write() as session:
            conversation = await conversations.lock(session, conversation_id)
            handoff = await session.get(Handoff, handoff_id)
            if conversation is None or handoff is None or handoff.status != Status.QUEUED:
                continue
            if not await _look_after(session, context, conversation, handoff):
                continue
        told += 1
        context.signals.changed(conversation_id)
    return told


async def _look_after(session: AsyncSession, context: Context, conversation: Conversation, handoff: Handoff) -> bool:
    """Tell one who waits what there is to tell; whether there was anything."""
    settings, at = context.settings, now()
    hours = handoffs.hours_for(context.hours, conversation, handoff.answers)
    waited_min = (at - handoff.queued_at).total_seconds() / 60
    if not is_open(hours, at):
        opening = next_open(hours, at)
        await handoffs.time_out(
            session,
            conversation=conversation,
            handoff=handoff,
            day_ended=True,
            opens=in_words(opening, at) if opening else None,
        )
    elif waited_min > settings.queue_timeout_min:
        await handoffs.time_out(session, conversation=conversation, handoff=handoff)
    elif waited_min > settings.queue_reminder_min and not handoff.reminded:
        await handoffs.remind(session, conversation=conversation, handoff=handoff, hours=hours)
    else:
        return False
    return True


async def return_abandoned(context: Context) -> int:
    """Put talks whose adviser's console has fallen silent back to the front of the queue; how many there were."""
    async with context.database.read() as session:
        left_alone = await handoffs.abandoned(session, settings=context.settings)
    returned = 0
    for conversation_id, handoff_id in left_alone:
        async with context.database.write() as session:
            conversation = await conversations.lock(session, conversation_id)
            # Once more under the lock: a colleague may have taken it over, or the console come back.
            if conversation is None or (conversation_id, handoff_id) not in await handoffs.abandoned(
                session, settings=context.settings
            ):
                continue
            handoff = await session.get(Handoff, handoff_id)
            if handoff is None:
                continue
            audit(session, "vanished", adviser_id=handoff.accepted_by, handoff_id=handoff.id)
            await handoffs.vanish(session, conversation=conversation, handoff=handoff)
        returned += 1
        context.signals.changed(conversation_id)
    return returned


async def _again_and_again(what: Callable[[], Awaitable[object]], every_s: float, after_s: float = 0.0) -> None:
    await asyncio.sleep(after_s)
    while True:
        try:
            await what()
        except Exception as error:
            log.error("worker", extra=describe(error))
        await asyncio.sleep(every_s)


@contextlib.asynccontextmanager
async def running(context: Context) -> AsyncIterator[None]:
    """Run everything in the background until the end of the block."""
    async with Courier(context) as courier:
        tasks = [
            asyncio.create_task(_again_and_again(what, every_s, after_s))
            for what, every_s, after_s in (
                (courier.round, DELIVER_EVERY_S, 0.0),
                (lambda: watch_queue(context), QUEUE_EVERY_S, 0.0),
                # While the api was down no console could give a sign of life: each gets the whole time again.
                (lambda: return_abandoned(context), QUEUE_EVERY_S, context.settings.adviser_away_s),
                (lambda: retention.erase_expired(context), RETENTION_EVERY_S, 0.0),
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
