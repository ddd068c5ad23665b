"""A clock that is wrong erases nothing; one that goes on evenly is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from api.context import Context
from api.database import now, sync_session
from api.privacy import clock, retention
from api.privacy.models import ErasureClock
from tests.api.harness import Api

MakeApi = Callable[..., Api]
START = datetime.fromisoformat("2026-11-22T12:00:00+00:00")


def believed(api: Api, hours: Sequence[float]) -> list[bool]:
    """What is believed of looks at so many hours after the start."""

    async def look() -> list[bool]:
        context = Context.of(api.settings)
        found = []
        for hour in hours:
            async with context.database.write() as session:
                found.append(await clock.is_believed(session, START + timedelta(hours=hour)))
        await context.close()
        return found

    with sync_session(api.settings) as session:
        row = session.get_one(ErasureClock, clock.THE_ROW)
        row.believed_at = row.seen_at = START
    return asyncio.run(look())


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ((1, 2, 50, 98), [True] * 4),  # a weekend's stop
        ((48, 96.1), [True, False]),
        ((-5, -4, 1), [True] * 3),  # put back a little
        ((2400, 2401, 3), [False, False, True]),  # far ahead, and put right
        ((2400, 2412, 2423.9, 2424, 2425), [False, False, False, True, True]),  # evenly for a day
        ((2400, 2420, 4800, 4820, 4824), [False, False, False, False, True]),  # jumped once more meanwhile
        ((2400, 2420, 1200, 1220, 1224), [False, False, False, False, True]),  # and back, not far enough
        ((2400, 2460, 2484), [False, False, True]),  # stopped for more than two days in the meantime
    ],
)
def test_what_is_believed(own_api: MakeApi, hours: Sequence[float], expected: list[bool]) -> None:
    assert believed(own_api(worker_in_api=False), hours) == expected


def test_a_clock_a_hundred_days_ahead_erases_nothing_until_it_has_gone_on_for_a_day(
    own_api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = own_api(worker_in_api=False)
    resident = api.resident()

    def erase(ahead: timedelta) -> int:
        async def once() -> int:
            context = Context.of(api.settings)
            try:
                return await retention.erase_expired(context)
            finally:
                await context.close()

        with monkeypatch.context() as patch:
            patch.setattr(retention, "now", lambda: now() + ahead)
            return asyncio.run(once())

    days = timedelta(days=100)
    assert erase(timedelta()) == 0
    assert erase(days) == 0
    assert resident.http.get(resident.path).status_code == 200
    assert erase(timedelta(minutes=5)) == 0, "put right"
    assert resident.http.get(resident.path).status_code == 200
    assert erase(days) == 0
    assert erase(days + timedelta(hours=24, seconds=1)) == 1, "nobody put it right"
    assert resident.http.get(resident.path).status_code == 401
