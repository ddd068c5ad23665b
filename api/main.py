"""The api's application. ``uvicorn --factory api.main:create_app``, or ``uvicorn api.main:app``."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api import VERSION, logs, middleware, problems, worker
from api.advisers import pages as adviser_pages
from api.advisers.material import router as material
from api.advisers.sign_in import browser as directory_sign_in
from api.advisers.sign_in import router as sign_in
from api.advisers.views import router as advisers
from api.context import Context
from api.conversations.views import router as conversations
from api.figures.views import router as figures
from api.handoff.schemas import HandoffWebhook
from api.handoff.views import router as handoff
from api.health.views import router as health
from api.pages.views import STATIC
from api.pages.views import router as pages
from api.security import check_settings
from api.services.views import router as services
from settings import Settings, get_settings

DESCRIPTION = """
Tienviitta is a Finnish service-guidance chatbot of a municipality. This is its interface for the chat widget, for the
municipality's other systems and for tests. Errors are `application/problem+json` with a title in Finnish that a
resident could read. Identifiers of questions, values and service groups are fixed.
"""


def _describe_webhook(app: FastAPI) -> None:
    """Add the body of the webhook, which is read as bytes and verified first, to the description."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        template = "#/components/schemas/{model}"
        schema = HandoffWebhook.model_json_schema(ref_template=template)
        parts = schema.pop("$defs", {}) | {"HandoffWebhook": schema}
        document["components"]["schemas"].update(parts)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


async def _warm_up(context: Context) -> None:
    """Have the catalogue's index ready before someone searches; without it the first search is only slower."""
    with contextlib.suppress(Exception):
        await context.catalogue.index(context.database)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, ready to be served. The database must have been brought up to date (``api.database.upgrade``).

    Raises:
        SettingsError: when a secret is missing or cannot be used.
    """
    settings = settings or get_settings()
    check_settings(settings)
    logs.configure(settings.log_level)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        context = Context.of(settings)
        app.state.context = context
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(context.close)
            await stack.enter_async_context(context.signals.polling(context.database))
            if settings.worker_in_api:
                await stack.enter_async_context(worker.running(context))
            context.spawn(_warm_up(context))
            yield

    app = FastAPI(
        title="Tienviitta",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={
            422: problems.documented("Something that cannot be taken."),
            429: problems.documented("Too many calls; `Retry-After` says when to come back."),
        },
    )
    for router in (
        conversations,
        services,
        handoff,
        sign_in,
        directory_sign_in,
        advisers,
        figures,
        material,
        health,
        pages,
    ):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    problems.install(app)
    adviser_pages.install(app)
    _describe_webhook(app)
    # The last one added is the outermost.
    app.add_middleware(middleware.RateLimit, settings=settings)
    app.add_middleware(middleware.PublicCors, origins=settings.allowed_origins)
    app.add_middleware(middleware.BodyLimit)
    app.add_middleware(middleware.Hosts, allowed=settings.allowed_hosts)
    app.add_middleware(middleware.Guard, settings=settings)
    return app


def __getattr__(name: str) -> Any:
    """``app`` is made when it is asked for, so that importing this module needs no secrets."""
    if name == "app":
        return create_app()
    raise AttributeError(name)
