"""Secrets are made up in development alone, once, for their owner's eyes."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from api.security import check_settings
from launcher.failure import LaunchError
from launcher.stack import ensure_development_secrets
from settings import Settings

NAMES = ("TIENVIITTA_WEBHOOK_SECRET", "TIENVIITTA_ENCRYPTION_KEYS")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "TIENVIITTA_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


def settings_of(path: Path, **given: str) -> Settings:
    return Settings(_env_file=path, **given)  # type: ignore[call-arg, arg-type]


def test_they_are_made_once_and_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secrets.env"

    ensure_development_secrets(settings_of(path), path)

    made = path.read_text()
    check_settings(settings_of(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line.partition("=")[0] for line in made.splitlines()] == list(NAMES)
    ensure_development_secrets(settings_of(path), path)
    assert path.read_text() == made


def test_two_projects_have_different_ones(tmp_path: Path) -> None:
    paths = [tmp_path / name / "secrets.env" for name in "ab"]
    for path in paths:
        ensure_development_secrets(settings_of(path), path)

    first, second = (set(path.read_text().splitlines()) for path in paths)
    assert not first & second


def test_what_is_there_stays_and_others_may_not_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    key = "TIENVIITTA_ENCRYPTION_KEYS=QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    path.write_text(key)
    path.chmod(0o644)

    ensure_development_secrets(settings_of(path), path)

    first, second = path.read_text().splitlines()
    assert first == key
    assert second.startswith("TIENVIITTA_WEBHOOK_SECRET=whsec_")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("given", [{}, {"webhook_secret": "whsec_" + "A" * 32}])
def test_in_production_they_are_given_or_nothing_starts(tmp_path: Path, given: dict[str, str]) -> None:
    path = tmp_path / "secrets.env"

    with pytest.raises(LaunchError) as caught:
        ensure_development_secrets(settings_of(path, environment="production", **given), path)

    assert "TIENVIITTA_ENCRYPTION_KEYS" in str(caught.value)
    assert ("TIENVIITTA_WEBHOOK_SECRET" in str(caught.value)) == (not given)
    assert "\n" not in str(caught.value)
    assert not path.exists()


def test_in_production_given_ones_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    given = {"webhook_secret": "whsec_" + "A" * 32, "encryption_keys": "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="}

    ensure_development_secrets(settings_of(path, environment="production", **given), path)

    assert not path.exists()
