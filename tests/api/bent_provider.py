"""An OpenID Connect provider whose every answer a test can bend: what a good one would never send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID, CLIENT_SECRET = "tienviitta", "salaisuus & muuta"
GROUP = "tienviitta-neuvojat"


def _token(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token that a library would refuse to make: unsigned, or signed with a public key as if it were a secret."""

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    said = ".".join(part(json.dumps(document).encode()) for document in (header, claims))
    return f"{said}.{part(hmac.digest(secret, said.encode(), 'sha256')) if secret else ''}"


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class BentProvider:
    """``claims`` are put over the good ones, None takes one out; ``signing`` is rs256, none or hs256."""

    port: int
    key: RSAKey = field(default_factory=lambda: new_key("first"))
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    signing: str = "rs256"
    signing_key: RSAKey | None = None
    token_status: int = 200
    is_down: bool = False
    user_info: dict[str, Any] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    basic: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        self.claims, self.about, self.signing, self.signing_key = {}, {}, "rs256", None
        self.token_status, self.is_down, self.user_info = 200, False, None

    def _id_token(self, nonce: str) -> str:
        at = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url, "sub": "sub-1", "aud": CLIENT_ID, "exp": at + 300, "iat": at, "nonce": nonce,
            "preferred_username": "maija.malli", "given_name": "Maija", "email": "maija.malli@kunta.example",
            "groups": [GROUP], **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.signing == "none":
            return _token({"alg": "none", "typ": "JWT"}, claims, None)
        if self.signing == "hs256":
            return _token({"alg": "HS256", "kid": self.key.kid}, claims, self.key.as_pem(private=False))
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.signing_key or self.key)

    def app(self) -> Starlette:
        async def about(_request: Request) -> Response:
            if self.is_down:
                return Response(status_code=502)
            return JSONResponse(
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "userinfo_endpoint": f"{self.url}/userinfo",
                    "jwks_uri": f"{self.url}/keys",
                    **self.about,
                }
            )

        async def keys(_request: Request) -> Response:
            return JSONResponse(KeySet([self.key]).as_dict(private=False))

        async def authorize(request: Request) -> Response:
            sent = dict(request.query_params)
            assert sent["response_type"] == "code"
            assert sent["code_challenge_method"] == "S256"
            code = f"code-{len(self.codes)}"
            self.codes[code] = sent
            answer = urlencode({"code": code, "state": sent["state"]})
            return RedirectResponse(f"{sent['redirect_uri']}?{answer}", 302)

        async def token(request: Request) -> Response:
            sent = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
            self.basic.append(request.headers.get("authorization", ""))
            asked = self.codes.pop(sent.get("code", ""), None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
            if asked is None or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
            if self.token_status != 200:
                return JSONResponse({"error": "no"}, self.token_status)
            return JSONResponse(
                {"access_token": "access", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}
            )

        async def user_info(_request: Request) -> Response:
            return JSONResponse(self.user_info) if self.user_info is not None else Response(status_code=404)

        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", about),
                Route("/keys", keys),
                Route("/authorize", authorize),
                Route("/token", token, methods=["POST"]),
                Route("/userinfo", user_info),
            ]
        )


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.partition("?")[2]))
