"""A resident who was silent for long is met with the offer to go on. This is where it is decided what long is."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api.conversations.models import Conversation, Message
from api.database import now

AWAY_AFTER = timedelta(minutes=45)
"""Silence after which whoever comes back is offered to go on; below an hour, above a slow answer or a phone call."""


async def is_away(session: AsyncSession, conversation: Conversation) -> bool:
    """Whether nobody has said anything in the talk for that long."""
    last = await session.scalar(
        select(Message.at).where(Message.conversation_id == conversation.id).order_by(Message.seq.desc()).limit(1)
    )
    return last is not None and now() - last > AWAY_AFTER
