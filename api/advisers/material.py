"""``/adviser/material``: ready replies and the catalogue, for those who keep them; no talks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from api.advisers import pages
from api.advisers.roles import Permission
from api.advisers.service import SignedIn
from api.context import Ctx
from api.figures.tables import day
from api.handoff import outcomes

router = APIRouter(prefix="/adviser", include_in_schema=False)

Reader = Annotated[SignedIn, Depends(pages.reader(Permission.SEE_READY_REPLIES))]


@router.get("/material")
async def get_page(context: Ctx, me: Reader) -> Response:
    """What advisers can offer: texts and services, as they are in use now."""
    catalogue = await context.catalogue.catalogue(context.database)
    html = pages.render(
        "material.html",
        replies=outcomes.ready_replies(context.settings.ready_replies_file),
        services=sorted(catalogue.services, key=lambda service: service.name.casefold()),
        day=day,
        name=me.adviser.display_name,
        here="material",
        links=pages.links(me),
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})
