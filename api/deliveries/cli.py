"""Outgoing webhooks on the command line: ``list``, ``retry``, ``replay``, ``receivers``, ``enable``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.database import sync_session
from api.deliveries import service
from settings import get_settings

app = typer.Typer(help="Outgoing webhooks.", no_args_is_help=True)


def _show(table: Table | str) -> None:
    """Print to the terminal as wide as it is now."""
    Console(soft_wrap=True).print(table)


class Shown(StrEnum):
    """Which deliveries to list."""

    OPEN = "open"
    WAITING = "waiting"
    DEAD = "dead"
    DELIVERED = "delivered"
    ALL = "all"


_STATES = {Shown.OPEN: {"waiting", "dead"}, Shown.ALL: {"waiting", "dead", "delivered"}}

Ids = Annotated[list[int] | None, typer.Argument(help="Numbers from the list.", show_default=False)]
ReceiverOption = Annotated[str | None, typer.Option("--receiver", help="Only this receiver: its name or address.")]
AllOption = Annotated[bool, typer.Option("--all", help="All of them.")]


@contextmanager
def _session() -> Iterator[Session]:
    """A transaction whose foreseeable failure is one line."""
    try:
        with sync_session(get_settings()) as session:
            yield session
    except SQLAlchemyError:
        raise _fail("the database cannot be used; start the service once to create it") from None


def _fail(reason: str) -> typer.Exit:
    typer.echo(f"Error: {reason}.", err=True)
    return typer.Exit(1)


def _receiver_column() -> Column:
    """Whole, however narrow the terminal: it is what the other commands are given."""
    return Column("receiver", overflow="fold", min_width=24)


@app.command("list")
def list_(
    state: Annotated[Shown, typer.Option(help="open: waiting or dead.")] = Shown.OPEN,
    receiver: ReceiverOption = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most, the oldest first.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """List deliveries that wait or were given up (dead): number, event, receiver, tries, last outcome, next try."""
    with _session() as session:
        found = service.listed(session, states=_STATES.get(state, {state.value}), receiver=receiver, limit=limit)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(one) for one in found], default=service.rfc3339, indent=1))
        return
    if not found:
        typer.echo("None.")
        return
    table = Table("id", "event", _receiver_column(), "state", "tries", "last outcome", "created", "next try or end")
    for one in found:
        when = one.next_at if one.state == "waiting" else one.ended_at
        table.add_row(
            str(one.id), one.type, one.receiver, one.state, str(one.attempts), one.last_outcome or "",
            service.rfc3339(one.created_at), service.rfc3339(when) if when else "",
        )  # fmt: skip
    _show(table)


@app.command()
def retry(ids: Ids = None, receiver: ReceiverOption = None, everything: AllOption = False) -> None:
    """Try what waits at once instead of at its time."""
    _check_choice(ids, receiver, everything)
    with _session() as session:
        count = service.retry(session, ids=ids or (), receiver=receiver)
    typer.echo(f"{count} due now.")


@app.command()
def replay(ids: Ids = None, receiver: ReceiverOption = None, everything: AllOption = False) -> None:
    """Send dead ones again, with the ids that they had, from the first try on."""
    _check_choice(ids, receiver, everything)
    with _session() as session:
        off = service.disabled(session)
        count = service.replay(session, ids=ids or (), receiver=receiver)
    typer.echo(f"{count} to be sent again.")
    for key in off:
        typer.echo(f"Note: {key} is switched off; what is for it is dead until: deliveries enable {key}", err=True)


def _check_choice(ids: list[int] | None, receiver: str | None, everything: bool) -> None:
    if not ids and not receiver and not everything:
        raise _fail("give numbers from the list, --receiver or --all")


@app.command()
def receivers() -> None:
    """List the configured receivers: kind, payload, whether one is switched off, and how much waits for it."""
    with _session() as session:
        off, counts = service.disabled(session), service.counted(session)
    configured = get_settings().webhook_receivers
    if not configured:
        typer.echo("None is configured (TIENVIITTA_WEBHOOK_RECEIVERS).")
        return
    table = Table(_receiver_column(), "kind", "payload", "events", "state", "waiting", "dead", "delivered")
    for one in configured:
        state = f"off since {service.rfc3339(off[one.key])}" if one.key in off else "on"
        table.add_row(
            one.key, one.kind, one.payload, "all" if one.events is None else ", ".join(one.events), state,
            *(str(counts.get((one.key, state), 0)) for state in ("waiting", "dead", "delivered")),
        )  # fmt: skip
    _show(table)


@app.command()
def enable(key: Annotated[str, typer.Argument(metavar="RECEIVER", help="Its name or address.")]) -> None:
    """Switch a receiver on again that had answered 410. Then replay what is dead."""
    with _session() as session:
        was_off = service.enable(session, key=key)
    if not was_off:
        raise _fail(f"{key} is not switched off")
    typer.echo(f"{key} is on.")


if __name__ == "__main__":
    app()
