"""Liveness, readiness and figures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import Any

import httpx
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select

from api.context import Context, Ctx
from api.database import head_revision, now
from api.deliveries.models import Delivery
from api.figures import service as figures
from api.handoff.models import Handoff
from api.handoff.states import Status
from api.health import metrics
from api.problems import Problem, describe, documented

router = APIRouter(tags=["health"])
log = logging.getLogger(__name__)
CHECK_S = 2.0


@router.get("/healthz", summary="The process is up")
async def healthz() -> dict[str, str]:
    """Always the same while the process is up."""
    return {"status": "ok"}


async def _database(context: Context) -> bool:
    async with asyncio.timeout(CHECK_S):
        return await context.database.revision() == await asyncio.to_thread(head_revision)


async def _actions(context: Context) -> bool:
    async with asyncio.timeout(CHECK_S):
        answer = await context.actions.get("/health")
    return answer.status_code == httpx.codes.OK


async def _safely(check: Any) -> bool:
    try:
        return bool(await check)
    except Exception as error:
        log.info("not ready", extra=describe(error))
        return False


@router.get(
    "/readyz",
    summary="The process can serve",
    responses={503: documented("`missing` says what is not there.")},
)
async def readyz(context: Ctx) -> dict[str, Any]:
    """Whether the database has the newest schema, and the engine and the actions answer."""
    names = ("database", "engine", "actions")
    results = await asyncio.gather(
        _safely(_database(context)), _safely(context.engine.is_up()), _safely(_actions(context))
    )
    checks = dict(zip(names, results, strict=True))
    missing = [name for name, good in checks.items() if not good]
    if missing:
        raise Problem(503, "not_ready", missing=missing, checks=checks)
    return {"status": "ok", "checks": checks}


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def get_metrics(context: Ctx) -> Response:
    """Counters and histograms of this process, and the lengths of the queue and the outbox."""
    with contextlib.suppress(Exception):
        async with context.database.read() as session:
            waiting = await session.scalar(
                select(func.count()).select_from(Handoff).where(Handoff.status == Status.QUEUED)
            )
            metrics.QUEUE.set(waiting or 0)
            at = now()
            waits_s = await figures.recent_waits_s(session, at)
            for share in (0.5, 0.95):
                found = figures.quantile(waits_s, share)
                metrics.WAIT_SECONDS.labels(str(share)).set(math.nan if found is None else found)
            metrics.LONGEST_WAIT_SECONDS.set(await figures.longest_wait_s(session, at))
            rows = await session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
            for state, count in {"waiting": 0, "dead": 0, "delivered": 0, **{row[0]: row[1] for row in rows}}.items():
                metrics.OUTBOX.labels(state).set(count)
    return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)
