"""Tokens, headers, secrets, and the log of what advisers did."""

from __future__ import annotations

import base64
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api.advisers.models import AuditEntry
from api.conversations.models import Conversation
from api.database import now, sync_session, upgrade
from api.security import SettingsError, check_settings
from tests.api.harness import Api, Resident, make_settings

MakeApi = Callable[..., Api]
PAGES = ("/", "/chat", "/adviser", "/privacy", "/accessibility")


def test_tokens_are_long_random_and_stored_as_hashes_alone(api: Api) -> None:
    tokens = [api.resident().token for _ in range(5)]
    raw = [base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) for token in tokens]
    assert all(len(one) * 8 >= 128 for one in raw)
    assert len(set(raw)) == 5
    with sync_session(api.settings) as session:
        rows = session.execute(text("SELECT * FROM conversations")).all()
        hashes = {row.token_hash for row in session.query(Conversation)}
    assert not any(token in str(row) for row in rows for token in tokens)
    assert all(len(one) == 64 for one in hashes)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_forbids_what_it_does_not_need(api: Api, path: str) -> None:
    with api.client() as client:
        answer = client.get(path)
    assert answer.status_code == 200
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["base-uri"] == "'none'"
    assert "frame-ancestors" in policy
    assert not any("unsafe" in value or "*" in value for value in policy.values())
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers


def test_behind_tls_browsers_are_told_to_stay_there(own_api: MakeApi) -> None:
    api = own_api(public_url="https://tienviitta.example.fi")
    with api.client() as client:
        for path in (*PAGES, "/api/v1/services", "/none"):
            assert int(client.get(path).headers["strict-transport-security"].partition("=")[2]) >= 31536000


def test_answers_about_a_talk_are_kept_by_no_cache(resident: Resident) -> None:
    for path in ("", "/transcript", "/events?wait=0"):
        assert resident.http.get(resident.path + path).headers["cache-control"] == "no-store"


ZEROS = base64.urlsafe_b64encode(bytes(32)).decode()
WORDS = base64.urlsafe_b64encode(b"salasana" * 4).decode()
COUNTING = "whsec_" + base64.b64encode(b"0123456789" * 4).decode()
RANDOM = base64.b64encode(bytes(range(7, 200, 6))[:32]).decode()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"encryption_keys": ZEROS}, "TIENVIITTA_ENCRYPTION_KEYS"),
        ({"encryption_keys": WORDS}, "TIENVIITTA_ENCRYPTION_KEYS"),
        ({"webhook_secret": COUNTING}, "TIENVIITTA_WEBHOOK_SECRET"),
        (
            {"encryption_keys": RANDOM.replace("+", "-").replace("/", "_"), "webhook_secret": "whsec_" + RANDOM},
            "TIENVIITTA_WEBHOOK_SECRET",
        ),
    ],
)
def test_a_weak_secret_stops_the_start_in_production(tmp_path: Path, values: dict[str, str], named: str) -> None:
    hosts = {"allowed_hosts": ["tienviitta.example.fi"]}
    check_settings(make_settings(tmp_path, 1, environment="production", **hosts))
    check_settings(make_settings(tmp_path, 1, **values))
    with pytest.raises(SettingsError, match=named) as error:
        check_settings(make_settings(tmp_path, 1, environment="production", **hosts, **values))
    assert not any(value in str(error.value) for value in values.values())


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET adviser_id = 99", "DELETE FROM audit", "UPDATE audit SET at = '2000-01-01 00:00:00'"]
)
def test_the_audit_log_can_be_added_to_alone(api: Api, change: str) -> None:
    with sync_session(api.settings) as session:
        session.add(AuditEntry(at=now(), action="view"))
    with sync_session(api.settings) as session:
        before = session.query(AuditEntry).count()
    with pytest.raises(SQLAlchemyError), sync_session(api.settings) as session:
        session.execute(text(change))
    with sync_session(api.settings) as session:
        assert session.query(AuditEntry).count() == before
        assert session.query(AuditEntry).filter_by(adviser_id=99).count() == 0


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "new", 1)
    upgrade(settings)
    with sync_session(settings) as session:
        session.add(AuditEntry(at=now(), action="view"))
        session.flush()
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert set(modes.values()) == {0o600}
    assert {"tienviitta.db", "tienviitta.db-wal"} <= set(modes)
