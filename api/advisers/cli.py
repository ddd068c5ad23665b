"""Accounts and sessions of advisers on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.advisers import service
from api.advisers.roles import Role
from api.database import sync_session
from settings import get_settings

app = typer.Typer(help="Accounts of advisers.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="The name that the adviser signs in with.")]


@contextmanager
def _session() -> Iterator[Session]:
    """A transaction whose foreseeable failures are one line each."""
    try:
        with sync_session(get_settings()) as session:
            yield session
    except service.AdviserError as error:
        typer.echo(f"Error: {error}.", err=True)
        raise typer.Exit(1) from None
    except SQLAlchemyError:
        typer.echo("Error: the database cannot be used; start the service once to create it.", err=True)
        raise typer.Exit(1) from None


def _ask_password() -> str:
    """The password from the terminal, twice, or one line of standard input. Never an argument: those are visible."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@app.command("add")
@app.command("create", hidden=True)
def create(
    username: Username,
    name: Annotated[str, typer.Option(help="The name that residents see.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(Role)}.")] = "adviser",
) -> None:
    """Create an account; the password is asked for, or read from standard input."""
    password = _ask_password()
    with _session() as session:
        service.create(session, username=username, display_name=name, role=role, password=password)
    typer.echo(f"Created {username}.")


@app.command()
def password(username: Username) -> None:
    """Set a new password and end the sessions of the account."""
    new = _ask_password()
    with _session() as session:
        service.set_password(session, username=username, password=new)
    typer.echo(f"Password of {username} changed.")


@app.command("list")
def list_() -> None:
    """List all accounts: name, role, whether it is active, and the name that residents see."""
    with _session() as session:
        for adviser in service.everyone(session):
            state = "disabled" if adviser.disabled_at else "active"
            typer.echo(f"{adviser.username}\t{adviser.role}\t{state}\t{adviser.display_name}")


@app.command()
def role(
    username: Username, role: Annotated[str, typer.Argument(help=f"One of {', '.join(Role)}.", metavar="ROLE")]
) -> None:
    """Give an account another role; one of the directory gets its role from there at each sign-in."""
    with _session() as session:
        service.set_role(session, username=username, role=role)
    typer.echo(f"{username} is now {role}.")


@app.command()
def disable(username: Username) -> None:
    """Disable an account and end its sessions."""
    with _session() as session:
        service.disable(session, username=username)
    typer.echo(f"Disabled {username}.")


sessions = typer.Typer(help="Who is signed in.", no_args_is_help=True)
app.add_typer(sessions, name="sessions")


@sessions.command("list")
def list_sessions() -> None:
    """List the sessions that have not ended: name, beginning, last sign of a person."""
    with _session() as session:
        for username, begun, seen in service.open_sessions(session):
            typer.echo(f"{username}\t{begun:%Y-%m-%d %H:%M}\t{seen:%Y-%m-%d %H:%M}")


@sessions.command("end")
def end_sessions(username: Username) -> None:
    """End the sessions of an account, on every machine."""
    with _session() as session:
        ended = service.end_sessions(session, username=username)
    typer.echo(f"Ended {ended} sessions of {username}.")


if __name__ == "__main__":
    app()
