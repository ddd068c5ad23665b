"""A package on PyPI that spaCy imports is called ``catalogue`` like our folder; each environment must get its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.training import ENGINE_PYTHON
from settings import ROOT

SERVICE = ROOT / ".envs" / "service"
# `make test` makes only an environment with everything of the service and the tools of testing: the one we are in.
SERVICE_PYTHONS = [sys.executable] + ([str(SERVICE / "bin" / "python")] if (SERVICE / ".synced").exists() else [])


def run(python: Path | str, code: str) -> str:
    """Output of a program that runs as ours do: in the project's folder, which is first on the import path."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([python, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_ours_is_a_namespace_package() -> None:
    assert (ROOT / "catalogue").is_dir()
    assert not (ROOT / "catalogue" / "__init__.py").exists()


def test_in_the_engine_it_is_the_one_that_spacy_needs() -> None:
    said = run(
        ENGINE_PYTHON,
        "import spacy, catalogue\nspacy.blank('fi')\nprint(catalogue.__file__, callable(catalogue.create))",
    )
    path, created = said.split()
    assert Path(path).is_relative_to(ROOT / ".envs" / "engine")
    assert created == "True"


@pytest.mark.parametrize("python", SERVICE_PYTHONS)
def test_in_the_service_it_is_ours(python: str) -> None:
    said = run(python, "import catalogue, catalogue.models\nprint(catalogue.__file__, catalogue.models.__file__)")
    assert said == f"None {ROOT / 'catalogue' / 'models.py'}"
