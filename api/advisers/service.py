"""Advisers' accounts, sessions and audit."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from api.advisers.models import Adviser, AdviserSession, AuditEntry
from api.database import now, sync_session
from api.security import new_token, token_hash
from settings import Settings

ROLES = ("adviser", "supervisor", "editor")
DEVELOPMENT_USERNAME = "neuvoja"
PASSWORD_MIN_CHARS = 12
FAILURE_WINDOW = timedelta(minutes=5)
FAILURES_PER_NAME_AND_ADDRESS = 5
FAILURES_PER_ADDRESS = 20
FAILURES_PER_NAME = 50

SIGN_IN, SIGN_IN_FAILED, SIGN_OUT, READ = "sign_in", "sign_in_failed", "sign_out", "handoff_read"
READING_IS_ONE = timedelta(minutes=10)

_hasher = PasswordHasher()


class AdviserError(ValueError):
    """An account cannot be made or changed so; the message is one line for the administrator."""


@dataclass(frozen=True)
class SignedIn:
    """Who makes a request, and the token that their state-changing calls must carry."""

    adviser: Adviser
    session_hash: str
    csrf_token: str


def csrf_of(token: str) -> str:
    """The token against forged requests; it follows from the session's, so it need not be stored."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"tienviitta csrf", hashlib.sha256).hexdigest()


@lru_cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def password_fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. For an account that does not exist it takes as long, and says no."""
    try:
        fits = _hasher.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return fits and password_hash is not None


def audit(
    session: AsyncSession,
    action: str,
    *,
    adviser_id: int | None = None,
    handoff_id: str | None = None,
    username: str | None = None,
    address: str | None = None,
) -> None:
    """Note who did what. Never what was said."""
    subject = None
    if username is not None:
        subject = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
    session.add(
        AuditEntry(
            at=now(), action=action, adviser_id=adviser_id, handoff_id=handoff_id, subject=subject, address=address
        )
    )


async def audit_reading(session: AsyncSession, *, adviser_id: int, handoff_id: str) -> None:
    """Note that someone read a request; a console that refreshes itself is noted once in a while, not each time."""
    noted = await session.scalar(
        select(AuditEntry.id)
        .where(
            AuditEntry.action == READ,
            AuditEntry.handoff_id == handoff_id,
            AuditEntry.adviser_id == adviser_id,
            AuditEntry.at > now() - READING_IS_ONE,
        )
        .limit(1)
    )
    if noted is None:
        audit(session, READ, adviser_id=adviser_id, handoff_id=handoff_id)


async def too_many_failures(session: AsyncSession, *, username: str, address: str) -> bool:
    """Whether this name or this address has failed to sign in too often lately."""
    subject = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
    recent = (
        select(func.count())
        .select_from(AuditEntry)
        .where(AuditEntry.action == SIGN_IN_FAILED, AuditEntry.at > now() - FAILURE_WINDOW)
    )
    same_name, same_address = AuditEntry.subject == subject, AuditEntry.address == address
    for query, limit in (
        (recent.where(same_name, same_address), FAILURES_PER_NAME_AND_ADDRESS),
        (recent.where(same_address), FAILURES_PER_ADDRESS),
        (recent.where(same_name), FAILURES_PER_NAME),
    ):
        if (await session.scalar(query) or 0) >= limit:
            return True
    return False


async def by_username(session: AsyncSession, username: str) -> Adviser | None:
    """The account of that name that may sign in."""
    found: Adviser | None = await session.scalar(
        select(Adviser).where(Adviser.username == username, Adviser.disabled_at.is_(None))
    )
    return found


async def check_password(adviser: Adviser | None, password: str) -> bool:
    """:func:`password_fits` in a thread: it is made to take its time."""
    return await asyncio.to_thread(password_fits, adviser.password_hash if adviser else None, password)


def begin_session(session: AsyncSession, *, adviser: Adviser, hours: float) -> str:
    """A new session; its token, which is stored nowhere else."""
    token = new_token()
    at = now()
    session.add(
        AdviserSession(
            token_hash=token_hash(token), adviser_id=adviser.id, created_at=at, expires_at=at + timedelta(hours=hours)
        )
    )
    return token


async def who(session: AsyncSession, token: str) -> SignedIn | None:
    """Who a session's token is; None when it is over, or the account is disabled."""
    row = (
        await session.execute(
            select(Adviser, AdviserSession)
            .join(AdviserSession, AdviserSession.adviser_id == Adviser.id)
            .where(
                AdviserSession.token_hash == token_hash(token),
                AdviserSession.expires_at > now(),
                Adviser.disabled_at.is_(None),
            )
        )
    ).first()
    return SignedIn(row[0], row[1].token_hash, csrf_of(token)) if row else None


async def end_session(session: AsyncSession, session_hash: str) -> None:
    """Sign out."""
    await session.execute(delete(AdviserSession).where(AdviserSession.token_hash == session_hash))


# For the command line, blocking.


def _check_password(password: str) -> None:
    if len(password) < PASSWORD_MIN_CHARS:
        raise AdviserError(f"the password must have at least {PASSWORD_MIN_CHARS} characters")


def create(session: Session, *, username: str, display_name: str, role: str, password: str) -> Adviser:
    """A new account.

    Raises:
        AdviserError: when the name is taken or malformed, the role unknown, or the password too short.
    """
    username = username.strip()
    if not username or len(username) > 64 or any(c.isspace() or not c.isprintable() for c in username):
        raise AdviserError("the user name must have 1 to 64 characters and no spaces")
    if not display_name.strip() or len(display_name) > 100 or not display_name.isprintable():
        raise AdviserError("the display name must have 1 to 100 characters")
    if role not in ROLES:
        raise AdviserError(f"the role must be one of {', '.join(ROLES)}")
    _check_password(password)
    if session.scalar(select(Adviser).where(Adviser.username == username)) is not None:
        raise AdviserError(f"there is an adviser {username!r} already")
    adviser = Adviser(
        username=username,
        display_name=display_name.strip(),
        role=role,
        password_hash=_hasher.hash(password),
        created_at=now(),
    )
    session.add(adviser)
    session.flush()
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
    session.execute(delete(AdviserSession).where(AdviserSession.adviser_id == adviser.id))


def disable(session: Session, *, username: str) -> None:
    """Let an account not sign in any more, and end its sessions.

    Raises:
        AdviserError: when there is no such account.
    """
    adviser = _existing(session, username)
    adviser.disabled_at = adviser.disabled_at or now()
    session.execute(delete(AdviserSession).where(AdviserSession.adviser_id == adviser.id))


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
