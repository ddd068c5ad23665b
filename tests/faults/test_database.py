"""The database locked, full, away, or on a bad disk: a word to the resident in time, nothing lost or doubled."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.engine import Engine

from api import database
from tests.api.harness import Api
from tests.faults.checker import check
from tests.faults.ledger import now
from tests.faults.load import Load
from tests.faults.service import Service, build
from tests.faults.shim import Shim
from tests.waiting import LIMIT_S, eventually

MOST_S = 8.0
"""Longest wait for the word that something is wrong, on a busy machine; 4 s are the database's own limit."""


def file_of(service: Service) -> str:
    return str(make_url(service.settings.database_url or "").database)


def goes_on(load: Load) -> None:
    """Wait until more is acknowledged."""
    before = load.ledger.acknowledged()
    eventually(lambda: load.ledger.acknowledged() >= before + 3, lambda: "it did not go on")


@contextlib.contextmanager
def held(path: str) -> Iterator[None]:
    """Another program keeps a write transaction open on the database file while the block runs, however that ends."""
    with contextlib.closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def test_another_writer_holds_the_database(service: Service) -> None:
    with (
        Load(service.settings.url, service.secret, residents=2) as load,
        httpx.Client(base_url=service.settings.url, timeout=20, trust_env=False) as http,
    ):
        created = http.post("/api/v1/conversations", json={}).json()
        path, headers = f"/api/v1/conversations/{created['id']}", {"Authorization": f"Bearer {created['token']}"}
        body = {"client_id": str(uuid.uuid4()), "text": "moi"}
        with held(file_of(service)):
            started = time.monotonic()
            answer = http.post(f"{path}/messages", json=body, headers=headers)
            assert time.monotonic() - started < MOST_S
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
            assert "häiriö" in answer.json()["title"]
            assert http.get("/healthz").status_code == 200
            assert http.get(path, headers=headers).status_code == 200, "reading goes on"
        goes_on(load)
        assert http.post(f"{path}/messages", json=body, headers=headers).status_code == 200
        said = [message["text"] for message in http.get(path, headers=headers).json()["messages"]]
        assert said[1:] == ["moi", "Sanoit: moi"]
    check(load.ledger, service.settings).raise_if_broken()


def test_the_database_is_full(own_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch) -> None:
    limit = {"pages": 0}
    real = database._prepare_sqlite

    def prepare(made: Engine) -> None:
        real(made)

        @event.listens_for(made, "checkout")
        def _limit(connection, _record, _proxy) -> None:
            connection.execute(f"PRAGMA max_page_count={limit['pages'] or 2**30}").close()

    monkeypatch.setattr(database, "_prepare_sqlite", prepare)
    api = own_api(worker_in_api=False)
    resident = api.resident()
    resident.say("ennen")
    with sqlite3.connect(str(make_url(api.settings.database_url or "").database)) as look:
        limit["pages"] = look.execute("PRAGMA page_count").fetchone()[0]
    refused: str | None = None
    acknowledged = ["ennen"]
    for number in range(60):
        client_id, words = str(uuid.uuid4()), f"{number} " + "ä" * 1500
        answer = resident.post(client_id, text=words)
        if answer.status_code != 200:
            assert answer.status_code == 503
            refused = words
            break
        acknowledged.append(words)
    assert refused is not None, "it never got full"
    assert api.client().get("/healthz").status_code == 200
    # What was said can still be read.
    assert resident.said_by("resident")[: len(acknowledged)] == acknowledged
    limit["pages"] = 0
    assert resident.post(client_id, text=refused).status_code == 200
    assert resident.said_by("resident") == [*acknowledged, refused]
    assert resident.say("jälkeen")["messages"][0]["text"] == "Sanoit: jälkeen"


def test_the_disk_fails(service: Service, shim: Shim) -> None:
    with Load(service.settings.url, service.secret, residents=2) as load:
        for what in ("fsync", "full"):
            goes_on(load)
            with shim.failing(what):
                begun = now()
                time.sleep(1.0)
                # What is not safe on the disk is not acknowledged.
                assert load.ledger.taken_between(begun, now()) == []
        goes_on(load)
    check(load.ledger, service.settings).raise_if_broken()
    with sqlite3.connect(file_of(service)) as look:
        assert look.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.postgres
def test_postgresql_is_restarted_beneath_two_apis_and_one_is_killed(tmp_path: Path, postgres: str) -> None:
    """As it looks from here: connections end again and again, then none can be made for a while."""
    service = build(tmp_path, apis=2, database_url=postgres)
    try:
        service.start()
        _restart_postgresql(service, postgres)
    finally:
        service.stop()


def _restart_postgresql(service: Service, postgres: str) -> None:
    name = make_url(postgres).database
    ended = 0
    with (
        Load(service.urls, service.secret, residents=3) as load,
        psycopg.connect(postgres.rsplit("/", 1)[0] + "/postgres", autocommit=True) as admin,
    ):
        end_all = ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        goes_on(load)
        for _ in range(8):
            time.sleep(0.15)
            ended += len(admin.execute(*end_all).fetchall())
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute(*end_all)
        started = time.monotonic()
        answer = httpx.post(f"{service.settings.url}/api/v1/conversations", json={}, timeout=20, trust_env=False)
        assert answer.status_code == 503
        assert time.monotonic() - started < MOST_S
        ready = httpx.get(f"{service.settings.url}/readyz", timeout=20, trust_env=False)
        assert "database" in ready.json()["missing"]
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        goes_on(load)
        service.kill("api2", "worker")
        goes_on(load)
        service.start("api2", "worker")
    assert ended > 0
    check(load.ledger, service.settings).raise_if_broken()


def test_one_talk_over_two_apis_at_once_stays_in_order(service: Service) -> None:
    urls = service.urls
    created = httpx.post(f"{urls[0]}/api/v1/conversations", json={}, timeout=LIMIT_S, trust_env=False).json()
    path, headers = f"/api/v1/conversations/{created['id']}", {"Authorization": f"Bearer {created['token']}"}
    answers: dict[str, list[str]] = {}

    def say(url: str, words: str) -> None:
        # The same message to both, as a widget does that lost its connection and tries the other machine.
        body = {"client_id": str(uuid.uuid5(uuid.NAMESPACE_OID, words)), "text": words}
        answer = httpx.post(f"{url}{path}/messages", json=body, headers=headers, timeout=LIMIT_S, trust_env=False)
        answers.setdefault(words, []).append(answer.text)

    threads = [threading.Thread(target=say, args=(url, f"viesti {n}")) for n in range(6) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(set(found)) for found in answers.values()} == {1}, "both got the same answer"
    talk = httpx.get(f"{urls[1]}{path}", headers=headers, timeout=LIMIT_S, trust_env=False).json()["messages"]
    said = [message["text"] for message in talk if message["sender"] == "resident"]
    assert sorted(said) == sorted(answers)
    assert [m["text"] for m in talk[1:]] == [text for words in said for text in (words, f"Sanoit: {words}")]
