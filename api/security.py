"""Secrets: what must be set before the api starts, and how tokens are made and kept."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.fernet import Fernet, MultiFernet
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from api.handoff.opening_hours import parse_hours
from settings import Settings

MIN_WEBHOOK_SECRET_BYTES = 24


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


def webhook_signer(settings: Settings) -> Webhook:
    """Signs and verifies Standard Webhooks with the secret of ``settings``.

    Raises:
        SettingsError: when the secret is missing, malformed or shorter than 24 bytes.
    """
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    if not secret:
        raise SettingsError("TIENVIITTA_WEBHOOK_SECRET is not set: give whsec_ and at least 24 random bytes in base64.")
    try:
        signer = Webhook(secret)
    except (ValueError, RuntimeError, EmptyWebhookSecretError):
        raise SettingsError("TIENVIITTA_WEBHOOK_SECRET is not whsec_ followed by base64.") from None
    if len(signer._whsecret) < MIN_WEBHOOK_SECRET_BYTES:
        raise SettingsError(f"TIENVIITTA_WEBHOOK_SECRET is shorter than {MIN_WEBHOOK_SECRET_BYTES} bytes.")
    return signer


def check_settings(settings: Settings) -> None:
    """Check everything that the api cannot start without.

    Raises:
        SettingsError: with one line that names the setting and the remedy.
    """
    keyring(settings)
    webhook_signer(settings)
    if settings.adviser_hours is not None:
        try:
            parse_hours(settings.adviser_hours)
        except ValueError as error:
            raise SettingsError(f"TIENVIITTA_ADVISER_HOURS: {error}") from None
    if settings.environment == "production" and "*" in settings.allowed_hosts:
        raise SettingsError("TIENVIITTA_ALLOWED_HOSTS must name the service's own host names in production.")


def new_token() -> str:
    """A bearer token of 256 random bits, url-safe."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token. A plain hash is enough: the token has 256 bits, there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
