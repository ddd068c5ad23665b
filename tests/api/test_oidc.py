"""Signing in through a city's directory: with a provider that bends the rules, and with a real one as a process."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from api.advisers import directory, service
from api.advisers.models import Adviser, AdviserSession, AuditEntry
from api.advisers.roles import Role
from api.database import sync_session
from api.security import SettingsError, check_settings
from tests.api.bent_provider import CLIENT_ID, CLIENT_SECRET, GROUP, BentProvider, new_key, query_of
from tests.api.harness import ADVISER_PASSWORD, Api, Server, free_port, make_settings
from tests.waiting import eventually

START, RETURN = "/adviser/sign-in/start", "/adviser/sign-in/return"
SESSION = "/adviser/api/session"
COOKIE = "tienviitta_adviser"
_subjects = (f"sub-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def _provider() -> Iterator[BentProvider]:
    bent = BentProvider(free_port())
    server = Server(bent.app(), bent.port)
    server.start()
    yield bent
    server.stop()


@pytest.fixture
def provider(_provider: BentProvider) -> BentProvider:
    _provider.reset()
    _provider.claims = {"sub": next(_subjects)}
    return _provider


@pytest.fixture
def city(own_api: Callable[..., Api], provider: BentProvider) -> Callable[..., Api]:
    """Makes an api that knows the provider."""

    def make(**values: Any) -> Api:
        made = own_api(
            **{
                "oidc_issuer": provider.url,
                "oidc_client_id": CLIENT_ID,
                "oidc_client_secret": CLIENT_SECRET,
                "oidc_roles": {GROUP: "adviser", "tienviitta-esihenkilot": "supervisor", "sisallot": "editor"},
                **values,
            }
        )
        return made

    return make


def through(client: httpx.Client, start: str = START) -> httpx.Response:
    """To the directory and back, as a browser goes; the answer to the return."""
    sent = client.get(start)
    if sent.status_code != 303:
        return sent
    back = httpx.get(sent.headers["location"], trust_env=False)
    assert back.status_code == 302, back.text
    return client.get(back.headers["location"])


def account(made: Api, provider: BentProvider) -> Adviser:
    with sync_session(made.settings) as session:
        return session.scalars(select(Adviser).where(Adviser.subject == provider.claims["sub"])).one()


def test_the_first_sign_in_makes_an_account_with_the_first_name(
    city: Callable[..., Api], provider: BentProvider
) -> None:
    made = city()
    with made.client() as client:
        ways = client.get("/adviser/api/sign-in").json()
        assert ways == {"password": True, "directory": {"label": "Kirjaudu kaupungin tunnuksella", "href": START}}
        asked = client.get(START)
        query = query_of(asked.headers["location"])
        assert query["redirect_uri"] == made.url + RETURN
        assert {query["scope"], query["client_id"]} == {"openid profile email", CLIENT_ID}
        for attribute in ("HttpOnly", "SameSite=lax", "Path=/adviser/sign-in"):
            assert attribute in asked.headers["set-cookie"]
        assert query["state"] not in asked.headers["set-cookie"], "it is sealed"
        answer = through(client)
        assert answer.status_code == 200
        assert 'content="0;url=/adviser"' in answer.text
        cookies = answer.headers.get_list("set-cookie")
        assert any(cookie.startswith(COOKIE) and "SameSite=strict" in cookie for cookie in cookies)
        assert any(cookie.startswith('tienviitta_sign_in=""') for cookie in cookies), "the pending one is taken away"
        session = client.get(SESSION).json()
        assert (session["username"], session["display_name"], session["role"]) == ("maija.malli", "Maija", "adviser")
        assert "see_talks" in session["permissions"]
        assert "see_figures" not in session["permissions"]
        secret = base64.b64decode(provider.basic[-1].removeprefix("Basic ")).decode()
        assert secret == f"{CLIENT_ID}:{quote(CLIENT_SECRET, safe='')}"
        again = through(client)
        assert again.status_code == 200
    with sync_session(made.settings) as session:
        entries = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert entries == ["account_created", "sign_in", "sign_in"]


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ([GROUP], "adviser"),
        ([GROUP, "tienviitta-esihenkilot"], "supervisor"),
        (["sisallot", GROUP], "adviser"),
        ("sisallot", "editor"),
    ],
)
def test_groups_give_the_strongest_role(
    city: Callable[..., Api], provider: BentProvider, groups: object, role: str
) -> None:
    provider.claims["groups"] = groups
    made = city()
    with made.client() as client:
        assert through(client).status_code == 200
        assert client.get(SESSION).json()["role"] == role


def test_the_role_follows_the_directory_at_every_sign_in(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client:
        assert through(client).status_code == 200
        provider.claims["groups"] = ["tienviitta-esihenkilot"]
        assert through(client).status_code == 200
        assert client.get(SESSION).json()["role"] == "supervisor"
    assert account(made, provider).role == "supervisor"


@pytest.mark.parametrize(
    "bend",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": [CLIENT_ID, "another"]}},  # several, and none of them said to be the asker
        {"claims": {"azp": "another"}},
        {"claims": {"iss": "http://127.0.0.1:1"}},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"iat": 4_000_000_000}},
        {"claims": {"nbf": 4_000_000_000}},
        {"claims": {"sub": None}},
        {"claims": {"sub": 17}},
        {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
        {"signing": "none"},
        {"signing": "hs256"},
        pytest.param({"signing_key": new_key("first")}, id="another key of the same name"),
        {"token_status": 400},
    ],
    ids=str,
)
def test_what_is_not_proven_signs_nobody_in(
    city: Callable[..., Api], provider: BentProvider, bend: dict[str, Any]
) -> None:
    provider.claims |= bend.get("claims", {})
    provider.signing = bend.get("signing", "rs256")
    provider.signing_key = bend.get("signing_key")
    provider.token_status = bend.get("token_status", 200)
    made = city()
    with made.client() as client:
        answer = through(client)
        assert answer.status_code == 401
        assert "ei voitu varmistaa" in answer.text
        assert COOKIE not in client.cookies
        assert client.get(SESSION).status_code == 401
    with sync_session(made.settings) as session:
        assert list(session.scalars(select(Adviser))) == []
        assert [entry.action for entry in session.scalars(select(AuditEntry))] == ["sign_in_failed"]


def test_an_expiry_within_the_clocks_difference_is_let_pass(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client:
        provider.claims["exp"] = int(time.time()) - directory.CLOCK_LEEWAY_S + 20
        assert through(client).status_code == 200
        provider.claims["exp"] = int(time.time()) - directory.CLOCK_LEEWAY_S - 5
        assert through(client).status_code == 401


def test_new_keys_of_the_directory_are_fetched(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    before = provider.key
    with made.client() as client:
        assert through(client).status_code == 200
        provider.key = new_key("second")
        assert through(client).status_code == 200
        provider.signing_key = before
        assert through(client).status_code == 401, "the old one no longer counts"
    provider.key = before


def test_a_return_that_nobody_asked_for_signs_nobody_in(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client, made.client() as other:
        location = client.get(START).headers["location"]
        back = httpx.get(location, trust_env=False).headers["location"]
        assert other.get(back).status_code == 400, "another browser"
        other.get(START)
        assert other.get(back).status_code == 400, "another sign-in's state"
        assert client.get(back.replace("state=", "state=x")).status_code == 400
        client.get(START)
        assert client.get(f"{RETURN}?code=code-0").status_code == 400, "no state at all"
        sealed = Fernet(Fernet.generate_key()).encrypt(b'{"state":"a","nonce":"b","verifier":"c","then":"/adviser"}')
        forged = {"Cookie": f"tienviitta_sign_in={sealed.decode()}"}
        assert other.get(f"{RETURN}?code=code-0&state=a", headers=forged).status_code == 400
        for answer in (client.get(SESSION), other.get(SESSION)):
            assert answer.status_code == 401


def test_a_sign_in_that_took_too_long_begins_anew(
    city: Callable[..., Api], monkeypatch: pytest.MonkeyPatch, provider: BentProvider
) -> None:
    made = city()
    monkeypatch.setattr(directory, "PENDING_S", -1)
    with made.client() as client:
        location = client.get(START).headers["location"]
        cookie = {"Cookie": "tienviitta_sign_in=old"}
        back = httpx.get(location, trust_env=False).headers["location"]
        answer = client.get(back, headers=cookie)
        assert answer.status_code == 400
        assert "Aloita kirjautuminen alusta" in answer.text


def test_a_code_counts_once(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client:
        sent = client.get(START)
        pending = client.cookies["tienviitta_sign_in"]
        back = httpx.get(sent.headers["location"], trust_env=False).headers["location"]
        assert client.get(back).status_code == 200
    with made.client() as client:
        assert client.get(back, headers={"Cookie": f"tienviitta_sign_in={pending}"}).status_code == 401


def test_breaking_off_at_the_directory_is_told(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client:
        state = query_of(client.get(START).headers["location"])["state"]
        answer = client.get(RETURN, params={"error": "access_denied", "error_description": "<b>x", "state": state})
        assert answer.status_code == 403
        assert "keskeytyi" in answer.text
        assert "<b>x" not in answer.text


def test_a_directory_that_is_down_is_told(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    provider.is_down = True
    with made.client() as client:
        answer = client.get(START)
        assert answer.status_code == 503
        assert "ei vastaa juuri nyt" in answer.text
        provider.is_down = False
        assert client.get(START).status_code == 303, "it is asked again"
        provider.token_status = 500
        assert through(client).status_code == 503


@pytest.mark.parametrize(
    "about",
    [{"issuer": "http://127.0.0.1:1"}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": None}],
)
def test_a_description_that_cannot_be_right_is_not_used(
    city: Callable[..., Api], provider: BentProvider, about: dict[str, Any]
) -> None:
    provider.about = about
    with city().client() as client:
        assert client.get(START).status_code == 503


@pytest.mark.parametrize(
    ("claims", "is_let_in"),
    [
        ({"groups": ["muut"]}, False),
        ({"groups": None}, False),
        ({"groups": [["x"], 7]}, False),
        ({"email": "maija@muualla.example"}, False),
        ({"email": "maija@kunta.example.muualla.example"}, False),
        ({"email": None}, False),
        ({"email_verified": False}, False),
        ({"email": "Maija@KUNTA.example", "email_verified": True}, True),
    ],
    ids=str,
)
def test_only_the_citys_own_people_with_a_role_are_let_in(
    city: Callable[..., Api], provider: BentProvider, claims: dict[str, Any], is_let_in: bool
) -> None:
    provider.claims |= claims
    made = city(oidc_domains=["kunta.example"])
    with made.client() as client:
        answer = through(client)
        assert answer.status_code == (200 if is_let_in else 403)
        assert ("ei ole oikeutta" in answer.text) is not is_let_in


def test_groups_may_be_elsewhere(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city(oidc_groups_claim="realm_access.roles")
    with made.client() as client:
        provider.claims["realm_access"] = {"roles": [GROUP]}
        assert through(client).status_code == 200
        provider.claims["realm_access"] = None
        assert through(client).status_code == 403
        provider.user_info = {"sub": provider.claims["sub"], "realm_access": {"roles": ["sisallot"]}}
        assert through(client).status_code == 200
        assert client.get(SESSION).json()["role"] == "editor"
        provider.user_info["sub"] = "somebody-else"
        assert through(client).status_code == 401


def test_a_disabled_account_stays_out(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client:
        assert through(client).status_code == 200
        with sync_session(made.settings) as session:
            service.disable(session, username="maija.malli")
        assert client.get(SESSION).status_code == 401
        answer = through(client)
        assert answer.status_code == 403
        assert "poistettu käytöstä" in answer.text


def test_a_local_account_of_the_same_name_is_somebody_else(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with sync_session(made.settings) as session:
        service.create(
            session, username="maija.malli", display_name="Toinen", role="supervisor", password=ADVISER_PASSWORD
        )
    with made.client() as client:
        assert through(client).status_code == 200
        session = client.get(SESSION).json()
        assert (session["username"], session["role"]) == ("maija.malli-2", "adviser")
        for password in ("", ADVISER_PASSWORD):
            body = {"username": "maija.malli-2", "password": password}
            assert client.post(SESSION, json=body).status_code == 401, "it has no password"


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"given_name": None, "name": "Leena Malli"}, "Leena"),
        ({"given_name": None}, "Neuvoja"),
        ({"given_name": "  "}, "Neuvoja"),
        ({"given_name": "Ma\nija", "name": "Liisa"}, "Liisa"),
        ({"given_name": {"fi": "Maija"}}, "Neuvoja"),
    ],
    ids=str,
)
def test_the_name_that_residents_see(
    city: Callable[..., Api], provider: BentProvider, claims: dict[str, Any], name: str
) -> None:
    provider.claims |= claims
    made = city()
    with made.client() as client:
        assert through(client).status_code == 200
        assert client.get(SESSION).json()["display_name"] == name


def test_passwords_can_be_switched_off(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city(password_sign_in=False)
    with sync_session(made.settings) as session:
        service.create(session, username="aino", display_name="Aino", role="adviser", password=ADVISER_PASSWORD)
    with made.client() as client:
        assert client.get("/adviser/api/sign-in").json()["password"] is False
        answer = client.post(SESSION, json={"username": "aino", "password": ADVISER_PASSWORD})
        assert answer.status_code == 403
        assert answer.json()["title"] == "Salasanalla ei voi kirjautua. Kirjaudu kaupungin tunnuksella."
        assert through(client).status_code == 200


def test_without_a_directory_there_is_none(api: Api) -> None:
    with api.client() as client:
        assert client.get("/adviser/api/sign-in").json() == {"password": True, "directory": None}
        for path in (START, RETURN):
            assert client.get(path).status_code == 404


def test_failed_returns_are_limited_by_network(city: Callable[..., Api], provider: BentProvider) -> None:
    made = city()
    with made.client() as client:
        answers = [client.get(f"{RETURN}?state=a&code=b").status_code for _ in range(21)]
        assert answers == [400] * 20 + [429]
        limited = client.get(START)
        assert limited.status_code == 429
        assert int(limited.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("then", "leads_to"),
    [("/adviser/figures", "/adviser/figures"), ("https://muualla.example", "/adviser"), ("//x", "/adviser")],
)
def test_where_it_goes_on_is_one_of_our_pages(
    city: Callable[..., Api], provider: BentProvider, then: str, leads_to: str
) -> None:
    with city().client() as client:
        assert f'content="0;url={leads_to}"' in through(client, f"{START}?then={quote(then)}").text


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"oidc_issuer": "http://kunta.example"}, "https"),
        ({"oidc_issuer": "https://kunta.example"}, "CLIENT_ID"),
        ({"oidc_issuer": "https://kunta.example", "oidc_client_id": "x"}, "OIDC_ROLES"),
        ({"password_sign_in": False}, "OIDC_ISSUER"),
    ],
)
def test_settings_that_nobody_could_sign_in_with_stop_the_start(
    tmp_path: Any, values: dict[str, Any], part: str
) -> None:
    with pytest.raises(SettingsError, match=part):
        check_settings(make_settings(tmp_path, 1, **values))


# The real provider: a process of its own, spoken to over HTTP alone.


@pytest.fixture(scope="module")
def real_provider() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    users = [
        {"sub": "u-1", "given_name": "Sirpa", "preferred_username": "sirpa", "groups": ["esihenkilot"]},
        {"sub": "u-2", "given_name": "Pekka", "preferred_username": "pekka", "groups": ["muut"]},
    ]
    words = [word for user in users for word in ("--user-claims", json.dumps(user))]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", *words],
        env={**os.environ, "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "the provider stopped"
        try:
            httpx.get(f"{url}/.well-known/openid-configuration", trust_env=False)
        except httpx.TransportError:
            return False
        return True

    eventually(answers, lambda: "the provider did not start")
    yield url, process
    process.kill()
    process.wait()


def sign_in_at(client: httpx.Client, subject: str) -> httpx.Response:
    """Choose ``subject`` at the real provider's page."""
    location = client.get(START).headers["location"]
    answer = httpx.post(location, data={"sub": subject}, trust_env=False)
    assert answer.status_code == 302, answer.text
    return client.get(answer.headers["location"])


