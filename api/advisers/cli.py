"""Accounts of advisers on the command line: ``create``, ``password``, ``list``, ``disable``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.advisers import service
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


@app.command()
def create(
    username: Username,
    name: Annotated[str, typer.Option(help="The name that residents see.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(service.ROLES)}.")] = "adviser",
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
    """List all accounts: name, role, display name, and whether it is disabled."""
    with _session() as session:
        for adviser in service.everyone(session):
            state = "disabled" if adviser.disabled_at else "active"
            typer.echo(f"{adviser.username}\t{adviser.role}\t{state}\t{adviser.display_name}")


@app.command()
def disable(username: Username) -> None:
    """Disable an account and end its sessions."""
    with _session() as session:
        service.disable(session, username=username)
    typer.echo(f"Disabled {username}.")


if __name__ == "__main__":
    app()
