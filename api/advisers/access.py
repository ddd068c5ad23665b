"""Who makes a request, and whether they may: dependencies for every route behind the sign-in.

``Me`` is anybody who is signed in. ``require(permission)`` lets those through whose role may. For calls that change
something there are ``Acting`` and ``require_acting(permission)``, which also want the token against forged requests
and keep the session from ending as idle.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Cookie, Depends, Header

from api.advisers import service
from api.advisers.roles import Permission, may
from api.advisers.service import SignedIn
from api.context import Context, Ctx
from api.database import now
from api.problems import Problem, documented

COOKIE = "tienviitta_adviser"
RESPONSES: dict[int | str, dict[str, Any]] = {
    401: documented("Nobody is signed in."),
    403: documented("`X-CSRF-Token` is missing or wrong, or the role may not."),
}
"""What every route behind the sign-in may answer."""


async def signed_in(context: Context, cookie: str | None) -> SignedIn:
    """Whose session the cookie is.

    Raises:
        Problem: 401 when it is nobody's.
    """
    if cookie:
        idle = timedelta(minutes=context.settings.adviser_idle_min)
        async with context.database.read() as session:
            found = await service.who(session, cookie, idle=idle)
        if found is not None:
            return found
    raise Problem(401, "sign_in_again")


async def _signed_in(context: Ctx, tienviitta_adviser: Annotated[str | None, Cookie()] = None) -> SignedIn:
    return await signed_in(context, tienviitta_adviser)


Me = Annotated[SignedIn, Depends(_signed_in)]
"""Anybody who is signed in."""


async def _from_our_page(me: Me, x_csrf_token: Annotated[str | None, Header()] = None) -> SignedIn:
    sent = (x_csrf_token or "").encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(sent, me.csrf_token.encode()):
        raise Problem(403, "csrf")
    return me


OurPage = Annotated[SignedIn, Depends(_from_our_page)]
"""Anybody who is signed in and calls from our own page, be it the page by itself."""


async def keep_session(context: Context, me: SignedIn) -> None:
    """Note that a person has done something: the session is not idle."""
    if now() - me.seen_at > service.SEEN_EVERY:
        async with context.database.write() as session:
            await service.seen(session, me)


async def acting(context: Ctx, me: OurPage) -> SignedIn:
    """Somebody who does something on our own page."""
    await keep_session(context, me)
    return me


Acting = Annotated[SignedIn, Depends(acting)]
"""A person who is signed in and does something on our own page; it keeps the session from ending as idle."""


def permit(me: SignedIn, permission: Permission) -> None:
    """Let pass who may.

    Raises:
        Problem: 403 when the role may not.
    """
    if not may(me.adviser.role, permission):
        raise Problem(403, "not_permitted")


def require(permission: Permission) -> Callable[..., Awaitable[SignedIn]]:
    """A dependency for reading: somebody signed in whose role may; others get 403."""

    async def check(me: Me) -> SignedIn:
        permit(me, permission)
        return me

    return check


def require_acting(permission: Permission, *, by_person: bool = True) -> Callable[..., Awaitable[SignedIn]]:
    """A dependency for changing: as :func:`require`, called from our own page.

    Args:
        permission: what the role must allow.
        by_person: False for a call that the page makes by itself, which does not keep a session from ending as idle.
    """

    async def by_somebody(context: Ctx, me: OurPage) -> SignedIn:
        permit(me, permission)
        await keep_session(context, me)
        return me

    async def by_the_page(me: OurPage) -> SignedIn:
        permit(me, permission)
        return me

    return by_somebody if by_person else by_the_page
