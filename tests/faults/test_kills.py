"""kill -9 at random moments. A few runs here; ``TIENVIITTA_KILL_RUNS=200`` for many, of every kind (docs/faults.md)."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.faults.campaign import run

RUNS = int(os.environ.get("TIENVIITTA_KILL_RUNS", "0"))
SEED = int(os.environ.get("TIENVIITTA_KILL_SEED", "0")) or random.randrange(1, 10**6)
FEW = 3


@pytest.mark.timeout(0 if RUNS else 900)
@pytest.mark.parametrize("kind", ["api+worker", "mixed"] if RUNS else ["mixed"])
def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed(tmp_path: Path, kind: str) -> None:
    figures = run(tmp_path, runs=RUNS or FEW, kind=kind, seed=SEED, longest_wait_s=1.2 if RUNS else 0.4)
    assert figures.messages > 0
    assert figures.broken == 0, f"seed {SEED}: {figures}"


if RUNS:

    @pytest.mark.timeout(0)
    @pytest.mark.postgres
    def test_nor_on_postgresql(tmp_path: Path, postgres: str) -> None:
        figures = run(tmp_path, runs=RUNS, kind="api+worker", seed=SEED, database_url=postgres)
        assert figures.messages > 0
        assert figures.broken == 0, f"seed {SEED}: {figures}"
