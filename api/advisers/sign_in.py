"""Signing in, with a password or through the city's directory, and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from sqlalchemy.exc import IntegrityError

from api.advisers import audit, directory, pages, service
from api.advisers.access import COOKIE, RESPONSES, Acting, Me, acting
from api.advisers.directory import Directory, Person
from api.advisers.models import Adviser
from api.advisers.roles import PERMISSIONS, Role
from api.advisers.schemas import DirectoryWay, SessionOut, SignedOut, SignIn, SignInWays
from api.context import Context, Ctx
from api.health import metrics
from api.problems import Problem, documented

router = APIRouter(prefix="/adviser/api", tags=["adviser"], responses=RESPONSES)
browser = APIRouter(prefix="/adviser/sign-in", include_in_schema=False)
"""Pages that a browser goes through on its way to the directory and back."""

START_PATH = "/adviser/sign-in/start"
PENDING_COOKIE = "tienviitta_sign_in"
PENDING_PATH = "/adviser/sign-in"
THEN = ("/adviser", "/adviser/figures", "/adviser/material")
"""Where one may be led after signing in; nothing else, or a link could lead anywhere."""


def _is_secure(context: Context) -> bool:
    return context.settings.url.startswith("https://")


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _session_out(adviser: Adviser, csrf_token: str) -> SessionOut:
    return SessionOut(
        username=adviser.username,
        display_name=adviser.display_name,
        role=adviser.role,
        permissions=sorted(PERMISSIONS[Role(adviser.role)]),
        csrf_token=csrf_token,
    )


async def _limit(context: Context, *, way: str, username: str | None, address: str) -> None:
    """Stop somebody who has failed too often.

    Raises:
        Problem: 429 with the time to wait.
    """
    async with context.database.read() as session:
        limited = await audit.too_many_failures(session, username=username, address=address)
    if limited:
        metrics.SIGN_INS.labels(way, "limited").inc()
        wait = str(int(audit.FAILURE_WINDOW.total_seconds()))
        raise Problem(429, "too_many", headers={"Retry-After": wait})


async def _failed(context: Context, *, way: str, username: str | None, address: str) -> None:
    metrics.SIGN_INS.labels(way, "failed").inc()
    async with context.database.write() as session:
        audit.audit(session, audit.SIGN_IN_FAILED, username=username, address=address)


def _set_session(context: Context, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(context.settings.adviser_session_hours * 3600),
        path="/adviser",
        httponly=True,
        samesite="strict",
        secure=_is_secure(context),
    )


@router.get("/sign-in", summary="How one may sign in")
async def get_ways(context: Ctx) -> SignInWays:
    """Whether there is a password sign-in, and where the city's own begins."""
    way = DirectoryWay(label=context.settings.oidc_label, href=START_PATH) if context.directory else None
    return SignInWays(password=context.settings.password_sign_in, directory=way)


@router.post("/session", summary="Sign in", responses={429: documented("Too many failures; `Retry-After` says.")})
async def sign_in(context: Ctx, request: Request, response: Response, body: SignIn) -> SessionOut:
    """Sign in with a password; the session is a cookie. 429 after too many failures."""
    if not context.settings.password_sign_in:
        raise Problem(403, "password_off")
    address = _address(request)
    # One after another from a network: of many at once all would be let through before the first failure is counted.
    async with context.sign_in_lock(audit.network_of(address)):
        await _limit(context, way="password", username=body.username, address=address)
        async with context.database.read() as session:
            adviser = await service.by_username(session, body.username)
        if not await service.check_password(adviser, body.password) or adviser is None:
            await _failed(context, way="password", username=body.username, address=address)
            raise Problem(401, "sign_in_failed")
    async with context.database.write() as session:
        token = service.begin_session(session, adviser=adviser, hours=context.settings.adviser_session_hours)
        audit.audit(session, audit.SIGN_IN, adviser_id=adviser.id, address=address)
    metrics.SIGN_INS.labels("password", "ok").inc()
    _set_session(context, response, token)
    return _session_out(adviser, service.csrf_of(token))


@router.get("/session", summary="Who is signed in")
async def get_session(me: Me) -> SessionOut:
    """Who is signed in; 401 when nobody is."""
    return _session_out(me.adviser, me.csrf_token)