def test_signing_in_and_out_with_a_real_provider(
    own_api: Callable[..., Api], real_provider: tuple[str, subprocess.Popen[bytes]]
) -> None:
    url, process = real_provider
    made = own_api(
        oidc_issuer=url, oidc_client_id="tienviitta", oidc_client_secret="s", oidc_roles={"esihenkilot": "supervisor"}
    )
    with made.client() as client:
        refused = sign_in_at(client, "u-2")
        assert refused.status_code == 403
        assert sign_in_at(client, "u-1").status_code == 200
        session = client.get(SESSION).json()
        assert (session["display_name"], session["role"]) == ("Sirpa", "supervisor")
        with sync_session(made.settings) as database:
            kept = database.scalars(select(AdviserSession)).one()
            assert kept.id_token
        out = client.delete(SESSION, headers={"X-CSRF-Token": session["csrf_token"]})
        assert out.status_code == 200
        address = urlsplit(out.json()["end_session_url"])
        query = parse_qs(address.query)
        assert f"{address.scheme}://{address.netloc}" == url
        assert query["post_logout_redirect_uri"] == [made.url + "/adviser"]
        assert query["id_token_hint"] == [kept.id_token]
        assert httpx.get(out.json()["end_session_url"], trust_env=False).status_code in {200, 302}
        assert client.get(SESSION).status_code == 401
        process.kill()
        process.wait()
        down = sign_in_at_is_down(client)
        assert down.status_code == 503


def sign_in_at_is_down(client: httpx.Client) -> httpx.Response:
    """The return after the provider has died: its description is still known, its tokens are not to be had."""
    state = query_of(client.get(START).headers["location"])["state"]
    return client.get(RETURN, params={"state": state, "code": "x"})


def test_roles_are_all_ranked() -> None:
    assert set(directory.STRONGEST_FIRST) == set(Role)
