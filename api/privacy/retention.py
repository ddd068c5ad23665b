"""Erasing what is past its time, by the settings."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import delete, exists, select

from api.advisers.models import AdviserSession
from api.context import Context
from api.conversations.models import Conversation
from api.database import now
from api.handoff.models import Handoff
from api.handoff.states import OPEN

log = logging.getLogger(__name__)
BATCH = 200


async def erase_expired(context: Context) -> int:
    """Erase talks that nobody has touched for their time, and sessions that are over; how many talks.

    A talk in which something is still owed to the resident stays, however old it is.
    """
    settings = context.settings
    erased = 0
    while True:
        at = now()
        handed_over = exists().where(Handoff.conversation_id == Conversation.id)
        still_open = exists().where(Handoff.conversation_id == Conversation.id, Handoff.status.in_(OPEN))
        plain = (Conversation.changed_at < at - timedelta(days=settings.retention_days)) & ~handed_over
        held = (
            (Conversation.changed_at < at - timedelta(days=settings.handoff_retention_days)) & handed_over & ~still_open
        )
        async with context.database.write() as session:
            ids = list(await session.scalars(select(Conversation.id).where(plain | held).limit(BATCH)))
            await session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
            await session.execute(delete(AdviserSession).where(AdviserSession.expires_at < at))
        erased += len(ids)
        if len(ids) < BATCH:
            break
    if erased:
        log.info("erased", extra={"talks": erased})
    return erased
