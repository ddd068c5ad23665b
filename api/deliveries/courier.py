"""Takes what is due out of the outbox and brings it to the receivers. Any number of couriers may run at once."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from api.context import Context
from api.database import now
from api.deliveries.models import Delivery, ReceiverState
from api.deliveries.schedule import LONGEST_WAIT, retry_after_s, wait_before
from api.deliveries.sending import TIMEOUT_S, Outcome, client, send
from api.health import metrics
from api.problems import describe
from api.security import receiver_keys

log = logging.getLogger(__name__)

CLAIM = timedelta(seconds=4 * TIMEOUT_S)
"""A try takes ``TIMEOUT_S`` at most; a claim that is older belongs to a courier that is no more."""
AT_ONCE_EACH = 6
"""So many tries at once for one receiver; each has its own share, and one that is slow keeps no other waiting."""
NOT_CONFIGURED = "not configured"
DISABLED = "disabled"


def is_free(at: datetime) -> Any:
    """The condition that nobody holds a delivery. A claim from the far future is one by a clock that was wrong."""
    return or_(Delivery.claimed_until.is_(None), Delivery.claimed_until < at, Delivery.claimed_until > at + CLAIM)


async def claim(
    session: AsyncSession, *, at: datetime, limit: int = AT_ONCE_EACH, of: ColumnElement[bool] | None = None
) -> list[Delivery]:
    """Deliveries that are due, taken for this courier until ``claimed_until``; others leave them alone so long.

    Events of one talk leave in their order: one that comes later waits for the first try of those before it, though
    not for their further tries.

    Args:
        session: in a write transaction.
        at: the present moment.
        limit: so many at most.
        of: which ones; by default all.
    """
    earlier = aliased(Delivery)
    held_up = exists().where(
        earlier.receiver == Delivery.receiver,
        earlier.conversation_id == Delivery.conversation_id,
        earlier.state == "waiting",
        earlier.id < Delivery.id,
        or_(
            earlier.attempts == 0,
            and_(earlier.claimed_until.is_not(None), earlier.claimed_until.between(at, at + CLAIM)),
        ),
    )
    due = await session.scalars(
        select(Delivery)
        .where(
            Delivery.state == "waiting",
            or_(Delivery.next_at <= at, Delivery.next_at > at + LONGEST_WAIT),
            is_free(at),
            ~held_up,
            true() if of is None else of,
        )
        .order_by(Delivery.next_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    deliveries = list(due)
    for delivery in deliveries:
        delivery.claimed_until = at + CLAIM
    return deliveries


def outcome_values(delivery: Delivery, outcome: Outcome, at: datetime) -> dict[str, Any]:
    """What becomes of a delivery after a try: the columns to set."""
    attempts = delivery.attempts + 1
    values: dict[str, Any] = {"attempts": attempts, "claimed_until": None, "last_outcome": outcome.word}
    if outcome.delivered:
        # What it said of the resident has arrived, and is kept no longer than needed.
        return values | {"state": "delivered", "ended_at": at, "details": None}
    wait = wait_before(attempts, spread=random.uniform(-1, 1))  # noqa: S311 - spreads load, guards nothing
    if outcome.gone or wait is None:
        return values | {"state": "dead", "ended_at": at}
    return values | {"next_at": at + timedelta(seconds=max(wait, retry_after_s(outcome.retry_after, at)))}


class Courier:
    """Delivers in the background: each round takes up what is due, without waiting for what is under way.

    Args:
        context: of this process.
        clock: the present moment; tests move it.
    """

    def __init__(self, context: Context, *, clock: Callable[[], datetime] = now) -> None:
        self._context = context
        self._clock = clock
        self._receivers = {receiver.key: receiver for receiver in context.settings.webhook_receivers}
        self._keys = {key: receiver_keys(context.settings, one) for key, one in self._receivers.items()}
        self._http = client(context.settings.webhook_private_networks)
        self._under_way: dict[asyncio.Task[None], str] = {}

    async def __aenter__(self) -> Courier:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._http.aclose()

    async def round(self) -> int:
        """Take up what is due; how many were taken."""
        under_way = Counter(self._under_way.values())
        taken: list[Delivery] = []
        async with self._context.database.write() as session:
            for key in self._receivers:
                free = AT_ONCE_EACH - under_way[key]
                if free > 0:
                    taken += await claim(session, at=self._clock(), limit=free, of=Delivery.receiver == key)
            taken += await claim(session, at=self._clock(), of=Delivery.receiver.not_in(self._receivers))
        for delivery in taken:
            task = asyncio.create_task(self._deliver(delivery))
            self._under_way[task] = delivery.receiver
            task.add_done_callback(lambda done: self._under_way.pop(done, None))
        return len(taken)

    async def deliver_due(self) -> int:
        """Deliver until nothing is due any more, and wait for all of it; how many tries there were."""
        tried = 0
        while True:
            taken = await self.round()
            tried += taken
            if not taken and not self._under_way:
                return tried
            if self._under_way:
                await asyncio.wait(set(self._under_way), return_when=asyncio.FIRST_COMPLETED)

    async def _deliver(self, taken: Delivery) -> None:
        try:
            # Once more, right before it goes out: the talk may have been erased meanwhile, or the claim have run out.
            async with self._context.database.read() as session:
                delivery = await session.get(Delivery, taken.id)
                disabled = await session.get(ReceiverState, taken.receiver) is not None
            if delivery is None or delivery.state != "waiting" or delivery.claimed_until != taken.claimed_until:
                return
            await self._conclude(delivery, await self._try(delivery, disabled=disabled))
        except Exception as error:
            # The claim runs out, and it is tried again.
            log.error("delivery", extra=describe(error))

    async def _try(self, delivery: Delivery, *, disabled: bool) -> Outcome:
        receiver = self._receivers.get(delivery.receiver)
        if receiver is None:
            return Outcome(NOT_CONFIGURED)
        if disabled:
            return Outcome(DISABLED)
        return await send(
            self._http, receiver=receiver, keys=self._keys[receiver.key], delivery=delivery, at=self._clock()
        )

    async def _conclude(self, delivery: Delivery, outcome: Outcome) -> None:
        at = self._clock()
        values = outcome_values(delivery, outcome, at)
        if outcome.word in {NOT_CONFIGURED, DISABLED}:
            # No try, and none would help: it is listed until somebody puts it right and replays it.
            values = {"claimed_until": None, "last_outcome": outcome.word, "state": "dead", "ended_at": at}
        async with self._context.database.write() as session:
            mine = Delivery.claimed_until == delivery.claimed_until
            await session.execute(
                # What was taken was taken, whoever holds the claim by now.
                update(Delivery)
                .where(Delivery.id == delivery.id, Delivery.state == "waiting", true() if outcome.delivered else mine)
                .values(**values)
            )
            if outcome.gone and await session.get(ReceiverState, delivery.receiver) is None:
                session.add(ReceiverState(key=delivery.receiver, disabled_at=at))
                log.warning("receiver gone", extra={"receiver": delivery.receiver})
        metrics.DELIVERIES.labels(str(values.get("state", "retry"))).inc()
