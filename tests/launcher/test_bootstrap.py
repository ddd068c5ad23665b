"""The first step of every command: it runs on an old Python 3, and says in one line what it cannot get."""

from __future__ import annotations

import ast
import hashlib
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from settings import ROOT

BOOTSTRAP = ROOT / "launcher" / "bootstrap.py"

FAILING_UV = """#!/bin/sh
echo "error: No interpreter found for Python $5" >&2
exit 2
"""

WORKING_UV = """#!/bin/sh
# `uv venv … FOLDER` makes an interpreter that says what it was asked to run; `uv pip sync` does nothing.
echo "$@" >> "$UV_CALLS"
for last; do :; done
if [ "$1" = venv ]; then
    mkdir -p "$last/bin"
    printf '#!/bin/sh\\necho "ran $*"\\n' > "$last/bin/python"
    chmod +x "$last/bin/python"
fi
"""


class Copy:
    """The bootstrap in a folder of its own, run with a search path of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir(parents=True)
        self.calls = root / "calls"
        self.calls.touch()
        (root / "launcher").mkdir()
        shutil.copy(BOOTSTRAP, root / "launcher")
        shutil.copytree(ROOT / "requirements", root / "requirements")

    def put(self, name: str, content: str) -> None:
        path = self.bin / name
        path.write_text(content)
        path.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(self.root / "launcher" / "bootstrap.py"), *arguments],
            cwd=self.root,
            # /bin and /usr/bin for the shell's own commands; a uv there would spoil the test.
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "PIP_NO_INDEX": "1", "UV_CALLS": str(self.calls), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    assert shutil.which("uv", path="/usr/bin:/bin") is None
    return Copy(tmp_path / "project")


def interpreters() -> list[str]:
    """Every Python 3 older than ours on this machine."""
    found = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
    found += [str(path) for path in Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python3")]
    found += [str(path) for path in Path.home().glob(".pyenv/versions/3.10.*/bin/python3")]
    return [path for path in found if path and subprocess.run([path, "-V"], capture_output=True).returncode == 0]


def test_an_old_python_can_read_it() -> None:
    ast.parse(BOOTSTRAP.read_text(), feature_version=(3, 6))
    for python in interpreters():
        code = f"import runpy; print(runpy.run_path({str(BOOTSTRAP)!r})['python_of']('engine'))"
        ran = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True)
        assert ran.stdout.strip().endswith(".envs/engine/bin/python"), f"{python}: {ran.stderr}"


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(BOOTSTRAP.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported <= sys.stdlib_module_names


def test_without_uv_and_without_a_way_to_fetch_it_one_line(copy: Copy) -> None:
    ended = copy.run("run")

    assert ended.returncode == 1
    fetching, missing = ended.stdout.splitlines()
    assert fetching == "tienviitta: fetching uv"
    assert missing.startswith("tienviitta: uv is missing and could not be fetched (install uv ")
    assert not (copy.root / ".uv").exists()
    assert not (copy.root / ".envs").exists()


def wheel(folder: Path) -> str:
    """A package that looks like uv; its hash."""
    folder.mkdir()
    path = folder / "uv-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        script = zipfile.ZipInfo("uv-1.0.data/scripts/uv")
        script.external_attr = (stat.S_IFREG | 0o755) << 16
        archive.writestr(script, WORKING_UV)
        archive.writestr("uv-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: uv\nVersion: 1.0\n")
        archive.writestr("uv-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("uv-1.0.dist-info/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_missing_uv_is_fetched_as_pinned(copy: Copy, tmp_path: Path) -> None:
    digest = wheel(tmp_path / "wheels")
    (copy.root / "requirements" / "uv.txt").write_text(f"uv==1.0 --hash=sha256:{digest}\n")

    ended = copy.run("run", PIP_FIND_LINKS=str(tmp_path / "wheels"))

    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines()[-1] == "ran -m launcher run"
    made = [line.split()[-1] for line in copy.calls.read_text().splitlines() if line.startswith("venv")]
    assert made == [str(copy.root / ".envs" / name) for name in ("engine", "service")]

    again = copy.run("run")
    assert again.stdout.splitlines() == ["ran -m launcher run"], "nothing to fetch or set up the second time"


def test_another_uv_than_the_pinned_one_is_refused(copy: Copy, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels")
    (copy.root / "requirements" / "uv.txt").write_text(f"uv==1.0 --hash=sha256:{'0' * 64}\n")

    ended = copy.run("run", PIP_FIND_LINKS=str(tmp_path / "wheels"))

    assert ended.returncode == 1
    assert "uv is missing and could not be fetched" in ended.stdout.splitlines()[-1]
    assert not (copy.root / ".uv").exists()


def test_a_missing_interpreter_is_one_line(copy: Copy) -> None:
    copy.put("uv", FAILING_UV)

    ended = copy.run("run")

    assert ended.returncode == 1
    assert ended.stdout.splitlines() == [
        "tienviitta: setting up the environment engine (Python 3.10)",
        "tienviitta: Python 3.10 is missing and uv could not fetch it: error: No interpreter found for Python 3.10",
    ]


def test_packages_that_cannot_be_installed_are_one_line(copy: Copy) -> None:
    copy.put("uv", WORKING_UV + '[ "$1" = venv ] || { echo "error: no such package" >&2; exit 1; }\n')

    ended = copy.run("lint")

    assert ended.returncode == 1
    assert ended.stdout.splitlines()[1:] == [
        "tienviitta: the packages of dev.txt could not be installed: error: no such package"
    ]
    # An environment that is half made is not taken for a whole one.
    copy.put("uv", WORKING_UV)
    assert copy.run("lint").stdout.splitlines()[-1] == "ran -m launcher lint"


def test_an_environment_is_set_up_again_when_its_requirements_change(copy: Copy) -> None:
    copy.put("uv", WORKING_UV)
    assert copy.run("run").returncode == 0
    with (copy.root / "requirements" / "engine.txt").open("a") as file:
        file.write("# another\n")

    ended = copy.run("run")

    assert ended.stdout.splitlines() == [
        "tienviitta: setting up the environment engine (Python 3.10)",
        "ran -m launcher run",
    ]


def test_a_chromium_that_is_named_but_missing_is_one_line(copy: Copy) -> None:
    copy.put("uv", WORKING_UV)

    ended = copy.run("test", TIENVIITTA_CHROMIUM="/nonexistent/chromium")

    assert ended.returncode == 1
    last = ended.stdout.splitlines()[-1]
    assert last == "tienviitta: TIENVIITTA_CHROMIUM names /nonexistent/chromium, which does not exist"
