"""Whether the clock may be believed before something is erased by it.

A clock that is ahead by more than the time that talks are kept would erase them all. The worker looks every hour, so a
clock far ahead of the last look is wrong, or the service was down for long. Which of the two cannot be known at once:
nothing is erased for a day, in which somebody can put the clock right. A clock that goes on evenly for that day is
believed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.privacy.models import ErasureClock

JUMP = timedelta(days=2)
"""So far ahead of the last look a clock is doubted; a weekend's stop is nothing unusual."""
WAIT = timedelta(days=1)
THE_ROW = 1


async def is_believed(session: AsyncSession, at: datetime) -> bool:
    """Whether ``at``, which the clock says now, may be believed; it is remembered for the next look.

    Args:
        session: in a write transaction.
        at: with a time zone.
    """
    clock = await session.get_one(ErasureClock, THE_ROW, with_for_update=True)
    evenly = at - clock.seen_at <= JUMP
    clock.seen_at = at
    waited = clock.doubted_since is not None and evenly and at - clock.doubted_since >= WAIT
    if at - clock.believed_at <= JUMP or waited:
        clock.believed_at, clock.doubted_since = at, None
        return True
    if clock.doubted_since is None or not evenly or at < clock.doubted_since:
        clock.doubted_since = at
    return False
