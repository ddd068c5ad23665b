"""Advisers' accounts and sessions."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from api.advisers import audit as log
from api.advisers.audit import audit as audit
from api.advisers.audit import audit_reading as audit_reading
from api.advisers.directory import Person
from api.advisers.models import Adviser, AdviserSession
from api.advisers.roles import Role
from api.database import now, sync_session
from api.security import new_token, token_hash
from settings import Settings

DEVELOPMENT_USERNAME = "neuvoja"
PASSWORD_MIN_CHARS = 12
SEEN_EVERY = timedelta(minutes=1)
"""How finely the last sign of a person is kept."""

_hasher = PasswordHasher()


class AdviserError(ValueError):
    """An account cannot be made or changed so; the message is one line for the administrator."""


@dataclass(frozen=True)
class SignedIn:
    """Who makes a request, and the token that their state-changing calls must carry."""

    adviser: Adviser
    session_hash: str
    csrf_token: str
    seen_at: datetime
    idle: timedelta
    """How long the session lasts without a sign of a person."""


def csrf_of(token: str) -> str:
    """The token against forged requests; it follows from the session's, so it need not be stored."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"tienviitta csrf", hashlib.sha256).hexdigest()


@lru_cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. For an account without one, or none at all, it takes as long, and says no."""
    try:
        fits = _hasher.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return fits and bool(password_hash)


async def by_username(session: AsyncSession, username: str) -> Adviser | None:
    """The account of that name that may sign in."""
    found: Adviser | None = await session.scalar(
        select(Adviser).where(Adviser.username == username, Adviser.disabled_at.is_(None))
    )
    return found


async def of_directory(session: AsyncSession, person: Person) -> Adviser:
    """The account of whom the directory vouches for, with the role that it gives; made at the first sign-in.

    A local account of the same name stays somebody else: names in a directory change hands, subjects do not.
    """
    adviser: Adviser | None = await session.scalar(
        select(Adviser).where(Adviser.issuer == person.issuer, Adviser.subject == person.subject)
    )
    if adviser is None:
        taken = set(await session.scalars(select(Adviser.username).where(Adviser.username.startswith(person.username))))
        names = itertools.chain([person.username], (f"{person.username}-{number}" for number in itertools.count(2)))
        adviser = Adviser(
            username=next(name for name in names if name not in taken),
            display_name=person.display_name,
            role=person.role,
            password_hash="",
            issuer=person.issuer,
            subject=person.subject,
            created_at=now(),
        )
        session.add(adviser)
        await session.flush()
        audit(session, log.ACCOUNT_CREATED, adviser_id=adviser.id, target_id=adviser.id)
    elif adviser.role != person.role:
        adviser.role = person.role
        audit(session, log.ROLE_CHANGED, adviser_id=adviser.id, target_id=adviser.id)
    return adviser


async def check_password(adviser: Adviser | None, password: str) -> bool:
    """:func:`password_fits` in a thread: it is made to take its time."""
    return await asyncio.to_thread(password_fits, adviser.password_hash if adviser else None, password)


def begin_session(session: AsyncSession, *, adviser: Adviser, hours: float, id_token: str | None = None) -> str:
    """A new session; its token, which is stored nowhere else."""
    token = new_token()
    at = now()
    session.add(
        AdviserSession(
            token_hash=token_hash(token),
            adviser_id=adviser.id,
            created_at=at,
            expires_at=at + timedelta(hours=hours),
            seen_at=at,
            id_token=id_token,
        )
    )
    return token


def _alive(idle: timedelta) -> tuple[ColumnElement[bool], ...]:
    """That a session goes on: before its end, not idle, and of an account that may sign in."""
    at = now()
    return (AdviserSession.expires_at > at, AdviserSession.seen_at > at - idle, Adviser.disabled_at.is_(None))


async def who(session: AsyncSession, token: str, *, idle: timedelta) -> SignedIn | None:
    """Who a session's token is; None when it is over, nobody has used it for ``idle``, or the account is disabled."""
    row = (
        await session.execute(
            select(Adviser, AdviserSession)
            .join(AdviserSession, AdviserSession.adviser_id == Adviser.id)
            .where(AdviserSession.token_hash == token_hash(token), *_alive(idle))
        )
    ).first()
    if row is None:
        return None
    return SignedIn(row[0], row[1].token_hash, csrf_of(token), row[1].seen_at, idle)


async def role_now(session: AsyncSession, me: SignedIn) -> str | None:
    """The role that the session has by now; None when it is over. Streams outlive the look at their start."""
    found: str | None = await session.scalar(
        select(Adviser.role)
        .join(AdviserSession, Adviser.id == AdviserSession.adviser_id)
        .where(AdviserSession.token_hash == me.session_hash, *_alive(me.idle))
    )
    return found


async def seen(session: AsyncSession, me: SignedIn) -> None:
    """A person, not the page by itself, has done something."""
    await session.execute(
        update(AdviserSession).where(AdviserSession.token_hash == me.session_hash).values(seen_at=now())
    )


async def id_token_of(session: AsyncSession, session_hash: str) -> str | None:
    """What the directory gave when the session began; None when it began with a password."""
    found: str | None = await session.scalar(
        select(AdviserSession.id_token).where(AdviserSession.token_hash == session_hash)
    )
    return found


