"""Training the model when what it is made of has changed."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from launcher.content_check import catalogue_content, check_bot_content
from launcher.failure import LaunchError
from launcher.processes import die_with_parent
from settings import ROOT

MODELS = ROOT / "bot" / "models"
ENGINE_PYTHON = ROOT / ".envs" / "engine" / "bin" / "python"

KEPT_MODELS = 3
"""Older models are removed: one is some tens of megabytes."""


def ingredients() -> Iterator[Path]:
    """Every file that the model depends on, sorted."""
    yield ROOT / "requirements" / "engine.txt"
    for folder in ("bot", "data", "catalogue/content"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".yml", ".py"} and "models" not in path.parts and path.is_file():
                yield path


def fingerprint() -> str:
    """A short hash of everything the model depends on."""
    digest = hashlib.sha256()
    for path in ingredients():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def engine_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment variables for Rasa: no telemetry, no debug log (it writes what people said), fixed hashing."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith(("TIENVIITTA_", "PYTHON"))},
        "RASA_TELEMETRY_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONPATH": str(ROOT),
        **(extra or {}),
    }


def model_path() -> Path:
    """Where the model of the present ingredients is, or will be."""
    return MODELS / f"tienviitta-{fingerprint()}.tar.gz"


def ensure_model(log: Path) -> Path:
    """The trained model, training it if it is not there.

    Args:
        log: file for Rasa's own output.

    Raises:
        LaunchError: broken content, or a failed training.
    """
    check_bot_content()
    catalogue_content()
    target = model_path()
    with _one_at_a_time():
        return target if target.exists() else _train(target, log)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait while another process trains; it may be training this very model."""
    folder = os.open(ROOT / "bot", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("tienviitta: another process is training; waiting for it", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _train(target: Path, log: Path) -> Path:
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    argv = [
        str(ENGINE_PYTHON), "-m", "rasa", "train",
        "--config", "bot/config.yml", "--domain", "bot/domain", "--data", "data",
        "--out", "bot/models", "--fixed-model-name", target.name.removesuffix(".tar.gz"),
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            argv,
            cwd=ROOT,
            env=engine_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        try:
            while process.poll() is None:
                _progress(f"training the model, {time.monotonic() - started:.0f} s")
                time.sleep(1)
        except BaseException:
            _progress("")
            process.kill()
            process.wait()
            target.unlink(missing_ok=True)
            raise
    _progress("")
    if process.returncode != 0 or not target.exists():
        target.unlink(missing_ok=True)
        raise LaunchError(f"the training failed: {_reason(log)} (all of it: {log})")
    print(f"tienviitta: trained in {time.monotonic() - started:.0f} s", flush=True)
    _remove_old(target)
    return target


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{f'tienviitta: {text}' if text else ''}", end="", flush=True)
    elif text.endswith("0 s"):
        print(f"tienviitta: {text}", flush=True)


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or "Exception" in line]
    return (errors or lines or ["no message"])[-1][:300]


def _remove_old(newest: Path) -> None:
    models = sorted(MODELS.glob("tienviitta-*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in models[KEPT_MODELS:]:
        if path != newest:
            path.unlink(missing_ok=True)
