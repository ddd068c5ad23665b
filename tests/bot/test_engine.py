"""Runs the engine's own tests in the engine's environment."""

import os
import subprocess

import pytest

from settings import ROOT

# Not named test_*.py: pytest runs in the service's environment, which has no Rasa.
MODULES = [f"tests.engine.{path.stem}" for path in sorted((ROOT / "tests" / "engine").glob("*.py"))]
ENGINE = ROOT / ".envs" / "engine" / "bin" / "python"


@pytest.mark.timeout(600)
def test_components_in_the_engine():
    assert ENGINE.exists(), "the engine's environment is not installed; ./tienviitta does that"
    done = subprocess.run(
        [ENGINE, "-W", "ignore", "-m", "unittest", *MODULES],
        cwd=ROOT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(MODULES) >= 2
    assert done.returncode == 0, done.stderr[-4000:]
    assert "Ran 0 tests" not in done.stderr
