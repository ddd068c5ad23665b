"""Who did what, when, to whose talk or account: only added to, and never with a text.

The database refuses changes by triggers (migration 0005), so that this holds for whoever has its password, too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, delete, event, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper, Session, aliased

from api import limits
from api.advisers.models import Adviser, AuditEntry
from api.database import now
from api.handoff.models import Handoff

FAILURE_WINDOW = timedelta(minutes=5)
FAILURES_PER_NAME_AND_NETWORK = 5
FAILURES_PER_NETWORK = 20
FAILURES_PER_NAME = 50
READING_IS_ONE = timedelta(minutes=10)
IPV6_NETWORK_BITS = 64
"""What one household or office is given."""

SIGN_IN, SIGN_IN_FAILED, SIGN_OUT = "sign_in", "sign_in_failed", "sign_out"
READ, ACCEPT, FIGURES_READ = "handoff_read", "accept", "figures_read"
ACCOUNT_CREATED, ACCOUNT_DISABLED = "account_created", "account_disabled"
PASSWORD_CHANGED, ROLE_CHANGED, SESSIONS_ENDED = "password_changed", "role_changed", "sessions_ended"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def network_of(address: str) -> str:
    """The network that counts as one visitor: a single IPv4 address, or an IPv6 address's first 64 bits."""
    return limits.network_of(address, ipv4_prefix=32, ipv6_prefix=IPV6_NETWORK_BITS)


def audit(
    session: AsyncSession | Session,
    action: str,
    *,
    adviser_id: int | None = None,
    target_id: int | None = None,
    handoff_id: str | None = None,
    username: str | None = None,
    address: str | None = None,
) -> None:
    """Note who did what, never what was said. The talk follows from ``handoff_id``; of a name a digest is kept."""
    session.add(
        AuditEntry(
            at=now(),
            action=action,
            adviser_id=adviser_id,
            target_id=target_id,
            handoff_id=handoff_id,
            subject=_digest(username) if username is not None else None,
            address=network_of(address) if address is not None else None,
        )
    )


@event.listens_for(AuditEntry, "before_insert")
def _of_talk(_mapper: Mapper[AuditEntry], connection: Connection, entry: AuditEntry) -> None:
    if entry.handoff_id is not None:
        whose = connection.scalar(select(Handoff.conversation_id).where(Handoff.id == entry.handoff_id))
        entry.talk = _digest(whose) if whose is not None else None


async def audit_reading(session: AsyncSession, *, adviser_id: int, handoff_id: str) -> None:
    """Note that someone read a request; a console that refreshes itself is noted once in a while, not each time."""
    noted = await session.scalar(
        select(AuditEntry.id)
        .where(
            AuditEntry.action == READ,
            AuditEntry.handoff_id == handoff_id,
            AuditEntry.adviser_id == adviser_id,
            AuditEntry.at > now() - READING_IS_ONE,
        )
        .limit(1)
    )
    if noted is None:
        audit(session, READ, adviser_id=adviser_id, handoff_id=handoff_id)


async def too_many_failures(session: AsyncSession, *, username: str | None, address: str) -> bool:
    """Whether this name or this network has failed to sign in too often lately.

    Args:
        session: of the database.
        username: the name that was typed, or None where the directory asks for it.
        address: the visitor's.
    """
    recent = (
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.action == SIGN_IN_FAILED, AuditEntry.at > now() - FAILURE_WINDOW)
    )
    same_network = AuditEntry.address == network_of(address)
    rules: list[tuple[Select[int], int]] = [(recent.where(same_network), FAILURES_PER_NETWORK)]
    if username is not None:
        same_name = AuditEntry.subject == _digest(username)
        rules.append((recent.where(same_name, same_network), FAILURES_PER_NAME_AND_NETWORK))
        rules.append((recent.where(same_name), FAILURES_PER_NAME))
    for query, limit in rules:
        if (await session.scalar(query) or 0) >= limit:
            return True
    return False


@dataclass(frozen=True)
class Line:
    """An entry with names instead of numbers; None where nobody is signed in or concerned."""

    at: datetime
    action: str
    actor: str | None
    target: str | None
    handoff_id: str | None
    network: str | None


def lines(
    session: Session,
    *,
    username: str | None = None,
    conversation_id: str | None = None,
    action: str | None = None,
    since: datetime | None = None,
    limit: int = 100,
) -> Sequence[Line]:
    """Entries, the newest first: of what an adviser did or had done to them, of one talk, of one kind."""
    target = aliased(Adviser)
    query = (
        select(AuditEntry, Adviser.username, target.username)
        .outerjoin(Adviser, Adviser.id == AuditEntry.adviser_id)
        .outerjoin(target, target.id == AuditEntry.target_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    if username is not None:
        query = query.where((Adviser.username == username) | (target.username == username))
    if conversation_id is not None:
        query = query.where(AuditEntry.talk == _digest(conversation_id))
    if action is not None:
        query = query.where(AuditEntry.action == action)
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    return [
        Line(entry.at, entry.action, actor, whom, entry.handoff_id, entry.address)
        for entry, actor, whom in session.execute(query)
    ]


async def erase_old(session: AsyncSession, *, days: int) -> None:
    """Erase entries older than so many days. The database refuses what is younger than a year."""
    await session.execute(delete(AuditEntry).where(AuditEntry.at < now() - timedelta(days=days)))
