"""First step of every ``make`` target: uv, the environments, Chromium; then the real command.

Runs on whatever Python 3 the machine has, with the standard library alone.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from typing import Any, List, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVS = os.path.join(ROOT, ".envs")
REQUIREMENTS = os.path.join(ROOT, "requirements")

# Environment: Python version, requirements file. `dev` is `service` with the tools of tests and linting.
ENVIRONMENTS = {
    "engine": ("3.10", "engine.txt"),
    "service": ("3.11", "service.txt"),
    "dev": ("3.11", "dev.txt"),
}

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Missing(Exception):
    """Something that cannot be had; the message is one line for a person."""


def say(text: str) -> None:
    """One line of progress."""
    print("tienviitta: " + text, flush=True)


def _run(argv: List[str], **options: Any) -> Any:
    return subprocess.run(argv, cwd=ROOT, **options)  # noqa: S603


def _tail(output: Optional[str]) -> str:
    lines = [line.strip() for line in (output or "").splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def uv() -> str:
    """Path of uv: the machine's own, else one fetched into .uv from the pinned requirements."""
    found = shutil.which("uv")
    if found:
        return found
    folder = os.path.join(ROOT, ".uv")
    binary = os.path.join(folder, "bin", "uv")
    if os.path.exists(binary):
        return binary
    say("fetching uv")
    pinned = [
        "--quiet",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "-r",
        os.path.join(REQUIREMENTS, "uv.txt"),
    ]
    made = _run([sys.executable, "-m", "venv", folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode == 0:
        got = _run(
            [os.path.join(folder, "bin", "python"), "-m", "pip", "install"] + pinned,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    else:
        # Debian's python3 has no ensurepip without python3-venv; its pip, if there, does as well.
        shutil.rmtree(folder, ignore_errors=True)
        got = _run(
            [sys.executable, "-m", "pip", "install", "--target", folder] + pinned,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
    if got.returncode != 0 or not os.path.exists(binary):
        shutil.rmtree(folder, ignore_errors=True)
        raise Missing("uv is missing and could not be fetched (install uv or python3-venv): " + _tail(got.stdout))
    return binary


def python_of(name: str) -> str:
    """Path of an environment's interpreter."""
    return os.path.join(ENVS, name, "bin", "python")


def _has_python(name: str, version: str) -> bool:
    """Whether the environment is there and its interpreter is of the version wanted."""
    try:
        told = _run([python_of(name), "--version"], stdout=subprocess.PIPE, universal_newlines=True)
    except OSError:
        return False
    return bool(told.returncode == 0 and told.stdout.startswith("Python " + version + "."))


def ensure_environment(name: str) -> None:
    """Make the environment hold exactly its pinned requirements; does nothing when it does."""
    version, file_name = ENVIRONMENTS[name]
    requirements = os.path.join(REQUIREMENTS, file_name)
    with open(requirements, "rb") as file:
        wanted = version + " " + hashlib.sha256(file.read()).hexdigest()
    stamp = os.path.join(ENVS, name, ".synced")
    if os.path.exists(stamp) and os.path.exists(python_of(name)):
        with open(stamp) as file:
            if file.read() == wanted:
                return
    tool = uv()
    # TIENVIITTA_PYTHON_ENGINE and its like name an interpreter where uv should not look for one.
    interpreter = os.environ.get("TIENVIITTA_PYTHON_" + name.upper(), version)
    say("setting up the environment " + name + " (Python " + version + ")")
    if not _has_python(name, version):
        made = _run(
            [tool, "venv", "--quiet", "--clear", "--python", interpreter, os.path.join(ENVS, name)],
            stderr=subprocess.PIPE,
            universal_newlines=True,
        )
        if made.returncode != 0:
            raise Missing("Python " + version + " is missing and uv could not fetch it: " + _tail(made.stderr))
    synced = _run(
        [tool, "pip", "sync", "--quiet", "--require-hashes", "--python", python_of(name), requirements],
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    if synced.returncode != 0:
        raise Missing("the packages of " + file_name + " could not be installed: " + _tail(synced.stderr))
    with open(stamp, "w") as file:
        file.write(wanted)


def _playwright_chromium() -> Optional[str]:
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    found = _run(
        [python_of("dev"), "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        universal_newlines=True,
    )
    path = found.stdout.strip()
    return path if found.returncode == 0 and os.path.exists(path) else None


def ensure_chromium() -> str:
    """Path of a Chromium for the browser tests: the machine's, Playwright's, or one fetched now."""
    named = os.environ.get("TIENVIITTA_CHROMIUM")
    if named:
        if not os.path.exists(named):
            raise Missing("TIENVIITTA_CHROMIUM names " + named + ", which does not exist")
        return named
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    found = _playwright_chromium()
    if found:
        return found
    say("fetching Chromium for the browser tests")
    _run(
        [python_of("dev"), "-m", "playwright", "install", "chromium"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found = _playwright_chromium()
    if found:
        return found
    if shutil.which("apt-get"):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            _run(prefix + ["apt-get", "update", "-qq"], **quiet)
            _run(prefix + ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], **quiet)
        except OSError:
            pass
        found = shutil.which("chromium")
        if found:
            return found
    raise Missing("Chromium is missing and could not be fetched; install it, or name one in TIENVIITTA_CHROMIUM")


def prepare(command: str) -> str:
    """The environments that a command needs, made ready; the interpreter to run it with."""
    if command in ("test", "dialogues", "benchmark", "screenshots", "nlu-report"):
        ensure_environment("engine")
        ensure_environment("dev")
        if command in ("test", "screenshots"):
            os.environ["TIENVIITTA_CHROMIUM"] = ensure_chromium()
        return python_of("dev")
    if command in ("lint", "format", "lock", "widget-peers"):
        ensure_environment("dev")
        if command == "widget-peers":
            os.environ["TIENVIITTA_CHROMIUM"] = ensure_chromium()
        return python_of("dev")
    ensure_environment("engine")
    ensure_environment("service")
    return python_of("service")


def main() -> int:
    """Prepare, then become the command."""
    command = sys.argv[1] if len(sys.argv) > 1 else "run"
    try:
        python = prepare(command)
        if command == "lock":
            os.environ["TIENVIITTA_UV"] = uv()
    except Missing as missing:
        say(str(missing))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    os.chdir(ROOT)
    os.execv(python, [python, "-m", "launcher"] + sys.argv[1:])  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
