"""Secrets: what must be set before the api starts, and how tokens are made and kept."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import secrets
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, MultiFernet

from api.handoff.opening_hours import load as load_opening_hours
from api.handoff.outcomes import read_replies
from api.limits import network_of, networks
from settings import Settings
from settings.receivers import Receiver
from settings.signing import BadSecret, SigningKeys, split_secrets

LEAST_DIFFERENT_BYTES = 14
"""24 random bytes have fewer different ones less than once in 10^8 secrets; zeros, words and counting do."""


class SettingsError(RuntimeError):
    """A setting is missing or cannot be used; the message is one line that says which and what to do."""


def keyring(settings: Settings) -> MultiFernet:
    """The encryption keys of ``settings``; the first encrypts, all decrypt.

    Raises:
        SettingsError: when there is none, or one is not a Fernet key.
    """
    raw = settings.encryption_keys.get_secret_value() if settings.encryption_keys else ""
    names = [key.strip() for key in raw.split(",") if key.strip()]
    if not names:
        raise SettingsError(
            "TIENVIITTA_ENCRYPTION_KEYS is not set: give one or more Fernet keys, comma-separated, newest first."
        )
    try:
        return MultiFernet([Fernet(name) for name in names])
    except ValueError:
        raise SettingsError(
            "TIENVIITTA_ENCRYPTION_KEYS holds something that is not a Fernet key (32 bytes, url-safe base64)."
        ) from None


def webhook_keys(settings: Settings) -> SigningKeys:
    """Signs and verifies Standard Webhooks with the secrets of ``settings``.

    Raises:
        SettingsError: when there is none, or one is malformed or too short.
    """
    try:
        return SigningKeys(split_secrets(settings.webhook_secret))
    except BadSecret as problem:
        raise SettingsError(
            f"TIENVIITTA_WEBHOOK_SECRET {problem}: give whsec_ and at least 24 random bytes in base64."
        ) from None


def receiver_keys(settings: Settings, receiver: Receiver) -> SigningKeys:
    """Signs what is for ``receiver``: with its own secrets, or with the common ones where it has none.

    Raises:
        SettingsError: when one is malformed or too short.
    """
    if not receiver.secrets:
        return webhook_keys(settings)
    try:
        return SigningKeys([secret.get_secret_value() for secret in receiver.secrets])
    except BadSecret as problem:
        raise SettingsError(f"TIENVIITTA_WEBHOOK_RECEIVERS: a secret of {receiver.key} {problem}.") from None


def check_settings(settings: Settings) -> None:
    """Check everything that the api cannot start without.

    Raises:
        SettingsError: with one line that names the setting and the remedy.
    """
    keyring(settings)
    webhook_keys(settings)
    for receiver in settings.webhook_receivers:
        receiver_keys(settings, receiver)
    try:
        load_opening_hours(settings.adviser_hours, settings.adviser_hours_file)
    except ValueError as error:
        raise SettingsError(f"TIENVIITTA_ADVISER_HOURS: {error}") from None
    try:
        if settings.ready_replies_file is not None:
            read_replies(settings.ready_replies_file)
    except ValueError as error:
        raise SettingsError(f"TIENVIITTA_READY_REPLIES_FILE: {error}") from None
    _check_sign_in(settings)
    if settings.environment == "production" and "*" in settings.allowed_hosts:
        raise SettingsError("TIENVIITTA_ALLOWED_HOSTS must name the service's own host names in production.")
    if settings.environment == "production":
        refuse_weak_secrets(settings)
    try:
        networks(settings.limit_exempt)
        network_of("192.0.2.1", ipv4_prefix=settings.limit_network_bits[0], ipv6_prefix=64)
        network_of("2001:db8::1", ipv4_prefix=24, ipv6_prefix=settings.limit_network_bits[1])
    except ValueError:
        raise SettingsError(
            "TIENVIITTA_LIMIT_EXEMPT takes networks as 10.0.0.0/8, TIENVIITTA_LIMIT_NETWORK_BITS as [24, 64]."
        ) from None


def refuse_weak_secrets(settings: Settings) -> None:
    """Refuse secrets that nobody drew at random: too few different bytes, or one that stands for both.

    Raises:
        SettingsError: with one line that names the setting.
    """
    seen: set[bytes] = set()
    for name, secret in (
        ("TIENVIITTA_ENCRYPTION_KEYS", settings.encryption_keys),
        ("TIENVIITTA_WEBHOOK_SECRET", settings.webhook_secret),
    ):
        for part in (secret.get_secret_value() if secret else "").split(","):
            text = part.strip().removeprefix("whsec_")
            with contextlib.suppress(ValueError):
                raw = base64.b64decode(text, altchars=b"-_" if "ENCRYPTION" in name else None)
                if raw and len(set(raw)) < LEAST_DIFFERENT_BYTES:
                    raise SettingsError(f"{name} holds a weak secret; make one at random, as deploy/README.md says.")
                if raw in seen:
                    raise SettingsError(f"{name} holds a secret that is already used; make another.")
                seen.add(raw)


def _check_sign_in(settings: Settings) -> None:
    """That there is a way to sign in, and that the directory can be trusted."""
    if settings.oidc_issuer is None:
        if not settings.password_sign_in:
            raise SettingsError("TIENVIITTA_PASSWORD_SIGN_IN is false, so TIENVIITTA_OIDC_ISSUER must be set.")
        return
    address = urlsplit(settings.oidc_issuer)
    if address.scheme != "https" and address.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise SettingsError("TIENVIITTA_OIDC_ISSUER must be an https address.")
    if not settings.oidc_client_id:
        raise SettingsError("TIENVIITTA_OIDC_CLIENT_ID is not set: give the id that the directory knows us by.")
    if not settings.oidc_roles:
        raise SettingsError('TIENVIITTA_OIDC_ROLES is not set: say which group has which role, {"group": "adviser"}.')


def new_token() -> str:
    """A bearer token of 256 random bits, url-safe."""
    return secrets.token_urlsafe(32)


def bearer_token(authorization: str | None) -> str:
    """The token of an ``Authorization`` header, however its scheme and spaces are written; empty when it has none.

    Whoever tells callers apart by their token must read it here: one token has many headers.
    """
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def token_hash(token: str) -> str:
    """What is stored of a token. A plain hash is enough: the token has 256 bits, there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