@router.post("/session/presence", status_code=204, summary="Somebody is at the screen", dependencies=[Depends(acting)])
async def presence() -> Response:
    """A person uses the page: the session does not end as idle."""
    return Response(status_code=204)


@router.delete(
    "/session",
    status_code=204,
    summary="Sign out",
    responses={200: {"description": "The directory wants to be told, too.", "model": SignedOut}},
)
async def sign_out(context: Ctx, me: Acting) -> Response:
    """Sign out."""
    async with context.database.write() as session:
        id_token = await service.id_token_of(session, me.session_hash)
        await service.end_session(session, me.session_hash)
        audit.audit(session, audit.SIGN_OUT, adviser_id=me.adviser.id)
    onward = None
    if id_token is not None and context.directory is not None:
        onward = await context.directory.sign_out_address(id_token)
    if onward is None:
        response = Response(status_code=204)
    else:
        response = Response(SignedOut(end_session_url=onward).model_dump_json(), media_type="application/json")
    response.delete_cookie(COOKIE, path="/adviser", httponly=True, samesite="strict")
    return response


def _directory(context: Context) -> Directory:
    if context.directory is None:
        raise Problem(404, "directory_off")
    return context.directory


@browser.get("/start")
async def start(context: Ctx, request: Request, then: Annotated[str, Query()] = THEN[0]) -> Response:
    """Send the browser to the directory."""
    try:
        await _limit(context, way="directory", username=None, address=_address(request))
        address, sealed = await _directory(context).begin(then if then in THEN else THEN[0])
    except Problem as problem:
        return _told(problem)
    response = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        PENDING_COOKIE,
        sealed,
        max_age=directory.PENDING_S,
        path=PENDING_PATH,
        httponly=True,
        samesite="lax",  # the directory's page leads back here, and the cookie must come along
        secure=_is_secure(context),
    )
    return response


@browser.get("/return")
async def come_back(
    context: Ctx, request: Request, tienviitta_sign_in: Annotated[str | None, Cookie()] = None
) -> Response:
    """Take what the directory says, and begin a session."""
    address = _address(request)
    try:
        await _limit(context, way="directory", username=None, address=address)
        pending = _directory(context).opened(tienviitta_sign_in)
        person = await _directory(context).finish(pending, dict(request.query_params))
        token = await _session_of(context, person, address)
    except Problem as problem:
        if problem.status in {400, 401, 403}:
            await _failed(context, way="directory", username=None, address=address)
        return _told(problem)
    metrics.SIGN_INS.labels("directory", "ok").inc()
    # A page that goes on by itself, not a redirect: the session's cookie is sent only where our own page leads.
    response = HTMLResponse(pages.render("signed_in.html", then=pending.then), headers={"Cache-Control": "no-store"})
    _set_session(context, response, token)
    return _forget_pending(response)


async def _session_of(context: Context, person: Person, address: str) -> str:
    """Begin a session for whom the directory vouches for, with an account that is made at the first sign-in.

    Raises:
        Problem: 403 when the account is disabled.
    """
    for last_try in (False, True):
        try:
            async with context.database.write() as session:
                adviser = await service.of_directory(session, person)
                if adviser.disabled_at is not None:
                    raise Problem(403, "account_disabled")
                token = service.begin_session(
                    session, adviser=adviser, hours=context.settings.adviser_session_hours, id_token=person.id_token
                )
                audit.audit(session, audit.SIGN_IN, adviser_id=adviser.id, address=address)
                return token
        except IntegrityError:
            # Two first sign-ins at once: the account that the other made is there now.
            if last_try:
                raise
    raise AssertionError


def _told(problem: Problem) -> Response:
    """A problem as a page, for a browser that was led here."""
    page = pages.render("sign_in_failed.html", title=problem.title, retry=problem.key != "directory_off")
    headers = {"Cache-Control": "no-store", **(problem.headers or {})}
    return _forget_pending(HTMLResponse(page, problem.status, headers=headers))


def _forget_pending(response: Response) -> Response:
    response.delete_cookie(PENDING_COOKIE, path=PENDING_PATH, httponly=True, samesite="lax")
    return response
