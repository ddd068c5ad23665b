"""A city's own directory as the way to sign in: OpenID Connect, authorization code with PKCE, state and nonce.

Nothing of a sign-in that is under way is kept here: what the return needs lies encrypted in the browser's cookie, so
that any api process can end what another began.
"""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from cryptography.fernet import InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.advisers.roles import STRONGEST_FIRST, Role
from api.problems import Problem
from api.security import keyring, new_token
from api.texts import say
from settings import Settings

log = logging.getLogger(__name__)

RETURN_PATH = "/adviser/sign-in/return"
SIGNED_OUT_PATH = "/adviser"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""How an ID token may be signed: with the directory's private key, never with a shared secret or not at all."""
PENDING_S = 600
TIMEOUT_S = 5.0
KEPT_S = 3600.0
CLOCK_LEEWAY_S = 60


@dataclass(frozen=True)
class Pending:
    """A sign-in under way, as the browser's cookie holds it."""

    state: str
    nonce: str
    verifier: str
    then: str
    """Our page to go to afterwards."""


@dataclass(frozen=True)
class Person:
    """Whom the directory vouches for."""

    issuer: str
    subject: str
    username: str
    display_name: str
    role: Role
    id_token: str


class Unproven(Exception):
    """What the directory sent does not prove who signs in; the text says why, and names nobody."""


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """The claim at a dotted path (``realm_access.roles``), or of exactly that name; None when there is none."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def role_of(claims: Mapping[str, Any], settings: Settings) -> Role | None:
    """The strongest role that the groups in ``claims`` give; None when they give none."""
    groups = claim(claims, settings.oidc_groups_claim)
    names = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    given = {settings.oidc_roles[name] for name in names if isinstance(name, str) and name in settings.oidc_roles}
    return next((role for role in STRONGEST_FIRST if role in given), None)


def in_allowed_domain(claims: Mapping[str, Any], settings: Settings) -> bool:
    """Whether the e-mail address is of an allowed domain, and not one that the directory says is unverified."""
    if not settings.oidc_domains:
        return True
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is False:
        return False
    return email.rpartition("@")[2].lower() in {domain.lower() for domain in settings.oidc_domains}


def _first_name(claims: Mapping[str, Any], settings: Settings) -> str:
    whole = claims.get("name")
    first_of_whole = whole.partition(" ")[0] if isinstance(whole, str) else None
    for name in (claim(claims, settings.oidc_name_claim), first_of_whole):
        if isinstance(name, str) and name.strip() and name.isprintable():
            return name.strip()[:100]
    return say("advisers.nameless")


def _username(claims: Mapping[str, Any], settings: Settings) -> str:
    name = claim(claims, settings.oidc_username_claim)
    text = name if isinstance(name, str) else str(claims["sub"])
    return "".join(c for c in text if c.isprintable() and not c.isspace())[:56] or "adviser"


class Directory:
    """The directory that ``oidc_issuer`` names. Its description and keys are kept for an hour."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keyring = keyring(settings)
        self._http = httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False)
        self._kept: dict[str, tuple[float, Any]] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def begin(self, then: str) -> tuple[str, str]:
        """Where the browser goes to sign in, and the sealed :class:`Pending` for its cookie.

        Raises:
            Problem: 503 when the directory does not answer.
        """
        pending = Pending(new_token(), new_token(), new_token(), then)
        about = await self._about()
        address = prepare_grant_uri(
            about["authorization_endpoint"],
            client_id=self._settings.oidc_client_id,
            response_type="code",
            redirect_uri=self._settings.url + RETURN_PATH,
            scope=self._settings.oidc_scopes,
            state=pending.state,
            nonce=pending.nonce,
            code_challenge=create_s256_code_challenge(pending.verifier),
            code_challenge_method="S256",
        )
        return address, self._keyring.encrypt(json.dumps(asdict(pending)).encode()).decode()

    def opened(self, sealed: str | None) -> Pending:
        """What a cookie holds.

        Raises:
            Problem: 400 when there is none, or it is too old or not ours.
        """
        try:
            content = self._keyring.decrypt((sealed or "").encode("utf-8", "replace"), ttl=PENDING_S)
            return Pending(**json.loads(content))
        except (InvalidToken, ValueError, TypeError):
            raise Problem(400, "sign_in_stale") from None

    async def finish(self, pending: Pending, sent: Mapping[str, str]) -> Person:
        """Who has signed in, from what the browser brought back.

        Raises:
            Problem: 400 for another sign-in's return, 401 when the answer proves nothing, 403 when the person has no
                role here or broke off, 503 when the directory does not answer.
        """
        if not hmac.compare_digest(pending.state.encode(), sent.get("state", "").encode("utf-8", "replace")):
            raise Problem(400, "sign_in_stale")
        if "error" in sent:
            raise Problem(403, "directory_refused")
        try:
            return await self._prove(pending, sent)
        except Unproven as why:
            log.warning("sign-in not proven", extra={"reason": str(why)})
            raise Problem(401, "directory_unproven") from None

    async def _prove(self, pending: Pending, sent: Mapping[str, str]) -> Person:
        about = await self._about()
        if sent.get("iss", about["issuer"]) != about["issuer"]:
            raise Unproven("the return names another issuer")
        tokens = await self._exchange(about, sent.get("code", ""), pending.verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise Unproven("no ID token")
        claims = await self._verified(about, id_token, pending.nonce, access_token)
        if claim(claims, self._settings.oidc_groups_claim) is None:
            claims = {**await self._user_info(about, access_token, claims["sub"]), **claims}
        role = role_of(claims, self._settings)
        if role is None or not in_allowed_domain(claims, self._settings):
            raise Problem(403, "no_role")
        return Person(
            issuer=about["issuer"],
            subject=claims["sub"],
            username=_username(claims, self._settings),
            display_name=_first_name(claims, self._settings),
            role=role,
            id_token=id_token,
        )

    async def _exchange(self, about: Mapping[str, Any], code: str, verifier: str) -> dict[str, Any]:
        """Trade the code for tokens."""
        client_id, secret = self._settings.oidc_client_id or "", self._settings.oidc_client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._settings.url + RETURN_PATH,
            "code_verifier": verifier,
        }
        auth: httpx.Auth = httpx.Auth()  # adds nothing
        if secret is None:
            form["client_id"] = client_id
        elif "client_secret_basic" in about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            auth = httpx.BasicAuth(quote(client_id, safe=""), quote(secret.get_secret_value(), safe=""))
        else:
            form |= {"client_id": client_id, "client_secret": secret.get_secret_value()}
        try:
            answer = await self._http.post(about["token_endpoint"], data=form, auth=auth)
        except httpx.HTTPError:
            raise Problem(503, "directory_down") from None
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Problem(503, "directory_down")
        if answer.status_code != httpx.codes.OK:
            raise Unproven(f"the code was refused with {answer.status_code}")
        return _document(answer)

    async def _verified(
        self, about: Mapping[str, Any], id_token: str, nonce: str, access_token: object
    ) -> dict[str, Any]:
        """The claims of an ID token that the directory signed, for us, for this sign-in, lately.

        Raises:
            Unproven: when it is not so.
        """
        token = None
        for fresh in (False, True):
            keys = await self._keys(about, fresh=fresh)
            try:
                token = jwt.decode(id_token, keys, algorithms=ALGORITHMS)
                break
            except (JoseError, ValueError) as error:
                # The directory may have changed its keys since they were fetched: once more with its present ones.
                reason = type(error).__name__
        if token is None:
            raise Unproven(f"the ID token's signature: {reason}")
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": about["issuer"]},
                "aud": {"essential": True, "value": self._settings.oidc_client_id or ""},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": self._settings.oidc_client_id, "access_token": access_token},
        )
        try:
            claims.validate(leeway=CLOCK_LEEWAY_S)
        except (JoseError, ValueError, TypeError) as error:
            raise Unproven(f"the ID token's claims: {type(error).__name__} {getattr(error, 'claim', '')}") from None
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise Unproven("the ID token's subject")
        return dict(claims)

    async def _user_info(self, about: Mapping[str, Any], access_token: object, subject: str) -> dict[str, Any]:
        """More claims of the same person, from directories that keep groups out of ID tokens; empty without any."""
        if not isinstance(access_token, str) or not isinstance(about.get("userinfo_endpoint"), str):
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        try:
            answer = await self._http.get(about["userinfo_endpoint"], headers=headers)
        except httpx.HTTPError:
            raise Problem(503, "directory_down") from None
        if answer.status_code != httpx.codes.OK:
            return {}
        found = _document(answer)
        if found.get("sub") != subject:
            raise Unproven("the user information is of somebody else")
        return found

    async def sign_out_address(self, id_token: str) -> str | None:
        """Where the browser goes to sign out of the directory, too; None when that is not offered, or it is down."""
        try:
            endpoint = (await self._about()).get("end_session_endpoint")
        except Problem:
            return None
        if not isinstance(endpoint, str):
            return None
        query = urlencode(
            {
                "id_token_hint": id_token,
                "client_id": self._settings.oidc_client_id or "",
                "post_logout_redirect_uri": self._settings.url + SIGNED_OUT_PATH,
            }
        )
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"

    async def _about(self) -> dict[str, Any]:
        """The directory's description of itself (discovery)."""
        issuer = self._settings.oidc_issuer or ""
        about = await self._get(issuer.rstrip("/") + "/.well-known/openid-configuration")
        if about.get("issuer") != issuer:
            log.error("the directory's description names another issuer than TIENVIITTA_OIDC_ISSUER")
            raise Problem(503, "directory_down")
        needed = [about.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        scheme = "https://" if issuer.startswith("https://") else "http"
        if not all(isinstance(address, str) and address.startswith(scheme) for address in needed):
            log.error("the directory's description lacks an address, or gives an unsafe one")
            raise Problem(503, "directory_down")
        return about

    async def _keys(self, about: Mapping[str, Any], *, fresh: bool) -> KeySet:
        found = await self._get(about["jwks_uri"], fresh=fresh)
        try:
            return KeySet.import_key_set({"keys": found["keys"]})
        except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unproven(f"the directory's keys: {type(error).__name__}") from None

    async def _get(self, address: str, *, fresh: bool = False) -> dict[str, Any]:
        """A JSON document of the directory, at most an hour old."""
        fetched, found = self._kept.get(address, (0.0, None))
        if found is None or fresh or time.monotonic() - fetched > KEPT_S:
            try:
                answer = (await self._http.get(address)).raise_for_status()
                found = _document(answer)
            except (httpx.HTTPError, Unproven) as error:
                log.warning("the directory does not answer", extra={"reason": type(error).__name__})
                raise Problem(503, "directory_down") from None
            self._kept[address] = (time.monotonic(), found)
        document: dict[str, Any] = found
        return document


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        raise Unproven("an answer that is not JSON") from None
    if not isinstance(found, dict):
        raise Unproven("an answer that is not an object")
    return found
