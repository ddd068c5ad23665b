"""Which advisers are at their console. Every sign of life is a row's moment; nothing else is known of a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.advisers.models import Adviser
from api.advisers.roles import Permission, Role, may
from api.database import now
from api.handoff.models import Presence

BEAT_S = 15
"""How often a console is asked for a sign of life."""
PRESENT_FOR = timedelta(seconds=60)
"""Four missed beats, and a console no longer counts as attended."""
_ANSWERING = [role.value for role in Role if may(role, Permission.ANSWER_TALKS)]


async def seen(session: AsyncSession, adviser_id: int) -> None:
    """Note a sign of life of an adviser's console."""
    bind = session.get_bind()
    insert = postgres_insert if bind.dialect.name == "postgresql" else sqlite_insert
    values = {"adviser_id": adviser_id, "seen_at": now()}
    statement = insert(Presence).values(**values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=["adviser_id"], set_={"seen_at": values["seen_at"]})
    )


async def left(session: AsyncSession, adviser_id: int) -> None:
    """An adviser has closed the last console, or signed out: not present from now on. What they hold stays theirs
    until they have been away for the set time.
    """
    await session.execute(
        update(Presence)
        .where(Presence.adviser_id == adviser_id, Presence.seen_at > now() - PRESENT_FOR)
        .values(seen_at=now() - PRESENT_FOR)
    )


def _present() -> tuple[object, ...]:
    return (Presence.seen_at > now() - PRESENT_FOR, Adviser.disabled_at.is_(None), Adviser.role.in_(_ANSWERING))


async def count(session: AsyncSession) -> int:
    """How many advisers are present who may take a talk."""
    found = await session.scalar(
        select(func.count()).select_from(Presence).join(Adviser, Adviser.id == Presence.adviser_id).where(*_present())  # type: ignore[arg-type]
    )
    return int(found or 0)


async def present(session: AsyncSession) -> Sequence[Adviser]:
    """The advisers who are present and may take a talk, by name."""
    found = await session.scalars(
        select(Adviser)
        .join(Presence, Presence.adviser_id == Adviser.id)
        .where(*_present())  # type: ignore[arg-type]
        .order_by(Adviser.display_name)
    )
    return list(found)
