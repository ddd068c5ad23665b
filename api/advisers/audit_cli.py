"""``./tienviitta audit``: who did what, for who must answer for it."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from api.advisers import audit
from api.database import sync_session
from settings import get_settings

app = typer.Typer(help="What advisers did: sign-ins, reading, claims. No texts.", no_args_is_help=True)
COLUMNS = ("at", "action", "actor", "target", "handoff", "network")


@app.callback()
def _group() -> None:
    """Keeps ``list`` a command of its own while it is the only one."""


@app.command("list")
def list_(
    adviser: Annotated[str | None, typer.Option(help="Only what this account did, or had done to it.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Only what concerns the talk of this id.")] = None,
    action: Annotated[str | None, typer.Option(help="Only this kind, e.g. handoff_read.")] = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on, in UTC.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100,
) -> None:
    """Print entries, the newest first, with a heading and tabs between columns; times are in UTC."""
    try:
        with sync_session(get_settings()) as session:
            found = audit.lines(
                session,
                username=adviser,
                conversation_id=conversation,
                action=action,
                since=since.replace(tzinfo=UTC) if since else None,
                limit=limit,
            )
    except SQLAlchemyError:
        typer.echo("Error: the database cannot be used; start the service once to create it.", err=True)
        raise typer.Exit(1) from None
    rows = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    rows.writerow(COLUMNS)
    for line in found:
        rows.writerow(
            (f"{line.at:%Y-%m-%d %H:%M:%S}", line.action, line.actor, line.target, line.handoff_id, line.network)
        )
