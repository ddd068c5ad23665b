"""Advisers' sign-in, sessions, protection against forged requests, audit, and accounts on the command line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

import api.advisers.cli as cli
from api.advisers import audit, audit_cli, service
from api.advisers.models import Adviser, AdviserSession, AuditEntry
from api.advisers.roles import PERMISSIONS, Permission, Role, may
from api.database import Database, now, sync_session, upgrade
from settings import Settings
from tests.api.harness import ADVISER_PASSWORD, Api, Resident, make_settings

SESSION = "/adviser/api/session"


def test_signing_in_gives_a_session_and_a_csrf_token(api: Api) -> None:
    with api.client() as client:
        answer = client.post(SESSION, json={"username": "aino", "password": ADVISER_PASSWORD})
        assert answer.status_code == 200
        session = answer.json()
        assert {key: session[key] for key in ("username", "display_name", "role")} == {
            "username": "aino", "display_name": "Aino", "role": "adviser",
        }  # fmt: skip
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("tienviitta_adviser=")
        for attribute in ("HttpOnly", "SameSite=strict", "Path=/adviser"):
            assert attribute in cookie
        assert client.get(SESSION).json() == session
        assert client.delete(SESSION).status_code == 403, "without the token"
        token = {"X-CSRF-Token": session["csrf_token"]}
        kept = client.cookies["tienviitta_adviser"]
        assert client.delete(SESSION, headers=token).status_code == 204
        assert client.get(SESSION, headers={"Cookie": f"tienviitta_adviser={kept}"}).status_code == 401


def test_the_cookie_is_secure_where_the_address_is(own_api: Callable[..., Api]) -> None:
    made = own_api(public_url="https://chat.example.fi")
    with sync_session(made.settings) as session:
        service.create(session, username="aino", display_name="Aino", role="adviser", password=ADVISER_PASSWORD)
    with made.client() as client:
        answer = client.post(SESSION, json={"username": "aino", "password": ADVISER_PASSWORD})
        assert "; Secure" in answer.headers["set-cookie"]
        assert "max-age" in answer.headers["strict-transport-security"]


ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "handoffs", None),
    ("GET", "handoffs/{id}", None),
    ("GET", "events?wait=0", None),
    ("POST", "handoffs/{id}/accept", {}),
    ("POST", "handoffs/{id}/release", {}),
    ("POST", "handoffs/{id}/typing", {}),
    ("POST", "handoffs/{id}/messages", {"client_id": str(uuid.uuid4()), "text": "a"}),
    ("POST", "handoffs/{id}/close", {"outcome": "agreed"}),
    ("POST", "handoffs/{id}/callback", {"result": "done"}),
    ("POST", "handoffs/{id}/notes", {"text": "a"}),
    ("DELETE", "session", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_nothing_is_there_for_one_who_is_not_signed_in(api: Api, method: str, path: str, body: Any) -> None:
    url = "/adviser/api/" + path.replace("{id}", str(uuid.uuid4()))
    with api.client() as client:
        for headers in ({}, {"Cookie": "tienviitta_adviser=forged"}):
            answer = client.request(method, url, json=body, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path", "body"), [route for route in ROUTES if route[0] != "GET"])
def test_a_change_needs_the_csrf_token(api: Api, resident: Resident, method: str, path: str, body: Any) -> None:
    handoff = api.hand_over(resident.id).json()["handoff_id"]
    url = "/adviser/api/" + path.replace("{id}", handoff)
    with api.client() as client:
        client.cookies = api.adviser("aino").http.cookies
        for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "0" * 64}):
            answer = client.request(method, url, json=body, headers=headers)
            assert answer.status_code == 403
    assert resident.talk()["status"] == "queued"


def test_a_handoff_that_does_not_exist_is_404(api: Api) -> None:
    for method, path, body in ROUTES[1:-1]:
        if "{id}" in path:
            url = "/adviser/api/" + path.replace("{id}", str(uuid.uuid4()))
            assert api.adviser("aino").http.request(method, url, json=body).status_code == 404


def test_failures_are_limited_by_name_and_network(own_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch) -> None:
    made = own_api()
    with sync_session(made.settings) as session:
        for name in ("aino", "ville"):
            service.create(session, username=name, display_name=name, role="adviser", password=ADVISER_PASSWORD)
    with made.client() as client:

        def attempt(username: str, password: str) -> int:
            return client.post(SESSION, json={"username": username, "password": password}).status_code

        wrong = [attempt("aino", "väärä") for _ in range(audit.FAILURES_PER_NAME_AND_NETWORK)]
        assert set(wrong) == {401}
        limited = client.post(SESSION, json={"username": "aino", "password": ADVISER_PASSWORD})
        assert limited.status_code == 429
        assert int(limited.headers["retry-after"]) > 0
        assert attempt("ville", ADVISER_PASSWORD) == 200, "another name is not concerned"
        monkeypatch.setattr(audit, "FAILURE_WINDOW", timedelta(0))
        assert attempt("aino", ADVISER_PASSWORD) == 200, "it passes"
        assert attempt("nobody", "x" * 12) == 401


def test_a_session_ends_with_its_time_and_with_its_account(api: Api) -> None:
    with sync_session(api.settings) as session:
        service.create(session, username="eeva", display_name="Eeva", role="adviser", password=ADVISER_PASSWORD)
    browser = api.adviser("eeva")
    with sync_session(api.settings) as session:
        eeva = session.scalars(select(Adviser).where(Adviser.username == "eeva")).one()
        session.execute(update(AdviserSession).where(AdviserSession.adviser_id == eeva.id).values(expires_at=now()))
    assert browser.http.get(SESSION).status_code == 401
    with sync_session(api.settings) as session:
        session.execute(
            update(AdviserSession)
            .where(AdviserSession.adviser_id == eeva.id)
            .values(expires_at=now() + timedelta(hours=1))
        )
    assert browser.http.get(SESSION).status_code == 200
    with sync_session(api.settings) as session:
        session.execute(update(Adviser).where(Adviser.id == eeva.id).values(disabled_at=now()))
    assert browser.http.get(SESSION).status_code == 401


def _seen(api: Api, username: str, before: timedelta) -> None:
    """Let the account's last sign of a person be so long ago."""
    with sync_session(api.settings) as session:
        whose = select(Adviser.id).where(Adviser.username == username).scalar_subquery()
        session.execute(update(AdviserSession).where(AdviserSession.adviser_id == whose).values(seen_at=now() - before))


