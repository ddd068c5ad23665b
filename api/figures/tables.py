"""What is shown of the figures: tables in Finnish with small counts hidden, and the plots that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from api.figures.disclosure import LEAST_SHOWN, shown, shown_total
from api.figures.plots import Plot, plot
from api.figures.service import Figures, Period, quantile
from api.handoff.outcomes import outcomes
from api.texts import node, say


@dataclass(frozen=True)
class Table:
    """A table, and the plot of it; ``legend`` names the plot's series, ``unit`` what its scale counts."""

    id: str
    title: str
    head: list[str]
    rows: list[list[str]]
    plot: Plot | None = None
    legend: list[str] = field(default_factory=list)
    unit: str = ""
    bars: list[float] | None = None
    """Per row, the length of its bar in per cent of the longest; 0 where the count is hidden."""


@dataclass(frozen=True)
class Shown:
    """The page: a few figures first, then tables."""

    first: str
    last: str
    tiles: list[tuple[str, str]]
    tables: list[Table]


def day(on: date) -> str:
    """A day as it is written in Finnish."""
    return f"{on.day}.{on.month}.{on.year}"


def _short(period: Period) -> str:
    return f"{period.first.day}.{period.first.month}."


def _span(period: Period) -> str:
    return day(period.first) if period.first == period.last else f"{_short(period)}–{day(period.last)}"


def count(value: int | None) -> str:
    """A count, or that it is small."""
    return say("figures.small", least=LEAST_SHOWN) if value is None else str(value)


def duration(seconds: float | None) -> str:
    """A wait in minutes, or seconds below one; a dash where too few have waited."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return say("figures.seconds", count=round(seconds))
    return say("figures.minutes", count=f"{seconds / 60:.1f}".replace(".", ","))


def _quantiles(waits_s: Sequence[float]) -> tuple[float | None, float | None]:
    if len(waits_s) < LEAST_SHOWN:
        return None, None
    return quantile(waits_s, 0.5), quantile(waits_s, 0.95)


def _requests(periods: Sequence[Period]) -> Table:
    names = ("requested", "taken", "abandoned", "timed_out", "callbacks")
    columns = {name: shown({period.first: getattr(period, name) for period in periods}) for name in names}
    return Table(
        id="requests",
        title=say("figures.requests.title"),
        head=[say("figures.when"), *(say(f"figures.requests.{name}") for name in names)],
        rows=[[_span(period), *(count(columns[name][period.first]) for name in names)] for period in periods],
        plot=plot([_short(period) for period in periods], [columns["requested"][period.first] for period in periods]),
        legend=[say("figures.requests.requested")],
        unit=say("figures.requests.unit"),
    )


def _waits(periods: Sequence[Period]) -> Table:
    found = [_quantiles(period.waits_s) for period in periods]
    in_minutes = [[None if one is None else one / 60 for one in series] for series in zip(*found, strict=True)]
    return Table(
        id="waits",
        title=say("figures.waits.title"),
        head=[say("figures.when"), say("figures.waits.median"), say("figures.waits.p95")],
        rows=[
            [_span(period), duration(low), duration(high)] for period, (low, high) in zip(periods, found, strict=True)
        ],
        plot=plot([_short(period) for period in periods], *in_minutes),
        legend=[say("figures.waits.median"), say("figures.waits.p95")],
        unit=say("figures.waits.unit"),
    )


def _parts(id_: str, labels: Mapping[str, str], counts: Mapping[str, int]) -> Table:
    """A table of what a whole is made of, in the order of ``labels``; what has no label is counted last, together."""
    known = {key: counts.get(key, 0) for key in labels}
    other = sum(counts.values()) - sum(known.values())
    names = dict(labels)
    if other:
        known["_other"], names["_other"] = other, say("figures.other")
    seen = shown(known)
    most = max((value or 0 for value in seen.values()), default=0) or 1
    return Table(
        id=id_,
        title=say(f"figures.{id_}.title"),
        head=[say(f"figures.{id_}.what"), say("figures.count")],
        rows=[[names[key], count(seen[key])] for key in known],
        bars=[round(100 * (seen[key] or 0) / most, 1) for key in known],
    )


def of(figures: Figures) -> Shown:
    """What is shown of ``figures``."""
    total = figures.total
    low, high = _quantiles(total.waits_s)
    parts = shown(
        {
            "taken": total.taken,
            "abandoned": total.abandoned,
            "timed_out": total.timed_out,
            "open": total.requested - total.taken - total.abandoned - total.timed_out,
        }
    )
    helped: dict[str, str] = node("figures.helped")
    return Shown(
        first=day(total.first),
        last=day(total.last),
        tiles=[
            (say("figures.requests.requested"), count(shown_total(total.requested))),
            (say("figures.requests.taken"), count(parts["taken"])),
            (say("figures.waits.median"), duration(low)),
            (say("figures.waits.p95"), duration(high)),
            (say("figures.requests.abandoned"), count(parts["abandoned"])),
            (say("figures.requests.timed_out"), count(parts["timed_out"])),
        ],
        tables=[
            _requests(figures.periods),
            _waits(figures.periods),
            _parts("outcomes", {key: texts["label"] for key, texts in outcomes().items()}, figures.outcomes),
            _parts("callbacks", node("figures.callback_states"), figures.callbacks),
            _parts("feedback_adviser", helped, figures.feedback["adviser"]),
            _parts("feedback_bot", helped, figures.feedback["bot"]),
        ],
    )
