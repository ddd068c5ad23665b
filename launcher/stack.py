"""The whole service as processes, built from the settings; used by ``make run``, the tests and the benchmarks."""

from __future__ import annotations

import os
import secrets
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from launcher.failure import LaunchError
from launcher.processes import Process, Supervisor, check_port_free
from launcher.training import ENGINE_PYTHON, engine_environment
from settings import ROOT, Settings

SECRETS = ROOT / "var" / "secrets.env"
"""Where the settings look for the secrets of development."""


def ensure_development_secrets(settings: Settings, path: Path = SECRETS) -> None:
    """Write random secrets for development where none are set, readable by their owner alone.

    Args:
        settings: what is set already.
        path: the file that they are added to.

    Raises:
        LaunchError: outside development, where secrets are given and never made up.
    """
    missing = {
        name: value
        for name, present, value in (
            (
                "TIENVIITTA_WEBHOOK_SECRET",
                settings.webhook_secret,
                "whsec_" + b64encode(secrets.token_bytes(32)).decode(),
            ),
            (
                "TIENVIITTA_ENCRYPTION_KEYS",
                settings.encryption_keys,
                urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            ),
        )
        if present is None
    }
    if not missing:
        return
    if settings.environment != "development":
        raise LaunchError(f"{', '.join(missing)} must be set when TIENVIITTA_ENVIRONMENT is {settings.environment}")
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text() if path.exists() else ""
    # Appended, so that nothing can lose the keys that older talks are encrypted with.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        line_end = "\n" if before and not before.endswith("\n") else ""
        file.write(line_end + "".join(f"{name}={value}\n" for name, value in missing.items()))


def engine_argv(model: Path, settings: Settings) -> list[str]:
    """The command line of the engine. ``--enable-api`` is for ``/model/parse``; it listens on loopback only."""
    return [
        str(ENGINE_PYTHON), "-m", "bot.engine", "run", "--enable-api", "--quiet",
        "-i", settings.engine_host, "-p", str(settings.engine_port),
        "--model", str(model), "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml",
    ]  # fmt: skip


def actions_process(settings: Settings, environment: Mapping[str, str]) -> Process:
    """The action server."""
    return Process(
        "actions",
        [sys.executable, "-m", "actions"],
        environment,
        f"{settings.actions_url}/health",
        settings.var_dir / "log" / "actions.log",
    )


def processes(settings: Settings, model: Path, environment: Mapping[str, str] | None = None) -> list[Process]:
    """Engine, actions and api, ready to be started.

    Args:
        settings: addresses and folders; they must say the same as ``environment`` does.
        model: the trained model.
        environment: for actions and api; by default this process's own.
    """
    own = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    log = settings.var_dir / "log"
    engine = Process(
        "engine",
        engine_argv(model, settings),
        engine_environment({"ACTIONS_HOST": settings.actions_host, "ACTIONS_PORT": str(settings.actions_port)}),
        f"{settings.engine_url}/status",
        log / "engine.log",
        [
            (f"{settings.engine_url}/model/parse", {"text": "hei"}),
            (
                f"{settings.engine_url}/webhooks/rest/webhook",
                {"sender": "launcher", "message": "/start_conversation", "metadata": {"turn": 0, "state": None}},
            ),
        ],
    )
    api = Process(
        "api",
        [
            sys.executable, "-m", "uvicorn", "--factory", "api.main:create_app",
            "--host", settings.host, "--port", str(settings.port),
            "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "3",
        ],
        own,
        f"{settings.api_loopback_url}/healthz",
        log / "api.log",
    )  # fmt: skip
    return [engine, actions_process(settings, own), api]


def check_ports(settings: Settings) -> None:
    """Check that every port of the service is free.

    Raises:
        LaunchError: a port is in use, or two processes were given the same.
    """
    for name, host, port in (
        ("api", settings.host, settings.port),
        ("engine", settings.engine_host, settings.engine_port),
        ("actions", settings.actions_host, settings.actions_port),
    ):
        check_port_free(host, port, name)
    if len({settings.port, settings.engine_port, settings.actions_port}) < 3:
        raise LaunchError("PORT, TIENVIITTA_ENGINE_PORT and TIENVIITTA_ACTIONS_PORT must differ; choose others")


def build(settings: Settings, model: Path, environment: Mapping[str, str] | None = None) -> Supervisor:
    """The service, with its ports checked to be free.

    Raises:
        LaunchError: a port is in use.
    """
    check_ports(settings)
    return Supervisor(processes(settings, model, environment))
