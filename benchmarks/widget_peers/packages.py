"""The peers' packages, fetched by npm into a folder outside the project; nothing of them is kept or committed."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Peer:
    """A widget that ours is compared with; ``launcher``, ``field`` and ``menu`` are CSS selectors."""

    id: str
    title: str
    package: str
    version: str
    launcher: str | None
    field: str
    menu: str | None


def listed() -> list[Peer]:
    """The peers of ``peers.json``."""
    return [Peer(**item) for item in json.loads((HERE / "peers.json").read_text(encoding="utf-8"))["peers"]]


def _npm(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(["npm", *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        raise OSError("; ".join(lines[:2]) or done.stderr[-200:])
    return done.stdout


def install(folder: Path) -> dict[str, str]:
    """Fetch everything; what could not be had, by the peer's id, with npm's reason.

    The peers' own bundles are used as they are published, so their dependencies and scripts stay away.

    Raises:
        OSError: when npm, Node or the server's own package cannot be had.
    """
    for program in ("npm", "node"):
        if shutil.which(program) is None:
            raise OSError(f"{program} is not installed")
    modules = folder / "node_modules"
    modules.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    server = json.loads((HERE / "peers.json").read_text(encoding="utf-8"))["server"]
    if not (modules / server["package"]).is_dir():
        _npm(
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            f"{server['package']}@{server['version']}",
            cwd=folder,
        )
    missing = {}
    for peer in listed():
        target = modules / peer.package
        if target.is_dir():
            continue
        try:
            packed = json.loads(_npm("pack", "--json", f"{peer.package}@{peer.version}", cwd=folder))
            _unpack(folder / (packed if isinstance(packed, list) else list(packed.values()))[0]["filename"], target)
        except OSError as error:
            missing[peer.id] = str(error)
    return missing


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(target.with_suffix(".unpacked"), filter="data")
    (inner,) = list(target.with_suffix(".unpacked").iterdir())
    inner.rename(target)
