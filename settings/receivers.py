"""Who gets the outgoing webhooks, and how: the value of ``TIENVIITTA_WEBHOOK_RECEIVERS``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

EventType = Literal[
    "handoff.requested", "handoff.accepted", "handoff.closed", "handoff.cancelled", "callback.requested"
]
KEY_MAX = 200


class Receiver(BaseModel):
    """One receiver. A plain address is taken for one that gets every event, thin and signed with the common secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Where webhooks are sent; for Chatwoot the address of its installation.")
    name: str | None = Field(
        None, min_length=1, max_length=80, description="What lists call it; its address otherwise."
    )
    kind: Literal["standard", "chatwoot"] = "standard"
    payload: Literal["thin", "full"] = "thin"
    """``thin``: identifiers and a link. ``full``: also the summary that the resident agreed to pass on."""
    events: tuple[EventType, ...] | None = Field(None, min_length=1, description="Only these; all when not given.")
    secrets: tuple[SecretStr, ...] = ()
    """Of this receiver alone, each ``whsec_…``; every one signs. The common ones when there are none."""
    inbox: SecretStr | None = Field(None, description="Chatwoot: the identifier of the API inbox.")
    identity_key: SecretStr | None = Field(
        None, description="Chatwoot: key of its identity validation, where it is on."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_address(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value

    @field_validator("url")
    @classmethod
    def _usable(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ValueError("give an address that begins with https:// or http://")
        if parts.username or parts.password:
            raise ValueError("a name or password has no place in an address")
        if len(value) > KEY_MAX:
            raise ValueError(f"the address is longer than {KEY_MAX} characters")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Receiver:
        if (self.kind == "chatwoot") != (self.inbox is not None):
            raise ValueError("inbox belongs to a receiver of the kind chatwoot, which needs it")
        return self

    @property
    def key(self) -> str:
        """What the outbox and the lists call it."""
        return self.name or self.url

    @property
    def carries_texts(self) -> bool:
        """Whether what it gets says more than identifiers."""
        return self.payload == "full"

    def wants(self, event: str) -> bool:
        """Whether it gets this event."""
        return self.events is None or event in self.events


def check_receivers(receivers: Sequence[Receiver], *, production: bool) -> None:
    """Check what no receiver can tell by itself.

    Raises:
        ValueError: two have the same name, or texts about residents would go unencrypted in production.
    """
    keys = [receiver.key for receiver in receivers]
    if len(set(keys)) < len(keys):
        raise ValueError("two webhook receivers have the same name or address; give each a name of its own")
    for receiver in receivers:
        if production and receiver.carries_texts and not receiver.url.startswith("https://"):
            raise ValueError("a webhook receiver with full payloads needs an address that begins with https://")
