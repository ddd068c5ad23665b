"""Pages for advisers that the server makes: they need no script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import Cookie, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.advisers.access import keep_session, permit, signed_in
from api.advisers.roles import Permission, may
from api.advisers.service import SignedIn
from api.context import Ctx
from api.problems import Problem
from settings import ROOT

_pages = Environment(
    loader=FileSystemLoader(ROOT / "api" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_LINKS = (
    (Permission.SEE_TALKS, "console", "/adviser", "Työpöytä"),
    (Permission.SEE_FIGURES, "figures", "/adviser/figures", "Luvut"),
    (Permission.SEE_READY_REPLIES, "material", "/adviser/material", "Sisällöt"),
)


def render(template: str, **values: object) -> str:
    """The page of ``templates/adviser/{template}``."""
    return _pages.get_template(f"adviser/{template}").render(**values)


def links(me: SignedIn) -> list[tuple[str, str, str]]:
    """The pages that somebody may see: a word for each, its address and what the link says."""
    return [(word, href, text) for permission, word, href, text in _LINKS if may(me.adviser.role, permission)]


class TurnedAway(Exception):
    """Who asks for a page may not have it; the answer is a page, too."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.key)
        self.problem = problem


def reader(permission: Permission) -> Callable[..., Awaitable[SignedIn]]:
    """A dependency: who asks for a page and may have it. Opening one is a sign of a person."""

    async def check(context: Ctx, tienviitta_adviser: Annotated[str | None, Cookie()] = None) -> SignedIn:
        try:
            me = await signed_in(context, tienviitta_adviser)
            permit(me, permission)
        except Problem as problem:
            raise TurnedAway(problem) from None
        await keep_session(context, me)
        return me

    return check


def install(app: FastAPI) -> None:
    """Lead to the sign-in who is not signed in; show everybody else who is turned away a page that says why."""

    @app.exception_handler(TurnedAway)
    async def _turned_away(_request: Request, error: TurnedAway) -> Response:
        headers = {"Cache-Control": "no-store"}
        problem = error.problem
        if problem.status == HTTPStatus.UNAUTHORIZED:
            return RedirectResponse("/adviser", HTTPStatus.SEE_OTHER, headers=headers)
        return HTMLResponse(render("turned_away.html", title=problem.title), problem.status, headers=headers)
