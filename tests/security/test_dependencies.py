"""The report on known faults says what is pinned, and every entry has its reason."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.dependencies import Advisories, as_page, found, is_older, load, pinned
from settings import ROOT


def test_the_page_is_what_the_command_writes() -> None:
    assert (ROOT / "docs" / "dependency-report.md").read_text("utf-8") == as_page(load(), pinned())


def test_no_advisory_outlives_its_fault() -> None:
    known = load()
    assert [one.id for one in known.advisories if one not in found(known, pinned())] == []


def test_every_reason_is_used_and_every_advisory_has_its_source() -> None:
    known = load()
    assert {one.reason for one in known.advisories} == set(known.reasons)
    assert all(re.fullmatch(r"(CVE-\d{4}-\d{4,}|GHSA(-[a-z0-9]{4}){3})", one.id) for one in known.advisories)
    assert all(one.source.startswith("https://") for one in known.advisories)


@pytest.mark.parametrize(
    ("version", "below", "older"),
    [
        ("3.9.5", "3.12.14", True),
        ("3.12.14", "3.12.14", False),
        ("3.13", "3.12.14", False),
        ("2.12.0", "2.13", True),
        ("2.13.0", "2.13", False),
        ("3.9.1.post1", "3.9.1", False),
    ],
)
def test_versions_are_compared_by_number(version: str, below: str, older: bool) -> None:
    assert is_older(version, below) is older


def test_a_reason_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no reason nowhere"):
        Advisories.model_validate(
            {
                "checked": "2026-11-22",
                "reasons": {},
                "advisories": [
                    {"id": "x", "package": "y", "below": "1", "what": "z", "reason": "nowhere", "source": "https://x"}
                ],
            }
        )


def test_the_engine_is_given_no_secrets_and_listens_on_loopback_alone() -> None:
    """What the reasons of the report stand on."""
    from launcher.stack import engine_argv
    from launcher.training import engine_environment
    from settings import Settings

    with pytest.MonkeyPatch.context() as patch:
        for name in ("TIENVIITTA_WEBHOOK_SECRET", "TIENVIITTA_ENCRYPTION_KEYS", "TIENVIITTA_DATABASE_URL"):
            patch.setenv(name, "geheim")
        assert "geheim" not in engine_environment({}).values()
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    argv = engine_argv(ROOT / "model", settings)
    assert argv[argv.index("-i") + 1] == "127.0.0.1"


def test_the_command_lists_them() -> None:
    result = CliRunner().invoke(app, ["dependencies"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "CVE-2024-3660" in result.output
