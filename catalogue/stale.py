"""Which entries have not been checked for a while."""

from __future__ import annotations

import datetime as dt

from catalogue.models import Catalogue, Service


def stale(catalogue: Catalogue, days: int, on: dt.date | None = None) -> list[Service]:
    """Services that go on and were checked more than `days` days before the day, the oldest first."""
    day = on or dt.date.today()
    limit = day - dt.timedelta(days=days)
    found = [s for s in catalogue.services if s.valid_on(day) and s.checked_on < limit]
    return sorted(found, key=lambda s: (s.checked_on, s.id))