def test_a_session_ends_when_nobody_is_there(api: Api, resident: Resident) -> None:
    name = f"idle-{uuid.uuid4().hex[:6]}"
    with sync_session(api.settings) as session:
        service.create(session, username=name, display_name="Irja", role="adviser", password=ADVISER_PASSWORD)
    browser = api.adviser(name)
    idle = timedelta(minutes=api.settings.adviser_idle_min)
    _seen(api, name, idle - timedelta(minutes=1))
    # The page asks by itself again and again: that is no sign of a person.
    assert browser.http.get("/adviser/api/handoffs").status_code == 200
    assert browser.http.get("/adviser/api/events", params={"wait": 0}).status_code == 200
    _seen(api, name, idle + timedelta(seconds=1))
    assert browser.http.get(SESSION).status_code == 401
    _seen(api, name, idle - timedelta(minutes=1))
    assert browser.post("session/presence").status_code == 204
    with sync_session(api.settings) as session:
        whose = select(Adviser.id).where(Adviser.username == name).scalar_subquery()
        seen = session.scalars(select(AdviserSession.seen_at).where(AdviserSession.adviser_id == whose)).one()
        assert now() - seen < timedelta(minutes=1)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit SET adviser_id = 7", "DELETE FROM audit", "UPDATE audit SET at = '2020-01-01 00:00:00'"],
)
def test_the_database_refuses_to_change_the_audit(api: Api, statement: str) -> None:
    with sync_session(api.settings) as session:
        audit.audit(session, audit.SIGN_OUT, adviser_id=1)
    with pytest.raises(DBAPIError, match="the audit is only added to"), sync_session(api.settings) as session:
        session.execute(text(statement))


async def test_what_is_old_enough_may_go_from_the_audit(api: Api) -> None:
    mark = uuid.uuid4().hex
    with sync_session(api.settings) as session:
        for days in (800, 400, 364, 0):
            session.add(AuditEntry(at=now() - timedelta(days=days), action=audit.SIGN_OUT, subject=mark))
    database = Database(api.settings)
    try:
        async with database.write() as session:
            await audit.erase_old(session, days=730)
        async with database.read() as session:
            kept = await session.scalars(select(AuditEntry.at).where(AuditEntry.subject == mark))
            assert sorted((now() - at).days for at in kept) == [0, 364, 400]
        with pytest.raises(DBAPIError):
            async with database.write() as session:
                await audit.erase_old(session, days=363)
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
    ],
)
def test_what_counts_as_one_visitor(address: str, network: str) -> None:
    assert audit.network_of(address) == network


def test_every_role_has_its_permissions_and_no_other_name_has_any() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert not any(may("boss", permission) for permission in Permission)
    assert not PERMISSIONS[Role.EDITOR] & {Permission.SEE_TALKS, Permission.ANSWER_TALKS, Permission.SEE_FIGURES}


