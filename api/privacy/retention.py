"""Erasing what is past its time, by the settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.advisers import audit
from api.advisers.models import AdviserSession
from api.context import Context
from api.conversations import service as conversations
from api.conversations.models import Conversation, Message, Turn
from api.database import now
from api.deliveries.models import Delivery
from api.handoff import callbacks
from api.handoff.models import Handoff
from api.handoff.states import OPEN
from api.privacy import clock
from api.privacy.erasure import scrub

log = logging.getLogger(__name__)
BATCH = 200


async def erase_expired(context: Context) -> int:
    """Erase talks that nobody has touched for their time, contact details of requests that ended long ago, sessions
    that are over and old entries of the audit; how many talks.

    A talk in which something is still owed to the resident stays, however old it is. Nothing is erased by a clock that
    cannot be believed.
    """
    at = now()
    async with context.database.write() as session:
        believed = await clock.is_believed(session, at)
    if not believed:
        log.error("nothing erased: the clock is far ahead of the last look; put it right, or wait for a day")
        return 0
    erased = await _erase_talks(context, at)
    if erased:
        log.info("erased", extra={"talks": erased})
    await _forget_contacts(context, at)
    async with context.database.write() as session:
        await session.execute(delete(AdviserSession).where(AdviserSession.expires_at < at))
        await audit.erase_old(session, days=context.settings.audit_days)
    await scrub(context)
    return erased


async def _erase_talks(context: Context, at: datetime) -> int:
    settings = context.settings
    handed_over = exists().where(Handoff.conversation_id == Conversation.id)
    still_open = exists().where(Handoff.conversation_id == Conversation.id, Handoff.status.in_(OPEN))
    plain = (Conversation.changed_at < at - timedelta(days=settings.retention_days)) & ~handed_over
    held = (Conversation.changed_at < at - timedelta(days=settings.handoff_retention_days)) & handed_over & ~still_open
    erased = 0
    while True:
        async with context.database.write() as session:
            ids = list(await session.scalars(select(Conversation.id).where(plain | held).limit(BATCH)))
            await session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
        erased += len(ids)
        if len(ids) < BATCH:
            return erased


async def _forget_contacts(context: Context, at: datetime) -> None:
    """Forget names, contact details and wished times of requests that ended long ago, wherever they stand."""
    past = (
        Handoff.ended_at < at - timedelta(days=context.settings.contact_retention_days),
        Handoff.status.not_in(OPEN),
        Handoff.name.is_not(None) | Handoff.contact.is_not(None) | Handoff.wished_time.is_not(None),
    )
    async with context.database.read() as session:
        found = (await session.execute(select(Handoff.conversation_id, Handoff.id).where(*past))).all()
    for conversation_id, handoff_id in found:
        async with context.database.write() as session:
            conversation = await conversations.lock(session, conversation_id)
            handoff = await session.get(Handoff, handoff_id)
            if conversation is not None and handoff is not None:
                await _forget_contact(session, conversation, handoff)


async def _forget_contact(session: AsyncSession, conversation: Conversation, handoff: Handoff) -> None:
    """The request, its events on their way, and what repeats it: the confirmation, the answer that is kept for a
    message that comes again, and the dialogue's state.
    """
    contact: Mapping[str, Any] = handoff.contact or {}
    handoff.name = handoff.contact = handoff.wished_time = None
    events = await session.scalars(select(Delivery).where(Delivery.conversation_id == conversation.id))
    for event in events:
        if event.payload["data"]["handoff_id"] == handoff.id:
            event.details = None
    if not any(contact.values()):
        return
    conversation.state = callbacks.leave_out(conversation.state, contact)
    # A resident's own words were stored without it.
    said = select(Message).where(Message.conversation_id == conversation.id, Message.sender != "resident")
    for message in await session.scalars(said):
        message.text = callbacks.leave_out(message.text, contact)
    for turn in await session.scalars(select(Turn).where(Turn.conversation_id == conversation.id)):
        turn.answer = callbacks.leave_out(turn.answer, contact)
