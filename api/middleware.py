"""What happens to every request: host check, size limit, headers, figures, and errors that tell nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.health import metrics
from api.limits import Buckets, Open, is_within, network_of, networks, retry_after
from api.problems import Problem, describe
from api.security import bearer_token, token_hash
from settings import Settings

log = logging.getLogger("api.requests")

BODY_MAX_BYTES = 64 * 1024
WEBHOOK_MAX_BYTES = 256 * 1024
"""A request for a person carries a summary and recommendations."""
BODY_TIMEOUT_S = 15.0
PUBLIC_PREFIXES = ("/api/v1/", "/widget.js", "/widget-", "/static/")
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    await problem.response()(scope, receive, send)


class Hosts:
    """Answers only requests for hosts that the service is known by; ``*.example.fi`` takes every name under it."""

    def __init__(self, app: ASGIApp, allowed: Sequence[str]) -> None:
        self.app = app
        self.allowed = [name.lower() for name in allowed]

    def _is_allowed(self, host: str) -> bool:
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        name = name.lower()
        return any(
            pattern in {"*", name} or (pattern.startswith("*.") and name.endswith(pattern[1:]))
            for pattern in self.allowed
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http" and not self._is_allowed(Headers(scope=scope).get("host", "")):
            await _refuse(Problem(400, "host"), scope, receive, send)
            return
        await self.app(scope, receive, send)


class BodyLimit:
    """Reads the body first, up to a limit in bytes and seconds: nothing behind it sees a huge or endless one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        limit = WEBHOOK_MAX_BYTES if scope["path"].startswith("/webhooks/") else BODY_MAX_BYTES
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            await _refuse(Problem(413, "too_large", headers={"Connection": "close"}), scope, receive, send)
            return
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return
                    body += message.get("body", b"")
                    if len(body) > limit:
                        problem = Problem(413, "too_large", headers={"Connection": "close"})
                        await _refuse(problem, scope, receive, send)
                        return
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            await _refuse(Problem(408, "too_slow", headers={"Connection": "close"}), scope, receive, send)
            return
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, replay, send)


class RateLimit:
    """Slows down who calls the public chat too often: by talk, and by network.

    A talk is known by its token, so nobody can use up another's share. Behind a proxy the server must trust the proxy's
    ``X-Forwarded-For`` (uvicorn does so for loopback), or all residents are one network.
    """

    TALKS = "/api/v1/conversations"
    STREAM_RETRY_S = 10.0

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.talks = Buckets(settings.limit_talks)
        self.calls = Buckets(settings.limit_calls)
        self.messages = Buckets(settings.limit_messages)
        self.streams = Open(settings.limit_streams)
        self.exempt = networks(settings.limit_exempt)

    def _address(self, scope: Scope) -> str:
        client = scope.get("client")
        return client[0] if client else ""

    def _check(self, scope: Scope, address: str, token: str) -> Problem | None:
        """What stands against this call, if anything does."""
        ipv4, ipv6 = self.settings.limit_network_bits
        network = network_of(address, ipv4_prefix=ipv4, ipv6_prefix=ipv6)
        posts = scope["method"] == "POST"
        if wait := self.calls.take(network):
            return Problem(429, "rate_network", headers=retry_after(wait))
        if posts and scope["path"].rstrip("/") == self.TALKS and (wait := self.talks.take(network)):
            return Problem(429, "rate_network", headers=retry_after(wait))
        if posts and token and scope["path"].endswith("/messages") and (wait := self.messages.take(token)):
            return Problem(429, "rate", headers=retry_after(wait))
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/v1/") or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        sent = bearer_token(Headers(scope=scope).get("authorization"))
        token = token_hash(sent) if sent else ""
        address = self._address(scope)
        if not is_within(address, self.exempt) and (problem := self._check(scope, address, token)):
            metrics.LIMITED.labels(problem.key).inc()
            await _refuse(problem, scope, receive, send)
            return
        if not (token and scope["path"].endswith("/events")):
            await self.app(scope, receive, send)
            return
        with self.streams.one_more(token) as may_open:
            if may_open:
                await self.app(scope, receive, send)
            else:
                metrics.LIMITED.labels("too_many_streams").inc()
                problem = Problem(429, "too_many_streams", headers=retry_after(self.STREAM_RETRY_S))
                await _refuse(problem, scope, receive, send)


def content_security_policy(path: str, settings: Settings) -> str:
    """The policy of a page: own files only, nothing inline, framed by nobody but the sites that embed the chat."""
    if path == "/chat":
        framed_by = " ".join(["'self'", *settings.allowed_origins])
    elif path == "/":
        framed_by = "'self'"
    else:
        framed_by = "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; manifest-src 'self'; media-src 'self'; "
        f"base-uri 'none'; form-action 'self'; frame-ancestors {framed_by}"
    )


class Guard:
    """Sets headers, counts, and turns an unforeseen error into an apology; its text goes nowhere."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    def _set_headers(self, headers: MutableHeaders, path: str) -> None:
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "no-referrer")
        headers.setdefault("Content-Security-Policy", content_security_policy(path, self.settings))
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        public = path.startswith(PUBLIC_PREFIXES)
        headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if public else "same-origin")
        if self.settings.url.startswith("https://"):
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if path.startswith(("/api/", "/adviser/api/", "/webhooks/")):
            headers.setdefault("Cache-Control", "no-store")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._set_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            log.error("unforeseen error", extra={"route": _route(scope), **describe(error)})
            if status == 0:
                await _refuse(Problem(500, "internal"), scope, receive, sending)
        finally:
            took = time.monotonic() - started
            route = _route(scope)
            metrics.REQUESTS.labels(_method(scope), route, str(status)).inc()
            if not route.endswith("/events"):  # they last as long as someone listens
                metrics.REQUEST_SECONDS.labels(route).observe(took)
            if route not in QUIET:
                log.info(
                    "request",
                    extra={"method": _method(scope), "route": route, "status": status, "ms": round(took * 1000)},
                )


def _route(scope: Scope) -> str:
    """The route's pattern, never the address itself, which names a talk."""
    route = scope.get("route")
    return str(getattr(route, "path", None) or "unknown")


def _method(scope: Scope) -> str:
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return scope["method"] if scope["method"] in known else "other"


class PublicCors:
    """Lets the sites that embed the widget call the public chat, without credentials; nothing else of ours."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self.app = app
        self.cors = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_credentials=False,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Last-Event-ID"],
            expose_headers=["Content-Disposition", "Retry-After"],
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        public = scope["type"] == "http" and scope["path"].startswith(PUBLIC_PREFIXES)
        await (self.cors if public else self.app)(scope, receive, send)
