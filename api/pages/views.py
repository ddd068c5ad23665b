"""Pages and the widget: files of ``api/templates`` and ``api/static``, with the headers that keep them in bounds."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, TemplateNotFound

from api import VERSION
from api.context import Ctx
from api.problems import Problem

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"

router = APIRouter(include_in_schema=False)
_pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=True)

PAGES = {
    "/": "demo.html",
    "/chat": "chat.html",
    "/adviser": "adviser.html",
    "/privacy": "privacy.html",
    "/accessibility": "accessibility.html",
}


async def _page(context: Ctx, request: Request) -> Response:
    settings = context.settings
    try:
        template = _pages.get_template(PAGES[request.url.path])
    except TemplateNotFound:
        raise Problem(404, "page_not_found") from None
    html = template.render(
        settings_public={
            "version": VERSION,
            "public_url": settings.url,
            "message_max_chars": settings.message_max_chars,
            "retention_days": settings.retention_days,
            "handoff_retention_days": settings.handoff_retention_days,
            "adviser_hours": settings.adviser_hours,
            "feedback_email": settings.feedback_email,
        }
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


for _path in PAGES:
    router.add_api_route(_path, _page, methods=["GET", "HEAD"])


@router.get("/widget.js")
async def widget() -> Response:
    """The script that a site embeds."""
    path = STATIC / "widget.js"
    if not path.is_file():
        raise Problem(404, "page_not_found")
    return FileResponse(path, media_type="text/javascript", headers={"Cache-Control": "no-cache"})
