"""The catalogue and the recommendation, public and stateless."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.context import Ctx
from api.database import now
from api.handoff.opening_hours import day_in_finland
from api.problems import Problem, documented
from api.services.schemas import RecommendationsIn, RecommendationsOut, ServiceOut, ServicePage
from catalogue import recommend
from catalogue.contract import InvalidAnswer
from catalogue.models import Service

router = APIRouter(prefix="/api/v1", tags=["catalogue"])

_INTERNAL = {"spoken_names", "themes"}
"""Indexed, not shown."""


def _service_out(service: Service) -> dict[str, Any]:
    return service.model_dump(mode="json", exclude=_INTERNAL)


@router.get("/services", summary="Search the catalogue", response_model=ServicePage)
async def search_services(
    context: Ctx,
    q: Annotated[str, Query(max_length=200, description="Words, also spoken ones or misspelt; empty: all.")] = "",
    group: Annotated[str | None, Query(max_length=80, description="A service group of the contract.")] = None,
    municipality: Annotated[str | None, Query(max_length=80, description="Whose residents can use it.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> dict[str, Any]:
    """Services that match, best match first."""
    index = await context.catalogue.index(context.database)
    page = index.search(q, group=group, municipality=municipality, limit=limit, offset=offset)
    return {"total": page.total, "items": [_service_out(service) for service in page.items]}


@router.get(
    "/services/{service_id}",
    summary="A service",
    response_model=ServiceOut,
    responses={404: documented("No such service.")},
)
async def get_service(context: Ctx, service_id: str) -> dict[str, Any]:
    """A service by its id, also one that has ended; ``replaced_by`` then names what took its place."""
    catalogue = await context.catalogue.catalogue(context.database)
    service = catalogue.service(service_id)
    if service is None:
        raise Problem(404, "service_not_found")
    return _service_out(service)


@router.post(
    "/recommendations",
    summary="Recommend services",
    response_model=RecommendationsOut,
    responses={422: documented("An unknown id or value.")},
)
async def post_recommendations(context: Ctx, body: RecommendationsIn) -> dict[str, Any]:
    """Recommend services for answers on a day, each with its reasons, and assess the need of joint service (TYP).
    Nothing is stored.
    """
    catalogue = await context.catalogue.catalogue(context.database)
    on = body.on or day_in_finland(now())
    try:
        result = await asyncio.to_thread(recommend.recommend, catalogue, body.answers, body.background, on)
    except InvalidAnswer:
        raise Problem(422, "answers_invalid") from None
    return result.model_dump(mode="json")
