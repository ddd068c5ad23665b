"""Typed settings of every process, from the environment, `.env` and `var/secrets.env`, in that order.

Every name has the prefix ``TIENVIITTA_``; ``HOST`` and ``PORT`` are also taken without it.
Outside development a missing or default secret stops the start (see :meth:`Settings.check`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""


class Settings(BaseSettings):
    """All settings. Times are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="TIENVIITTA_",
        env_file=(ROOT / "var" / "secrets.env", ROOT / ".env"),
        extra="ignore",
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

    webhook_secret: SecretStr | None = Field(None, description="whsec_…; signs the handoff between actions and api.")
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
    feedback_email: str | None = Field(
        None, description="Address for feedback on accessibility, shown on the accessibility page."
    )
    adviser_session_hours: float = Field(9.0, gt=0)
    queue_timeout_min: float = Field(30.0, gt=0, description="After this long in the queue a callback is offered.")
    adviser_hours: str | None = Field(
        None, description="Opening hours of the advisers, e.g. 'mon-fri 9:00-15:00'. Unset: always open."
    )
    retention_days: int = Field(30, ge=1, description="A talk without a handoff is erased after this many days.")
    handoff_retention_days: int = Field(90, ge=1)
    webhook_receivers: list[str] = Field(default_factory=list, description="URLs that get the outgoing webhooks.")
    worker_in_api: bool = True

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
