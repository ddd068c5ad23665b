"""The service as real processes that can be killed outright, frozen and started again on the same database."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from api.database import upgrade
from launcher.processes import Process
from settings import ROOT, Settings
from tests.api.harness import free_port, make_settings
from tests.waiting import LIMIT_S

START_LIMIT_S = 180.0
"""Loading the model takes most of it."""


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment variables that make a process see these settings."""
    found = {**os.environ, "PYTHONPATH": str(ROOT)}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if hasattr(value, "get_secret_value"):
            value = value.get_secret_value()
        if value is None:
            continue
        if isinstance(value, str | bool | int | float | Path):
            found[f"TIENVIITTA_{name.upper()}"] = str(value)
        else:
            # Lists and nested settings are JSON, with their secrets in the open.
            found[f"TIENVIITTA_{name.upper()}"] = _as_json(value)
    return found


def _as_json(value: Any) -> str:
    import json

    def plain(item: Any) -> Any:
        if hasattr(item, "model_dump"):
            return {key: plain(getattr(item, key)) for key in type(item).model_fields}
        if hasattr(item, "get_secret_value"):
            return item.get_secret_value()
        if isinstance(item, dict):
            return {key: plain(one) for key, one in item.items()}
        if isinstance(item, list | tuple | set | frozenset):
            return [plain(one) for one in item]
        return item

    return json.dumps(plain(value), default=str)


@dataclass
class Service:
    """api, worker, actions and engine. What is in ``parts`` runs; every part is known by its name."""

    settings: Settings
    parts: dict[str, Process] = field(default_factory=dict)

    @property
    def secret(self) -> str:
        """Signs the webhooks of this service."""
        assert self.settings.webhook_secret
        return self.settings.webhook_secret.get_secret_value()

    @property
    def urls(self) -> list[str]:
        """Of every api process."""
        return [part.ready_url.removesuffix("/healthz") for name, part in self.parts.items() if name.startswith("api")]

    def start(self, *names: str) -> None:
        """Start these parts, or all, and wait until they answer."""
        wanted = [self.parts[name] for name in names or tuple(self.parts)]
        for part in wanted:
            if not part.running():
                part.start()
        deadline = time.monotonic() + START_LIMIT_S
        for part in wanted:
            while part.ready_url and not part.ready():
                assert part.running(), f"{part.name} stopped: {part.last_words()}"
                assert time.monotonic() < deadline, f"{part.name} does not answer: {part.last_words()}"
                time.sleep(0.03)

    def kill(self, *names: str) -> None:
        """kill -9."""
        for name in names:
            self.parts[name].send(signal.SIGKILL)
        for name in names:
            assert self.parts[name].wait(LIMIT_S)

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """The part hangs: it takes connections and does nothing."""
        self.parts[name].send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.parts[name].send(signal.SIGCONT)

    def stop(self) -> None:
        self.kill(*self.parts)


def rasa(settings: Settings) -> Process:
    """The real engine, as the launcher starts it."""
    from launcher.stack import processes
    from launcher.training import ensure_model

    model = ensure_model(settings.var_dir / "log" / "training.log")
    return next(part for part in processes(settings, model) if part.name == "engine")


def build(
    var: Path, *, engine: str = "echo", apis: int = 1, environment: dict[str, str] | None = None, **values: Any
) -> Service:
    """A service of its own, its database made, nothing started.

    Args:
        var: its folder.
        engine: ``echo``; ``actions`` for the stand-in that asks the real actions; ``rasa`` for Rasa with its model.
        apis: how many api processes share the database; they are called api, api2 and so on.
        environment: more variables for api and worker.
        values: settings.
    """
    actions_port = free_port()
    settings = make_settings(
        var,
        free_port(),
        actions_port=actions_port,
        engine_timeout_s=4.0 if engine == "rasa" else 2.0,
        worker_in_api=False,
        **values,
    )
    upgrade(settings)
    own = environment_of(settings) | (environment or {})
    log = var / "log"
    service = Service(settings)

    def add(name: str, argv: list[str], url: str, env: dict[str, str] = own) -> None:
        service.parts[name] = Process(name, [sys.executable, *argv], env, url, log / f"{name}.log")

    if engine != "echo":
        add("actions", ["-m", "actions"], f"{settings.actions_url}/health")
    if engine == "rasa":
        service.parts["engine"] = rasa(settings)
    else:
        asks = [settings.actions_url] if engine == "actions" else []
        add("engine", ["-m", "tests.faults.engine", str(settings.engine_port), *asks], f"{settings.engine_url}/status")
    for number in range(apis):
        port = settings.port if number == 0 else free_port()
        add(
            "api" if number == 0 else f"api{number + 1}",
            ["-m", "uvicorn", "--factory", "api.main:create_app", "--port", str(port), "--log-level", "critical"],
            f"http://127.0.0.1:{port}/healthz",
            own | {"TIENVIITTA_PORT": str(port)},
        )
    add("worker", ["-m", "api.worker"], "")
    return service
