"""Typed settings of every process, from the environment, `.env` and `var/secrets.env`, in that order.

Every name has the prefix ``TIENVIITTA_``; ``HOST`` and ``PORT`` are also taken without it.
Outside development a missing or default secret stops the start (see :func:`api.security.check_settings`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import (
    AliasChoices,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from settings.receivers import Receiver, check_receivers

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""
DATABASES = frozenset({"sqlite", "postgresql", "postgres"})


class Settings(BaseSettings):
    """All settings. Times are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="TIENVIITTA_",
        env_file=(ROOT / "var" / "secrets.env", ROOT / ".env"),
        extra="ignore",
        # What is wrong may be a secret.
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = "development"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    host: str = Field("127.0.0.1", validation_alias=AliasChoices("TIENVIITTA_HOST", "HOST"))
    port: int = Field(8000, ge=1, le=65535, validation_alias=AliasChoices("TIENVIITTA_PORT", "PORT"))
    public_url: str | None = Field(
        None, description="Address that residents and advisers see, if not http://host:port."
    )
    engine_host: str = "127.0.0.1"
    engine_port: int = Field(5005, ge=1, le=65535)
    actions_host: str = "127.0.0.1"
    actions_port: int = Field(5055, ge=1, le=65535)

    var_dir: Path = ROOT / "var"
    database_url: str | None = Field(
        None, description="sqlite:///path or postgresql://…; the default is a file in var_dir."
    )

    webhook_secret: SecretStr | None = Field(
        None, description="whsec_…, comma-separated, the newest first; every one signs, any one is accepted."
    )
    encryption_keys: SecretStr | None = Field(
        None, description="Fernet keys, comma-separated; the first encrypts, all decrypt."
    )

    engine_timeout_s: float = Field(
        4.0, gt=0, le=30, description="Longest wait for the engine's answer to one message."
    )
    allowed_origins: list[str] = Field(default_factory=list, description="Sites that may embed the widget.")
    allowed_hosts: list[str] = Field(
        default_factory=lambda: ["*"], description="Host headers that are served; set it in production."
    )
    message_max_chars: int = Field(2000, ge=1)
    limit_messages: int = Field(30, ge=1, description="Messages that one talk may send in a minute, and at once.")
    limit_talks: int = Field(60, ge=1, description="Talks that one network may begin in a minute, and at once.")
    limit_calls: int = Field(1200, ge=1, description="Calls of any kind from one network in a minute, and at once.")
    limit_streams: int = Field(8, ge=1, description="Event streams of one talk that may be open at once.")
    limit_network_bits: list[int] = Field(
        default_factory=lambda: [24, 64],
        min_length=2,
        max_length=2,
        description="How many bits of an IPv4 and of an IPv6 address make one network for the limits.",
    )
    limit_exempt: list[str] = Field(
        default_factory=lambda: ["127.0.0.0/8", "::1/128"],
        description="Networks without these limits. What comes through the proxy counts by the address it tells.",
    )
    feedback_email: str | None = Field(
        None, description="Address for feedback on accessibility, shown on the accessibility page."
    )
    adviser_session_hours: float = Field(9.0, gt=0, description="Advisers sign in again after this long at the latest.")
    adviser_idle_min: float = Field(
        60.0, gt=0, description="Advisers sign in again after this long without a key press or a click."
    )
    audit_days: int = Field(
        730, ge=365, description="What advisers did is erased after this many days; never within a year."
    )
    password_sign_in: bool = Field(True, description="Whether advisers may sign in with a password.")
    oidc_issuer: str | None = Field(
        None, description="The city's directory (OpenID Connect issuer), by which advisers sign in."
    )
    oidc_client_id: str | None = Field(None, description="As the directory knows this service.")
    oidc_client_secret: SecretStr | None = Field(None, description="Unset: a public client, secured by PKCE alone.")
    oidc_label: str = Field("Kirjaudu kaupungin tunnuksella", description="What the sign-in button says.")
    oidc_scopes: str = Field("openid profile email", description="What is asked of the directory.")
    oidc_groups_claim: str = Field("groups", description="Claim with an adviser's groups, e.g. 'realm_access.roles'.")
    oidc_roles: dict[str, Literal["adviser", "supervisor", "editor"]] = Field(
        default_factory=dict, description="Role by group, as JSON. Somebody in no such group is not let in."
    )
    oidc_name_claim: str = Field("given_name", description="Claim with the name that residents see.")
    oidc_username_claim: str = Field("preferred_username", description="Claim that user names are made from.")
    oidc_domains: list[str] = Field(
        default_factory=list, description="Only e-mail addresses of these domains are let in, as JSON. Empty: all."
    )
    queue_timeout_min: float = Field(30.0, gt=0, description="After this long in the queue a callback is offered.")
    queue_reminder_min: float = Field(
        5.0, gt=0, description="After this many minutes in the queue the resident is told where they stand."
    )
    adviser_away_s: float = Field(
        120.0, ge=90, description="A talk whose adviser's console has been silent this long goes back to the queue."
    )
    adviser_hours: str | None = Field(
        None, description="Opening hours of the advisers, e.g. 'mon-fri 9:00-15:00'. Unset: always open."
    )
    adviser_hours_file: Path | None = Field(
        None, description="YAML file with hours by municipality and with exceptions, instead of the setting above."
    )
    ready_replies_file: Path | None = Field(
        None, description="YAML file with the advisers' ready replies, instead of the bundled ones."
    )
    retention_days: int = Field(30, ge=1, description="A talk without a handoff is erased after this many days.")
    handoff_retention_days: int = Field(90, ge=1)
    contact_retention_days: int = Field(
        30, ge=1, description="A name and contact details are erased this many days after the request has ended."
    )
    webhook_receivers: list[Receiver] = Field(
        default_factory=list, description="Addresses that get the outgoing webhooks, or objects as in docs/webhooks.md."
    )
    webhook_private_networks: list[IPvAnyNetwork] = Field(
        default_factory=list, description="Networks that are not public but where receivers may be, e.g. 10.1.0.0/16."
    )
    worker_in_api: bool = True

    # By field, so that an error names its setting.

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        scheme, separator, _ = (value or "").partition("://")
        if value is not None and (not separator or scheme.partition("+")[0] not in DATABASES):
            raise ValueError("give an address that begins with sqlite:/// or postgresql://")
        return value

    @field_validator("webhook_receivers")
    @classmethod
    def _receivers_apart(cls, value: list[Receiver], info: ValidationInfo) -> list[Receiver]:
        check_receivers(value, production=info.data.get("environment") == "production")
        return value

    @model_validator(mode="after")
    def _fill_defaults(self) -> Settings:
        if self.database_url is None:
            self.database_url = f"sqlite:///{self.var_dir / 'tienviitta.db'}"
        return self

    @property
    def sync_database_url(self) -> str:
        """The database's address for synchronous use, with its driver named."""
        url = self.database_url or ""
        for prefix in ("postgresql://", "postgres://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url

    @property
    def url(self) -> str:
        """Address of the api as others reach it, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def engine_url(self) -> str:
        """Address of the engine, without a trailing slash."""
        return f"http://{self.engine_host}:{self.engine_port}"

    @property
    def actions_url(self) -> str:
        """Address of the action server, without a trailing slash."""
        return f"http://{self.actions_host}:{self.actions_port}"

    @property
    def api_loopback_url(self) -> str:
        """Address at which the action server reaches the api."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{host}:{self.port}"


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