def test_what_advisers_do_is_audited_without_texts(api: Api, resident: Resident) -> None:
    handoff = api.hand_over(resident.id, name="Salainen Nimi").json()["handoff_id"]
    adviser = api.adviser("aino")
    adviser.get(f"handoffs/{handoff}")
    adviser.get(f"handoffs/{handoff}")  # a console refreshes itself
    adviser.post(f"handoffs/{handoff}/accept")
    adviser.reply(handoff, "salainen vastaus")
    adviser.post(f"handoffs/{handoff}/close", outcome="agreed", text="salainen tulos")
    resident.http.delete(resident.path)
    with sync_session(api.settings) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.handoff_id == handoff)).all()
        assert [entry.action for entry in entries] == ["handoff_read", "accept", "message", "close"]
        assert len({entry.adviser_id for entry in entries}) == 1
        assert resident.id not in str([vars(entry) for entry in entries])
        asked = audit.lines(session, conversation_id=resident.id)
        assert [line.action for line in reversed(asked)] == [entry.action for entry in entries], (
            "who has the id can ask"
        )
        assert {line.actor for line in asked} == {"aino"}
        assert "salainen" not in str([vars(entry) for entry in entries]).lower()


def test_the_first_adviser_in_development(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, 1)
    upgrade(settings)
    password = service.ensure_development_adviser(settings)
    assert password
    path = tmp_path / "adviser-password"
    assert path.read_text().strip() == password
    assert path.stat().st_mode & 0o777 == 0o600
    assert service.ensure_development_adviser(settings) is None, "once"
    with sync_session(settings) as session:
        neuvoja = session.scalars(select(Adviser)).one()
        assert neuvoja.username == "neuvoja"
        assert service.password_fits(neuvoja.password_hash, password)
        assert password not in neuvoja.password_hash
    production = settings.model_copy(update={"environment": "production"})
    assert service.ensure_development_adviser(production) is None


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    settings = make_settings(tmp_path, 1)
    upgrade(settings)

    def get() -> Settings:
        return settings

    monkeypatch.setattr(cli, "get_settings", get)
    monkeypatch.setattr(audit_cli, "get_settings", get)
    return lambda *words, typed="": CliRunner().invoke(cli.app, list(words), input=typed)


def test_accounts_on_the_command_line(command: Callable[..., Any]) -> None:
    made = command("add", "liisa", "--name", "Liisa L", "--role", "supervisor", typed="pitkä salasana 1\n")
    assert made.exit_code == 0, made.output
    assert "pitkä salasana" not in made.output
    assert command("list").output == "liisa\tsupervisor\tactive\tLiisa L\n"
    assert command("password", "liisa", typed="toinen pitkä salasana\n").exit_code == 0
    assert command("role", "liisa", "editor").exit_code == 0
    assert command("sessions", "list").output == ""
    assert command("sessions", "end", "liisa").output == "Ended 0 sessions of liisa.\n"
    assert command("disable", "liisa").exit_code == 0
    assert command("list").output == "liisa\teditor\tdisabled\tLiisa L\n"
    told = CliRunner().invoke(audit_cli.app, ["list", "--adviser", "liisa"]).output.splitlines()
    assert told[0] == "at\taction\tactor\ttarget\thandoff\tnetwork"
    assert [line.split("\t")[1:4] for line in told[1:]] == [
        [action, "", "liisa"]
        for action in (
            "account_disabled", "sessions_ended", "role_changed", "password_changed", "account_created",
        )
    ]  # fmt: skip
    assert len(CliRunner().invoke(audit_cli.app, ["list", "--since", "2999-01-01"]).output.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "typed", "part"),
    [
        (("create", "liisa", "--name", "L"), "lyhyt\n", "12 characters"),
        (("create", "liisa", "--name", "L", "--role", "boss"), "pitkä salasana 1\n", "role"),
        (("create", "li isa", "--name", "L"), "pitkä salasana 1\n", "spaces"),
        (("create", "liisa", "--name", " "), "pitkä salasana 1\n", "display name"),
        (("password", "nobody"), "pitkä salasana 1\n", "no adviser"),
        (("disable", "nobody"), "", "no adviser"),
        (("role", "nobody", "editor"), "", "no adviser"),
        (("sessions", "end", "nobody"), "", "no adviser"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(
    command: Callable[..., Any], words: tuple[str, ...], typed: str, part: str
) -> None:
    result = command(*words, typed=typed)
    assert result.exit_code == 1
    assert part in result.output
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1


def test_a_name_that_is_taken_is_refused(command: Callable[..., Any]) -> None:
    assert command("create", "liisa", "--name", "L", typed="pitkä salasana 1\n").exit_code == 0
    assert "already" in command("create", "liisa", "--name", "L", typed="pitkä salasana 1\n").output
