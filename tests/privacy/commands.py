"""``./tienviitta`` on the database and with the keys of a test."""

from __future__ import annotations

import subprocess
import sys
from unittest import mock

from typer.testing import CliRunner

from api.privacy import cli
from cli.__main__ import app
from settings import ROOT, Settings
from tests.faults.service import environment_of


def start(settings: Settings, *words: str) -> subprocess.Popen[str]:
    """Begin a command as a process of its own, that can be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT, env=environment_of(settings), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(settings: Settings, *words: str, code: int = 0) -> str:
    """Run a command to its end in this process; what it said."""
    with mock.patch.object(cli, "get_settings", return_value=settings):
        result = CliRunner().invoke(app, words, env={"COLUMNS": "200"})
    assert result.exit_code == code, (result.output, result.exception)
    return result.output
