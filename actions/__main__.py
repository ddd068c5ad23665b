"""Start the action server on the loopback address: ``python -m actions``.

rasa-sdk's own command listens on every address, allows any site (CORS) and sends the request, with what the resident
wrote, back in its error answers. This does none of it.
"""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor
from sanic import Request
from sanic.handlers import ErrorHandler
from sanic.response import HTTPResponse, json

from settings import get_settings

logger = logging.getLogger("actions")


class _Executor(ActionExecutor):  # type: ignore[misc]  # rasa-sdk ships no usable types
    """Takes a call without the domain: Rasa 3.6 does not send it with every turn, and no action of ours reads it."""

    def update_and_return_domain(self, payload: dict[str, Any], action_name: str) -> dict[str, Any]:  # noqa: ARG002
        """The domain of the call, or an empty one."""
        return payload.get("domain") or {}


async def _failed(_request: Request, exception: Exception) -> HTTPResponse:
    logger.error("action failed: %s", type(exception).__name__)
    return json({"error": "action failed"}, status=500)


def main() -> None:
    """Serve until stopped."""
    settings = get_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("rasa_sdk").setLevel(logging.WARNING)
    executor = _Executor()
    executor.register_package("actions")
    app = create_app(executor, cors_origins=[])
    # Sanic refuses a second handler for the same exception, so rasa-sdk's goes with the object that holds it.
    app.error_handler = ErrorHandler()
    app.error_handler.add(Exception, _failed)
    app.config.KEEP_ALIVE_TIMEOUT = 120
    app.run(
        host=settings.actions_host,
        port=settings.actions_port,
        single_process=True,
        access_log=False,
        motd=False,
    )


if __name__ == "__main__":
    main()
