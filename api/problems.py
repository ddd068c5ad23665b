"""Errors as ``application/problem+json`` (RFC 9457) with a title in Finnish. They never repeat what was sent."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Set
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from api.texts import say

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger(__name__)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "`urn:tienviitta:problem:` and a fixed word"},
        "title": {"type": "string", "description": "In Finnish, for a resident"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "array", "items": {}}, "reason": {"type": "string"}},
            },
        },
    },
}


def documented(description: str) -> dict[str, Any]:
    """A problem in the description of a call."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": SCHEMA}}}


class Problem(Exception):
    """An answer that is an error.

    Args:
        status: the HTTP status.
        key: which title, from ``problems`` in ``texts.yml``; it is also the last part of ``type``.
        detail: more, for the reader; ours, never what was sent.
        headers: of the answer.
        values: for the title's ``{names}``.
        extensions: more members of the document.
    """

    def __init__(
        self,
        status: int,
        key: str,
        *,
        detail: str | None = None,
        headers: dict[str, str] | None = None,
        values: dict[str, object] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(key)
        self.status = status
        self.key = key
        self.title = say(f"problems.{key}", **(values or {}))
        self.detail = detail
        self.headers = headers
        self.extensions = extensions

    def document(self) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": f"urn:tienviitta:problem:{self.key}",
            "title": self.title,
            "status": self.status,
            **self.extensions,
        }
        if self.detail:
            document["detail"] = self.detail
        return document

    def response(self) -> JSONResponse:
        """The problem as an HTTP answer."""
        return JSONResponse(self.document(), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def describe(error: BaseException) -> dict[str, Any]:
    """An unforeseen error for the log: its type and where, without its message, which may quote a resident."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "where": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }


_KEY_OF_STATUS = {
    400: "malformed",
    401: "unauthorized",
    404: "page_not_found",
    405: "method",
    413: "too_large",
}


def of_validation(error: RequestValidationError, known: Set[str] = frozenset()) -> Problem:
    """The problem for a body, path or query that does not fit: which fields, and our own word for why.

    Args:
        error: what the framework found.
        known: names of our own fields. Others were made up by the sender: they are input, and not repeated.
    """
    fields: list[dict[str, Any]] = []
    key = "invalid"
    for item in error.errors():
        reason = str(item.get("type", ""))
        if reason == "json_invalid":
            return Problem(400, "malformed")
        where = list(item.get("loc", ())[:1]) + [
            part for part in item.get("loc", ())[1:] if isinstance(part, int) or str(part) in known
        ]
        fields.append({"where": where, "reason": reason})
        if reason in _TITLES:
            key = reason
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, key, errors=fields)


_TITLES = {"text_invalid", "text_or_payload"}


def field_names(app: FastAPI) -> frozenset[str]:
    """The names of fields and parameters in the app's own description."""
    names: set[str] = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            properties = node.get("properties")
            if isinstance(properties, dict):
                names.update(properties)
            if isinstance(node.get("name"), str) and "in" in node:
                names.add(node["name"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(app.openapi())
    return frozenset(names)


def install(app: FastAPI) -> None:
    """Make every error of ``app`` a problem document."""
    known = cache(field_names)

    @app.exception_handler(Problem)
    async def _problem(_request: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        return of_validation(error, known(app)).response()

    @app.exception_handler(OperationalError)
    @app.exception_handler(InterfaceError)
    @app.exception_handler(PoolTimeout)
    @app.exception_handler(TimeoutError)
    async def _away(_request: Request, error: Exception) -> JSONResponse:
        """The database is locked, full or away. Nothing was acknowledged, and the same request may be sent again."""
        log.error("database", extra=describe(error))
        return Problem(503, "unavailable", headers={"Retry-After": "2"}).response()

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        key = _KEY_OF_STATUS.get(error.status_code, "other")
        headers = dict(error.headers) if error.headers else None
        return Problem(error.status_code, key, headers=headers).response()
