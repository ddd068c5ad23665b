"""The signed POST to the api that asks for a person (Standard Webhooks 1.0)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from settings import Settings
from settings.signing import SigningKeys, split_secrets

TIMEOUT_S = 2.5
"""Below the api's own limit for a turn, so that a failure can still be told within it."""


class HandoffFailed(Exception):
    """The request could not be delivered. Nothing is known of a handoff."""


class AdvisersClosed(Exception):
    """Nobody is there now. ``next_open`` tells in Finnish when somebody is, or is None."""

    def __init__(self, next_open: str | None) -> None:
        super().__init__("closed")
        self.next_open = next_open


@dataclass(frozen=True)
class Accepted:
    """The api's answer."""

    handoff_id: str
    status: str
    place: int | None


class HandoffClient:
    """Sends handoff requests to ``/webhooks/handoff``.

    Args:
        settings: the api's address and the secret.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.webhook_secret is None:
            raise ValueError("TIENVIITTA_WEBHOOK_SECRET is not set; make run creates it in development")
        self._keys = SigningKeys(split_secrets(settings.webhook_secret))
        self._url = f"{settings.api_loopback_url}/webhooks/handoff"
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)

    async def request(self, kind: str, data: dict[str, Any], *, turn: int | None = None) -> Accepted:
        """Ask for a person.

        Args:
            kind: ``chat`` or ``callback``.
            data: see docs/architecture.md.
            turn: number of the turn that asks; the same turn played again is then the same request.

        Raises:
            AdvisersClosed: outside opening hours.
            HandoffFailed: no answer, or not the one expected.
        """
        event = "handoff.requested" if kind == "chat" else "callback.requested"
        now = datetime.now(UTC)
        body = json.dumps(
            {
                "type": event,
                "timestamp": now.isoformat().replace("+00:00", "Z"),
                "data": {**data, "kind": kind},
            },
            ensure_ascii=False,
        )
        webhook_id = f"msg_{uuid.uuid4().hex}" if turn is None else f"msg_{data['conversation_id']}_{turn}"
        headers = {"content-type": "application/json", **self._keys.headers(webhook_id, now, body)}
        try:
            answer = await self._client.post(self._url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise HandoffFailed(type(error).__name__) from error
        if answer.status_code == 409:
            raise AdvisersClosed(_json(answer).get("next_open_text"))
        if answer.status_code != 202:
            raise HandoffFailed(f"HTTP {answer.status_code}")
        document = _json(answer)
        return Accepted(str(document.get("handoff_id")), str(document.get("status")), document.get("place"))


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError as error:
        raise HandoffFailed("not JSON") from error
    return document if isinstance(document, dict) else {}
