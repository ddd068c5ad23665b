"""Standard Webhooks signatures with several secrets: every one signs, any one is accepted.

To change a secret put the new one in front, on both sides, in either order and without haste; take the old one away
once both sides know the new one. Nothing is refused in between.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pydantic import SecretStr
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

LEAST_BYTES = 24
MOST_SIGNATURES = 20
"""More than anybody rotates at once; a header full of them is not work that a stranger may give us."""


class BadSecret(ValueError):
    """A secret cannot be used; the message says why and never what it was."""


class BadSignature(Exception):
    """A webhook is not signed with any of our secrets, or not now."""


def split_secrets(value: SecretStr | None) -> list[str]:
    """The secrets of a setting: separated by commas, the newest first."""
    raw = value.get_secret_value() if value else ""
    return [one.strip() for one in raw.split(",") if one.strip()]


def _key(secret: str) -> Webhook:
    try:
        key = Webhook(secret)
    except (ValueError, RuntimeError, EmptyWebhookSecretError):
        raise BadSecret("is not whsec_ followed by base64") from None
    if len(key._whsecret) < LEAST_BYTES:
        raise BadSecret(f"is shorter than {LEAST_BYTES} bytes")
    return key


class SigningKeys:
    """Signs and verifies.

    Args:
        secrets: each ``whsec_`` and at least 24 bytes in base64, the newest first.

    Raises:
        BadSecret: one cannot be used, or there is none.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._keys = [_key(secret) for secret in secrets]
        if not self._keys:
            raise BadSecret("is not set")

    def headers(self, webhook_id: str, at: datetime, body: str) -> dict[str, str]:
        """The three headers of a webhook, with a signature by every secret.

        Args:
            webhook_id: the same on every try.
            at: the moment of this try, in any time zone.
            body: exactly as it is sent.

        Raises:
            ValueError: for a moment without a time zone.
        """
        if at.tzinfo is None:
            raise ValueError("a moment without a time zone")
        # The library takes the wall clock of any zone for UTC, and would sign a time that is hours off.
        at = at.astimezone(UTC)
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(key.sign(webhook_id, at, body) for key in self._keys),
        }

    def verify(self, body: str, headers: Mapping[str, str]) -> None:
        """Check that one of our secrets has signed this, within five minutes of now.

        Raises:
            BadSignature: it is unsigned, forged, tampered with, or too old or new.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        usable = [one for one in lower.get("webhook-signature", "").split(" ") if _is_signature(one)]
        if not usable or len(usable) > MOST_SIGNATURES:
            raise BadSignature
        # The library gives up at the first signature that it cannot read, whatever follows.
        lower["webhook-signature"] = " ".join(usable)
        for key in self._keys:
            try:
                key.verify(body, lower, json_parse=False)
            except (WebhookVerificationError, ValueError):
                continue
            return
        raise BadSignature


def _is_signature(text: str) -> bool:
    version, _, value = text.partition(",")
    try:
        return version == "v1" and len(base64.b64decode(value, validate=True)) > 0
    except (binascii.Error, ValueError):
        return False
