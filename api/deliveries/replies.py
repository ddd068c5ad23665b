"""A call to a receiver and what may be believed of its answer: the status, and a JSON document of bounded size."""

from __future__ import annotations

import json
from typing import Any

import httpx

LONGEST_BYTES = 1_000_000


class Refused(Exception):
    """The receiver did not take it: any status but 2xx, redirects too."""

    def __init__(self, status: int, retry_after: str | None = None) -> None:
        super().__init__(str(status))
        self.status = status
        self.retry_after = retry_after


async def ask(http: httpx.AsyncClient, method: str, url: str, *, wants_answer: bool = True, **request: Any) -> Any:
    """Call, and return the JSON of the answer; None when it is not wanted, and then its body is not even read.

    Raises:
        Refused: the status is not 2xx.
        httpx.DecodingError: the answer is too long or not JSON.
    """
    async with http.stream(method, url, **request) as answer:
        if not answer.is_success:
            raise Refused(answer.status_code, answer.headers.get("retry-after"))
        if not wants_answer:
            return None
        content = bytearray()
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > LONGEST_BYTES:
                raise httpx.DecodingError("too long")
    try:
        return json.loads(bytes(content))
    except (ValueError, RecursionError):
        raise httpx.DecodingError("not JSON") from None
