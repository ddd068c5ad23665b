"""The commands behind ``make``; run by ``launcher/bootstrap.py`` in the right environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from launcher.failure import LaunchError
from settings import ROOT, Settings, get_settings

WATCH_INTERVAL_S = 1.0


def say(text: str) -> None:
    """One line of progress."""
    print(f"tienviitta: {text}", flush=True)


def _settings() -> Settings:
    from pydantic import ValidationError

    from api.security import SettingsError, check_settings
    from launcher.stack import ensure_development_secrets

    try:
        ensure_development_secrets(Settings())
        get_settings.cache_clear()
        settings = get_settings()
        check_settings(settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = "TIENVIITTA_" + str(first["loc"][0]).removeprefix("TIENVIITTA_").upper()
        raise LaunchError(f"the setting {name} cannot be used: {first['msg']}; change it") from None
    except SettingsError as error:
        raise LaunchError(str(error)) from None
    return settings


def _stop_on_terminate(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def run(_arguments: list[str]) -> int:
    """Make everything ready, start it, print the addresses, stop it on Ctrl-C."""
    from launcher.database import prepare_database
    from launcher.stack import build, check_ports
    from launcher.training import ensure_model

    started = time.monotonic()
    settings = _settings()
    # Now rather than after minutes of training.
    check_ports(settings)
    prepare_database(settings)
    model = ensure_model(settings.var_dir / "log" / "training.log")
    supervisor = build(settings, model)
    say("starting engine, actions and api")
    try:
        supervisor.start()
        _announce(settings, time.monotonic() - started)
        while True:
            supervisor.watch_once()
            time.sleep(WATCH_INTERVAL_S)
    finally:
        say("stopping")
        supervisor.stop()


def _announce(settings: Settings, seconds: float) -> None:
    say(f"ready in {seconds:.0f} s")
    print(f"\n  Chat:    {settings.url}")
    print(f"  Adviser: {settings.url}/adviser")
    password = settings.var_dir / "adviser-password"
    if settings.environment == "development" and password.exists():
        print(f"           user neuvoja, password {password.read_text().strip()}")
    print("\n  Stop with Ctrl-C.\n", flush=True)


def train(_arguments: list[str]) -> int:
    """Train the model if what it is made of has changed."""
    from launcher.training import ensure_model

    path = ensure_model(ROOT / "var" / "log" / "training.log")
    say(f"the model is {path.relative_to(ROOT)}")
    return 0


def shell(_arguments: list[str]) -> int:
    """``rasa shell`` for staff, with the actions running."""
    from launcher.database import prepare_database
    from launcher.processes import Supervisor, check_port_free
    from launcher.stack import actions_process
    from launcher.training import ENGINE_PYTHON, engine_environment, ensure_model

    settings = _settings()
    prepare_database(settings)
    model = ensure_model(settings.var_dir / "log" / "training.log")
    check_port_free(settings.actions_host, settings.actions_port, "actions")
    supervisor = Supervisor([actions_process(settings, {**os.environ, "PYTHONPATH": str(ROOT)})])
    supervisor.start()
    say("write in Finnish; /stop ends")
    try:
        extra = {"ACTIONS_HOST": settings.actions_host, "ACTIONS_PORT": str(settings.actions_port)}
        argv = [str(ENGINE_PYTHON), "-m", "bot.engine", "shell", "--quiet", "--model", str(model)]
        argv += ["--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml"]
        return subprocess.call(argv, cwd=ROOT, env=engine_environment(extra))  # noqa: S603
    finally:
        supervisor.stop()


def _call(*argv: str) -> int:
    return subprocess.call(list(argv), cwd=ROOT)  # noqa: S603


def test(arguments: list[str]) -> int:
    """Linters and all tests, in two processes: training and dialogues in one, fast tests first in the other."""
    if not arguments:
        failed = lint([])
        if failed:
            return failed
    everything = ["tests", "-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    return _call(sys.executable, "-m", "pytest", *(arguments or everything))


def lint(_arguments: list[str]) -> int:
    """Ruff and mypy."""
    return (
        _call(sys.executable, "-m", "ruff", "check", ".")
        or _call(sys.executable, "-m", "ruff", "format", "--check", ".")
        or _call(sys.executable, "-m", "mypy")
    )


def format_code(_arguments: list[str]) -> int:
    """Let ruff put the code in order."""
    return _call(sys.executable, "-m", "ruff", "check", "--fix", ".") or _call(
        sys.executable, "-m", "ruff", "format", "."
    )


def dialogues(arguments: list[str]) -> int:
    """The dialogue tests alone."""
    return _call(sys.executable, "-m", "pytest", "tests/dialogues", "-q", *arguments)


def benchmark(arguments: list[str]) -> int:
    """The benchmark of a chat turn."""
    return _call(sys.executable, "-m", "benchmarks.chat_turn", *arguments)


def lock(_arguments: list[str]) -> int:
    """Write the pinned requirements anew from pyproject.toml."""
    uv = os.environ["TIENVIITTA_UV"]
    options = ["--quiet", "--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    for name, version, extras in (
        ("engine", "3.10", ["engine"]),
        ("service", "3.11", ["service"]),
        ("dev", "3.11", ["service", "dev"]),
    ):
        chosen = [word for extra in extras for word in ("--extra", extra)]
        constraint = ["--constraint", "requirements/service.txt"] if name == "dev" else []
        failed = _call(
            uv, "pip", "compile", *options, *chosen, *constraint,
            "--python-version", version, "--output-file", f"requirements/{name}.txt", "pyproject.toml",
        )  # fmt: skip
        if failed:
            return failed
    return 0


def nlu_report(arguments: list[str]) -> int:
    """The report on understanding."""
    return _call(sys.executable, "-m", "benchmarks.nlu_report", *arguments)


def widget_peers(arguments: list[str]) -> int:
    """The chat widget against five others, measured."""
    return _call(sys.executable, "-m", "benchmarks.widget_peers", *arguments)


def screenshots(arguments: list[str]) -> int:
    """The pictures in docs/screenshots."""
    return _call(sys.executable, str(Path("docs") / "make_screenshots.py"), *arguments)


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "train": train,
    "shell": shell,
    "test": test,
    "lint": lint,
    "format": format_code,
    "dialogues": dialogues,
    "benchmark": benchmark,
    "lock": lock,
    "nlu-report": nlu_report,
    "screenshots": screenshots,
    "widget-peers": widget_peers,
}


def main() -> int:
    """Run the command that was asked for; errors are one line."""
    name, *arguments = sys.argv[1:] or ["run"]
    command = COMMANDS.get(name)
    if command is None:
        say(f"there is no command {name}; there are {', '.join(COMMANDS)}")
        return 2
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _stop_on_terminate)
    try:
        return command(arguments)
    except LaunchError as error:
        for line in str(error).splitlines():
            say(line)
        return 1
    except KeyboardInterrupt:
        return 130 if name != "run" else 0


if __name__ == "__main__":
    sys.exit(main())
