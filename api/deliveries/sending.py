"""One try to deliver: the calls that a kind of receiver takes, within one limit for all of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from api.deliveries import chatwoot
from api.deliveries.addresses import CheckedTransport, Network, was_refused
from api.deliveries.models import Delivery
from api.deliveries.replies import Refused, ask
from settings.receivers import Receiver
from settings.signing import SigningKeys

TIMEOUT_S = 15.0
"""For everything that a try takes, name look-up to last byte; a drip does not stretch it."""


@dataclass(frozen=True)
class Outcome:
    """What came of a try.

    Args:
        word: for the lists: a status code, or the kind of failure.
        delivered: whether the receiver took it.
        gone: whether the receiver said that it is gone for good (410).
        retry_after: what the answer's header of that name says.
    """

    word: str
    delivered: bool = False
    gone: bool = False
    retry_after: str | None = None


def client(private: Sequence[Network] = ()) -> httpx.AsyncClient:
    """The client for receivers: no redirect is followed, no proxy or cookie of this machine's is used."""
    return httpx.AsyncClient(
        transport=CheckedTransport(private), timeout=TIMEOUT_S, follow_redirects=False, trust_env=False
    )


async def send(
    http: httpx.AsyncClient, *, receiver: Receiver, keys: SigningKeys, delivery: Delivery, at: datetime
) -> Outcome:
    """Try once.

    Args:
        http: from :func:`client`.
        receiver: who it is for.
        keys: that sign it.
        delivery: what it is.
        at: the present moment.
    """
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if receiver.kind == "chatwoot":
                await chatwoot.deliver(http, receiver, delivery)
            else:
                await _post(http, receiver, keys, delivery, at)
    except Refused as refused:
        gone = refused.status == httpx.codes.GONE
        return Outcome(str(refused.status), gone=gone, retry_after=refused.retry_after)
    except (TimeoutError, httpx.TimeoutException):
        return Outcome("timeout")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Outcome("address refused" if was_refused(error) else "no answer")
    return Outcome("delivered", delivered=True)


def document(delivery: Delivery) -> dict[str, Any]:
    """The body of a webhook: what is in the outbox, with the details where the receiver gets them."""
    payload: dict[str, Any] = delivery.payload
    return {**payload, "data": {**payload["data"], **(delivery.details or {})}}


async def _post(
    http: httpx.AsyncClient, receiver: Receiver, keys: SigningKeys, delivery: Delivery, at: datetime
) -> None:
    body = json.dumps(document(delivery), ensure_ascii=False, separators=(",", ":"))
    headers = {"content-type": "application/json", **keys.headers(delivery.webhook_id, at, body)}
    await ask(http, "POST", receiver.url, content=body.encode(), headers=headers, wants_answer=False)
