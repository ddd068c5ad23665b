"""``./tienviitta talk record``: a talk as a dialogue test, with personal data removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api.conversations.models import Conversation, Message
from api.database import sync_session
from api.privacy import crypto
from api.security import SettingsError, keyring
from cli.talk_recording import NotATalk, as_yaml, read
from settings import get_settings

app = typer.Typer(help="Talks: make a dialogue test of one.", no_args_is_help=True)


@app.callback()
def talk() -> None:
    """Talks: make a dialogue test of one."""


@app.command()
def record(
    source: Annotated[str, typer.Argument(help="A conversation's id, or a transcript saved as JSON.")],
    name: Annotated[str, typer.Option(help="What the test is called.")] = "Anna keskustelulle nimi",
    to: Annotated[Path | None, typer.Option(help="File to add it to, e.g. tests/dialogues/talks.yml.")] = None,
) -> None:
    """Write a talk as a dialogue test. Read it through before you keep it: what to look at is named at the end."""
    try:
        recording = read(_document(source))
    except NotATalk as problem:
        typer.echo(f"Error: {problem}.", err=True)
        raise typer.Exit(1) from None
    text = as_yaml(recording, name=name)
    if to is None:
        typer.echo(text, nl=False)
    else:
        before = to.read_text(encoding="utf-8").rstrip("\n") + "\n\n" if to.exists() else ""
        to.write_text(before + text, encoding="utf-8")
        typer.echo(f"Added {len(recording.steps)} messages to {to}.")
    if recording.cut_at_adviser:
        typer.echo("The talk ends where an adviser came: a test cannot play a person.", err=True)
    if recording.look_at:
        words = ", ".join(dict.fromkeys(recording.look_at))
        typer.echo(f"Do these name a person or a place? Change them if so: {words}", err=True)
    typer.echo("Read it through: write as expectations what is right, not what the bot happened to say.", err=True)


def _document(source: str) -> dict[str, Any]:
    path = Path(source)
    if path.is_file():
        return _from_file(path)
    try:
        conversation_id = str(UUID(source))
    except ValueError:
        raise NotATalk(f"{source} is neither a file nor the id of a conversation") from None
    settings = get_settings()
    try:
        crypto.configure(keyring(settings))
        with sync_session(settings) as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise NotATalk("there is no conversation of that id; it may have been erased")
            rows = session.scalars(
                select(Message).where(Message.conversation_id == conversation_id).order_by(Message.seq)
            )
            messages = [
                {"sender": row.sender, "text": row.text, "buttons": (row.extras or {}).get("buttons", [])}
                for row in rows
            ]
            state = conversation.state if isinstance(conversation.state, dict) else {}
            return {"messages": messages, "answers": state.get("answers") or {}}
    except SettingsError as problem:
        raise NotATalk(str(problem).rstrip(".")) from None
    except InvalidToken:
        raise NotATalk("it was encrypted with other keys than are set now") from None
    except SQLAlchemyError:
        raise NotATalk("the database cannot be used; start the service once to create it") from None


def _from_file(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        raise NotATalk(f"{path} is not JSON; save the transcript with format=json") from None
    if not isinstance(document, dict):
        raise NotATalk(f"{path} holds no talk")
    return document
