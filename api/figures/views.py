"""``/adviser/figures``: the page of a supervisor, without scripts, and the same as CSV."""

from __future__ import annotations

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import AfterValidator

from api.advisers import audit, pages
from api.advisers.roles import Permission
from api.advisers.service import SignedIn
from api.context import Context, Ctx
from api.database import now
from api.figures import service, tables

router = APIRouter(prefix="/adviser", include_in_schema=False)

DAYS = (7, 30, 90)


def _offered(days: int) -> int:
    if days not in DAYS:
        raise ValueError("not one of the periods")
    return days


Days = Annotated[int, AfterValidator(_offered), Query()]
Reader = Annotated[SignedIn, Depends(pages.reader(Permission.SEE_FIGURES))]
_NO_STORE = {"Cache-Control": "no-store"}


async def _figures(context: Context, me: SignedIn, days: int) -> service.Figures:
    """The figures; that they were read is audited."""
    async with context.database.read() as session:
        found = await service.figures(session, days=days, at=now())
    async with context.database.write() as session:
        audit.audit(session, audit.FIGURES_READ, adviser_id=me.adviser.id)
    return found


@router.get("/figures")
async def get_page(context: Ctx, me: Reader, days: Days = 30) -> Response:
    """The figures with plots, each with its table."""
    shown = tables.of(await _figures(context, me, days))
    html = pages.render(
        "figures.html", shown=shown, days=days, choices=DAYS, name=me.adviser.display_name, here="figures",
        links=pages.links(me),
    )  # fmt: skip
    return HTMLResponse(html, headers=_NO_STORE)


@router.get("/figures.csv")
async def get_csv(context: Ctx, me: Reader, days: Days = 30) -> Response:
    """The tables of the page one after another, small counts hidden likewise; as Finnish spreadsheets read it."""
    file = io.StringIO()
    rows = csv.writer(file, delimiter=";", lineterminator="\r\n")
    for table in tables.of(await _figures(context, me, days)).tables:
        rows.writerow([table.title])
        rows.writerow(table.head)
        rows.writerows(table.rows)
        rows.writerow([])
    headers = {**_NO_STORE, "Content-Disposition": f'attachment; filename="tienviitta-luvut-{days}.csv"'}
    return Response(file.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)