async def end_session(session: AsyncSession, session_hash: str) -> None:
    """Sign out."""
    await session.execute(delete(AdviserSession).where(AdviserSession.token_hash == session_hash))


# For the command line, blocking.


def _check_password(password: str) -> None:
    if len(password) < PASSWORD_MIN_CHARS:
        raise AdviserError(f"the password must have at least {PASSWORD_MIN_CHARS} characters")


def valid_display_name(name: str) -> str:
    """A name that residents may see, trimmed.

    Raises:
        AdviserError: when it is empty, long, or has characters that cannot be printed.
    """
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise AdviserError("the display name must have 1 to 100 characters")
    return name


def _valid_role(role: str) -> Role:
    if role not in set(Role):
        raise AdviserError(f"the role must be one of {', '.join(Role)}")
    return Role(role)


def create(session: Session, *, username: str, display_name: str, role: str, password: str) -> Adviser:
    """A new account.

    Raises:
        AdviserError: when the name is taken or malformed, the role unknown, or the password too short.
    """
    username = username.strip()
    if not username or len(username) > 64 or any(c.isspace() or not c.isprintable() for c in username):
        raise AdviserError("the user name must have 1 to 64 characters and no spaces")
    display_name = valid_display_name(display_name)
    kind = _valid_role(role)
    _check_password(password)
    if session.scalar(select(Adviser).where(Adviser.username == username)) is not None:
        raise AdviserError(f"there is an adviser {username!r} already")
    adviser = Adviser(
        username=username,
        display_name=display_name,
        role=kind,
        password_hash=_hasher.hash(password),
        created_at=now(),
    )
    session.add(adviser)
    session.flush()
    audit(session, log.ACCOUNT_CREATED, target_id=adviser.id)
    return adviser


def _existing(session: Session, username: str) -> Adviser:
    adviser = session.scalar(select(Adviser).where(Adviser.username == username))
    if adviser is None:
        raise AdviserError(f"there is no adviser {username!r}")
    return adviser


def set_password(session: Session, *, username: str, password: str) -> None:
    """Give an account a new password, end its sessions, and let it sign in again if it was disabled.

    Raises:
        AdviserError: when there is no such account or the password is too short.
    """
    _check_password(password)
    adviser = _existing(session, username)
    adviser.password_hash = _hasher.hash(password)
    adviser.disabled_at = None
    _end_sessions(session, adviser)
    audit(session, log.PASSWORD_CHANGED, target_id=adviser.id)


def set_role(session: Session, *, username: str, role: str) -> None:
    """Give an account another role, at once also in its open sessions.

    An account of the directory gets its role from there at its next sign-in.

    Raises:
        AdviserError: when there is no such account or role.
    """
    adviser = _existing(session, username)
    adviser.role = _valid_role(role)
    audit(session, log.ROLE_CHANGED, target_id=adviser.id)


def disable(session: Session, *, username: str) -> None:
    """Let an account not sign in any more, by password or directory, and end its sessions.

    Raises:
        AdviserError: when there is no such account.
    """
    adviser = _existing(session, username)
    adviser.disabled_at = adviser.disabled_at or now()
    _end_sessions(session, adviser)
    audit(session, log.ACCOUNT_DISABLED, target_id=adviser.id)


def end_sessions(session: Session, *, username: str) -> int:
    """End the sessions of an account; how many there were.

    Raises:
        AdviserError: when there is no such account.
    """
    adviser = _existing(session, username)
    ended = _end_sessions(session, adviser)
    audit(session, log.SESSIONS_ENDED, target_id=adviser.id)
    return ended


def _end_sessions(session: Session, adviser: Adviser) -> int:
    ended = session.execute(
        delete(AdviserSession).where(AdviserSession.adviser_id == adviser.id).returning(AdviserSession.token_hash)
    )
    return len(ended.all())


def open_sessions(session: Session) -> list[tuple[str, datetime, datetime]]:
    """Sessions that have not reached their end: user name, beginning, last sign of a person."""
    rows = session.execute(
        select(Adviser.username, AdviserSession.created_at, AdviserSession.seen_at)
        .join(AdviserSession, AdviserSession.adviser_id == Adviser.id)
        .where(AdviserSession.expires_at > now())
        .order_by(Adviser.username, AdviserSession.created_at)
    )
    return [(username, begun, seen_at) for username, begun, seen_at in rows]


def everyone(session: Session) -> list[Adviser]:
    """All accounts by name."""
    return list(session.scalars(select(Adviser).order_by(Adviser.username)))


def _write_secret(path: Path, content: str) -> None:
    """Write a file that its owner alone can read, from the first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content + "\n")


def ensure_development_adviser(settings: Settings) -> str | None:
    """Create the adviser ``neuvoja`` on the first start in development.

    The database must be up to date. The password is written to ``adviser-password`` in ``var_dir``, readable by its
    owner alone.

    Returns:
        The new password, or None when there was an adviser of that name already, or outside development.
    """
    if settings.environment != "development":
        return None
    password = secrets.token_urlsafe(12)
    with sync_session(settings) as session:
        if session.scalar(select(Adviser).where(Adviser.username == DEVELOPMENT_USERNAME)) is not None:
            return None
        create(
            session,
            username=DEVELOPMENT_USERNAME,
            display_name="Neuvoja",
            role="supervisor",
            password=password,
        )
    _write_secret(settings.var_dir / "adviser-password", password)
    return password
