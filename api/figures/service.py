"""Figures from the talks that are kept: nothing more is stored for them, and an erased talk leaves them, too."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from api.advisers.audit import ACCEPT
from api.advisers.models import AuditEntry
from api.conversations.models import Feedback
from api.handoff.models import Handoff
from api.handoff.opening_hours import HELSINKI, day_in_finland
from api.handoff.states import Status

WEEKLY_FROM_DAYS = 31
"""From so many days on the figures are by week: more bars than that cannot be told apart."""
LAST_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Request:
    """What the figures need of a handoff."""

    at: datetime
    kind: str
    status: str
    outcome: str | None
    missed_calls: int
    waited_s: float | None
    """Until an adviser took it for the first time; None when none has."""


@dataclass
class Period:
    """The requests of a day or a week, from ``first`` to ``last``."""

    first: date
    last: date
    requested: int = 0
    taken: int = 0
    abandoned: int = 0
    timed_out: int = 0
    callbacks: int = 0
    waits_s: list[float] = field(default_factory=list)

    def add(self, one: Request) -> None:
        """Count a request."""
        if one.kind == "callback":
            self.callbacks += 1
            return
        self.requested += 1
        if one.waited_s is not None:
            self.taken += 1
            self.waits_s.append(one.waited_s)
        elif one.status == Status.CANCELLED:
            self.abandoned += 1
        elif one.status == Status.TIMED_OUT:
            self.timed_out += 1


@dataclass(frozen=True)
class Figures:
    """Everything that the page shows, before small counts are hidden."""

    total: Period
    periods: list[Period]
    outcomes: Counter[str]
    callbacks: Counter[str]
    """done, waiting, missed (called at least once, not reached yet), withdrawn."""
    feedback: dict[str, Counter[str]]
    """By whom it is about, bot or adviser: yes, partly, no."""


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of all values do not exceed (nearest rank); None without values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def periods_of(days: int, today: date) -> list[Period]:
    """The last ``days`` days up to today, each, or by weeks of which the first may be shorter."""
    first = today - timedelta(days=days - 1)
    step = 7 if days >= WEEKLY_FROM_DAYS else 1
    found: list[Period] = []
    last = today
    while last >= first:
        found.append(Period(max(first, last - timedelta(days=step - 1)), last))
        last -= timedelta(days=step)
    return found[::-1]


def _callback_state(one: Request) -> str:
    if one.status == Status.CLOSED:
        return "done"
    if one.status == Status.CANCELLED:
        return "withdrawn"
    return "missed" if one.missed_calls else "waiting"


def figures_of(requests: Sequence[Request], ratings: Sequence[tuple[str, str]], *, days: int, today: date) -> Figures:
    """The figures of requests and of ratings (about, helped)."""
    periods = periods_of(days, today)
    total = Period(periods[0].first, periods[-1].last)
    by_day = {
        period.first + timedelta(days=number): period
        for period in periods
        for number in range((period.last - period.first).days + 1)
    }
    outcomes: Counter[str] = Counter()
    callbacks: Counter[str] = Counter()
    for one in requests:
        period = by_day.get(day_in_finland(one.at))
        if period is None:
            continue
        period.add(one)
        total.add(one)
        if one.kind == "callback":
            callbacks[_callback_state(one)] += 1
        elif one.status == Status.CLOSED and one.outcome:
            outcomes[one.outcome] += 1
    feedback: dict[str, Counter[str]] = {"bot": Counter(), "adviser": Counter()}
    for about, helped in ratings:
        feedback[about][helped] += 1
    return Figures(total, periods, outcomes, callbacks, feedback)


async def requests_since(session: AsyncSession, since: datetime) -> list[Request]:
    """Requests made since a moment. When one was taken first is read from the audit: giving back forgets it."""
    taken = (
        select(AuditEntry.handoff_id, func.min(AuditEntry.at).label("at"))
        .where(AuditEntry.action == ACCEPT, AuditEntry.at >= since)
        .group_by(AuditEntry.handoff_id)
        .subquery()
    )
    rows = await session.execute(
        select(
            Handoff.requested_at,
            Handoff.kind,
            Handoff.status,
            Handoff.outcome,
            Handoff.missed_calls,
            func.coalesce(taken.c.at, Handoff.accepted_at, type_=Handoff.accepted_at.type),
        )
        .outerjoin(taken, taken.c.handoff_id == Handoff.id)
        .where(Handoff.requested_at >= since)
    )
    return [
        Request(at, kind, status, outcome, missed, (first - at).total_seconds() if first else None)
        for at, kind, status, outcome, missed, first in rows
    ]


async def figures(session: AsyncSession, *, days: int, at: datetime) -> Figures:
    """The figures of the last ``days`` days, today included."""
    today = day_in_finland(at)
    first = periods_of(days, today)[0].first
    since = datetime(first.year, first.month, first.day, tzinfo=HELSINKI)
    ratings = await session.execute(select(Feedback.about, Feedback.helped).where(Feedback.at >= since))
    return figures_of(
        await requests_since(session, since), [(about, helped) for about, helped in ratings], days=days, today=today
    )


async def recent_waits_s(session: AsyncSession, at: datetime) -> list[float]:
    """Waits of the requests of the last 24 hours that an adviser took, for monitoring."""
    return [
        one.waited_s
        for one in await requests_since(session, at - LAST_DAY)
        if one.kind == "chat" and one.waited_s is not None
    ]


async def longest_wait_s(session: AsyncSession, at: datetime) -> float:
    """How long the one who has waited longest has waited by now; 0 when nobody waits."""
    since = await session.scalar(select(func.min(Handoff.queued_at)).where(Handoff.status == Status.QUEUED))
    return (at - since).total_seconds() if since else 0.0
