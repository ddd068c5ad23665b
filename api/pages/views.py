"""Pages and the widget: files of ``api/templates`` and ``api/static``, with the headers that keep them in bounds."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, TemplateNotFound

from api import VERSION
from api.context import Ctx
from api.pages import bundle
from api.problems import Problem

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STATIC = bundle.STATIC

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
            "contact_retention_days": settings.contact_retention_days,
            "adviser_hours": settings.adviser_hours,
            "feedback_email": settings.feedback_email,
        }
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


for _path in PAGES:
    router.add_api_route(_path, _page, methods=["GET", "HEAD"])


@router.get("/widget.js")
async def widget(request: Request) -> Response:
    """The script that a site embeds, as it is now."""
    return _script(bundle.widget(), request, "no-cache")


@router.get("/widget-{release}.js")
async def widget_release(release: str, request: Request) -> Response:
    """The same under a name of its own, for sites that pin it; another release than ours is not found."""
    script = bundle.widget()
    if script.name != f"widget-{release}.js":
        raise Problem(404, "page_not_found")
    return _script(script, request, "public, max-age=31536000, immutable")


def _script(script: bundle.Bundle, request: Request, caching: str) -> Response:
    tag = f'"{script.name}"'
    headers = {"Cache-Control": caching, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(script.gzipped if packed else script.code, media_type="text/javascript", headers=headers)
