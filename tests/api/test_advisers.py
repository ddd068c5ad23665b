"""Advisers' sign-in, sessions, protection against forged requests, audit, and accounts on the command line."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

import api.advisers.cli as cli
from api.advisers import service
from api.advisers.models import Adviser, AdviserSession, AuditEntry
from api.database import now, sync_session, upgrade
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


def test_failures_are_limited_by_name_and_address(own_api: Callable[..., Api]) -> None:
    made = own_api()
    with sync_session(made.settings) as session:
        for name in ("aino", "ville"):
            service.create(session, username=name, display_name=name, role="adviser", password=ADVISER_PASSWORD)
    with made.client() as client:

        def attempt(username: str, password: str) -> int:
            return client.post(SESSION, json={"username": username, "password": password}).status_code

        wrong = [attempt("aino", "väärä") for _ in range(service.FAILURES_PER_NAME_AND_ADDRESS)]
        assert set(wrong) == {401}
        limited = client.post(SESSION, json={"username": "aino", "password": ADVISER_PASSWORD})
        assert limited.status_code == 429
        assert int(limited.headers["retry-after"]) > 0
        assert attempt("ville", ADVISER_PASSWORD) == 200, "another name is not concerned"
        with sync_session(made.settings) as session:
            session.execute(
                update(AuditEntry)
                .where(AuditEntry.action == "sign_in_failed")
                .values(at=now() - service.FAILURE_WINDOW - timedelta(seconds=1))
            )
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
    return lambda *words, typed="": CliRunner().invoke(cli.app, list(words), input=typed)


def test_accounts_on_the_command_line(command: Callable[..., Any]) -> None:
    made = command("create", "liisa", "--name", "Liisa L", "--role", "supervisor", typed="pitkä salasana 1\n")
    assert made.exit_code == 0, made.output
    assert "pitkä salasana" not in made.output
    assert command("list").output == "liisa\tsupervisor\tactive\tLiisa L\n"
    assert command("password", "liisa", typed="toinen pitkä salasana\n").exit_code == 0
    assert command("disable", "liisa").exit_code == 0
    assert "disabled" in command("list").output


@pytest.mark.parametrize(
    ("words", "typed", "part"),
    [
        (("create", "liisa", "--name", "L"), "lyhyt\n", "12 characters"),
        (("create", "liisa", "--name", "L", "--role", "boss"), "pitkä salasana 1\n", "role"),
        (("create", "li isa", "--name", "L"), "pitkä salasana 1\n", "spaces"),
        (("create", "liisa", "--name", " "), "pitkä salasana 1\n", "display name"),
        (("password", "nobody"), "pitkä salasana 1\n", "no adviser"),
        (("disable", "nobody"), "", "no adviser"),
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
