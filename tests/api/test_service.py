"""Everything around the talk: catalogue, health, pages, headers, errors, logs, the description."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from api.database import sync_session
from api.logs import JsonFormatter
from api.pages import bundle
from api.texts import PATH, node, say
from catalogue import store
from catalogue.loader import load_content
from settings import ROOT
from tests.api.harness import Api, FakeEngine, Resident, free_port, make_settings, serve
from tests.waiting import eventually


@pytest.fixture(scope="module")
def content() -> Any:
    return load_content()


def get(api: Api, path: str, **options: Any) -> Any:
    with api.client() as client:
        return client.get(path, **options)


def test_the_catalogue_is_listed_in_pages(own_api: Callable[..., Api], content: Any) -> None:
    api = own_api()
    assert get(api, "/api/v1/services").json() == {"total": 0, "items": []}, "before it is loaded"
    with sync_session(api.settings) as session:
        store.save(session, content)

    def page() -> Any:
        return get(api, "/api/v1/services", params={"limit": 5}).json()

    eventually(lambda: page()["total"], lambda: "the new catalogue was not noticed")
    first = page()
    second = get(api, "/api/v1/services", params={"limit": 5, "offset": 5}).json()
    assert len(first["items"]) == 5
    assert {item["id"] for item in first["items"]}.isdisjoint(item["id"] for item in second["items"])
    fields = {
        "id", "name", "alternative_names", "group", "provider", "what", "how", "why", "for_whom", "referral_required",
        "how_to_apply", "contacts", "urls", "municipalities", "age_min", "age_max", "valid_from", "valid_to",
        "replaced_by", "checked_on", "sources",
    }  # fmt: skip
    assert fields <= set(first["items"][0])
    service = first["items"][0]
    assert get(api, f"/api/v1/services/{service['id']}").json() == service
    assert get(api, "/api/v1/services/nope").status_code == 404
    found = get(api, "/api/v1/services", params={"q": service["name"]}).json()
    assert found["items"][0]["id"] == service["id"]
    grouped = get(api, "/api/v1/services", params={"group": service["group"], "limit": 100}).json()
    assert {item["group"] for item in grouped["items"]} == {service["group"]}
    body = {
        "answers": {"wants_work": "yes", "feels_able_to_work": "no", "work_ability_score": 4},
        "background": {"age": 40, "unemployed_months": 14},
        "on": "2026-11-22",
    }
    with api.client() as client:
        answer = client.post("/api/v1/recommendations", json=body)
        assert answer.status_code == 200, answer.text
        result = answer.json()
        assert result["recommendations"][0]["rank"] == 1
        reason = result["recommendations"][0]["reasons"][0]
        assert set(reason) >= {"text", "rule", "source"}
        assert result["typ"]["eligible"] in {True, False, None}
        for wrong in (
            {"answers": {"wants_work": "salaisuus"}},
            {"answers": {"salaisuus": "yes"}},
            {"background": {"age": 400}},
            {"answers": {"work_ability_score": 11}},
            {"answers": []},
            {"on": "eilen"},
        ):
            refused = client.post("/api/v1/recommendations", json=wrong)
            assert refused.status_code == 422, wrong
            assert refused.headers["content-type"] == "application/problem+json"
            assert "salaisuus" not in refused.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 422), ("limit=1", 200), ("limit=100", 200), ("limit=101", 422), ("offset=-1", 422),
        ("limit=x", 422), ("q=" + "a" * 201, 422),
        ("q=%00", 200), ("q=%F0%9F%99%82", 200), ("group=nope", 200), ("q=%FF", 200),
    ],
)  # fmt: skip
def test_queries_of_the_catalogue(api: Api, query: str, status: int) -> None:
    assert get(api, f"/api/v1/services?{query}").status_code == status


def test_health(api: Api, own_api: Callable[..., Api]) -> None:
    assert get(api, "/healthz").json() == {"status": "ok"}
    ready = get(api, "/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    alone = own_api(engine_port=free_port())
    answer = get(alone, "/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["engine", "actions"]
    assert get(alone, "/healthz").status_code == 200


def test_a_database_without_its_tables_is_not_ready(engine: FakeEngine, tmp_path: Path) -> None:
    bare = serve(make_settings(tmp_path, engine.port, worker_in_api=False), engine)
    bare.server.start()
    try:
        assert get(bare, "/readyz").json()["missing"] == ["database"]
        answer = bare.client().post("/api/v1/conversations", json={})
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == say("problems.unavailable")
        assert "sqlite" not in answer.text.lower()
    finally:
        bare.server.stop()


def test_metrics_count_and_name_nobody(api: Api, resident: Resident) -> None:
    resident.say("hei 131052-308T")
    figures = get(api, "/metrics").text
    for name in ("tienviitta_turns_total", "tienviitta_queue", "tienviitta_redactions_total", "tienviitta_outbox"):
        assert name in figures
    assert resident.id not in figures
    assert '/api/v1/conversations/{conversation_id}/messages",status="200"' in figures


def test_logs_have_no_texts_tokens_or_ids(api: Api, engine: FakeEngine) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().addHandler(handler)
    resident = api.resident()
    resident.say("ruskeakarhu")
    engine.mode = "error"
    resident.say("ruskeakarhu")
    api.hand_over(resident.id, name="ruskeakarhu")
    logging.getLogger().removeHandler(handler)
    lines = written.getvalue().splitlines()
    entries = [json.loads(line) for line in lines]
    assert {"request", "turn failed"} <= {entry["event"] for entry in entries}
    for secret in ("ruskeakarhu", resident.token, resident.id):
        assert secret not in "".join(lines)
    resident.http.delete(resident.path)


SCHEMAS = "#/components/schemas/"
PAGES = ["/", "/chat", "/adviser", "/privacy", "/accessibility"]


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_served_within_bounds(api: Api, path: str) -> None:
    answer = get(api, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert 'lang="fi"' in answer.text
    assert "None" not in answer.text
    assert not re.search(r"<script(?![^>]*src=)|\son[a-z]+=|\sstyle=", answer.text), "the policy would block it"


@pytest.mark.parametrize(
    ("path", "framed_by"), [("/adviser", "'none'"), ("/", "'self'"), ("/chat", "'self' https://kunta.example")]
)
def test_only_sites_that_embed_the_chat_may_frame_it(own_api: Callable[..., Api], path: str, framed_by: str) -> None:
    api = own_api(allowed_origins=["https://kunta.example"])
    assert get(api, path).headers["content-security-policy"].endswith(f"frame-ancestors {framed_by}")


def test_the_widget_and_its_files_can_be_embedded(api: Api) -> None:
    widget = get(api, "/widget.js")
    assert widget.status_code == 200
    assert "javascript" in widget.headers["content-type"]
    assert widget.headers["cross-origin-resource-policy"] == "cross-origin"
    assert widget.headers["content-encoding"] == "gzip"
    assert widget.headers["cache-control"] == "no-cache"
    pinned = get(api, f"/{bundle.widget().name}")
    assert pinned.content == widget.content == bundle.widget().code
    assert "immutable" in pinned.headers["cache-control"]
    assert pinned.headers["cross-origin-resource-policy"] == "cross-origin"
    assert get(api, "/widget-0.0.1-00000000.js").status_code == 404
    assert get(api, "/adviser/api/session").headers["cross-origin-resource-policy"] == "same-origin"
    assert get(api, "/static/../main.py").status_code == 404
    assert get(api, "/static/%2e%2e/main.py").status_code == 404


def test_only_allowed_sites_may_call_the_chat_and_none_the_console(own_api: Callable[..., Api]) -> None:
    api = own_api(allowed_origins=["https://kunta.example"])

    def allowed(path: str, origin: str) -> str | None:
        with api.client() as client:
            answer = client.options(
                path,
                headers={
                    "Origin": origin,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "authorization,content-type",
                },
            )
        assert "access-control-allow-credentials" not in answer.headers
        return answer.headers.get("access-control-allow-origin")

    assert allowed("/api/v1/conversations", "https://kunta.example") == "https://kunta.example"
    assert allowed("/api/v1/conversations", "https://other.example") is None
    assert allowed("/adviser/api/session", "https://kunta.example") is None


def test_an_unknown_host_is_refused(own_api: Callable[..., Api]) -> None:
    api = own_api(allowed_hosts=["127.0.0.1", "*.kunta.example"])
    for host, status in (("evil.example", 400), ("chat.kunta.example:8000", 200), ("xkunta.example", 400), ("", 400)):
        assert get(api, "/healthz", headers={"Host": host}).status_code == status, host
    assert get(api, "/healthz").status_code == 200


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nope", 404), ("PUT", "/healthz", 405)])
def test_errors_of_the_framework_are_problems_too(api: Api, method: str, path: str, status: int) -> None:
    with api.client() as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_the_description_describes(api: Api) -> None:
    document = get(api, "/openapi.json").json()
    contract = [
        ("/api/v1/conversations", "post"), ("/api/v1/conversations/{conversation_id}/messages", "post"),
        ("/api/v1/conversations/{conversation_id}", "get"), ("/api/v1/conversations/{conversation_id}", "delete"),
        ("/api/v1/conversations/{conversation_id}/events", "get"),
        ("/api/v1/conversations/{conversation_id}/transcript", "get"), ("/api/v1/services", "get"),
        ("/api/v1/services/{service_id}", "get"), ("/api/v1/recommendations", "post"), ("/webhooks/handoff", "post"),
        ("/healthz", "get"), ("/readyz", "get"), ("/metrics", "get"),
    ]  # fmt: skip
    for path, method in contract:
        operation = document["paths"][path][method]
        assert operation["summary"], path
        assert len(operation["description"]) > 20, path
    schemas = document["components"]["schemas"]
    assert schemas["MessageIn"]["examples"]
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    assert references == {reference for reference in references if reference.removeprefix(SCHEMAS) in schemas}


def test_every_text_that_the_code_says_exists() -> None:
    keys = set()
    for path in (ROOT / "api").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        keys |= set(re.findall(r"""(?:say|node)\(\s*"([a-z_.]+)\"""", source))
        keys |= {f"problems.{key}" for key in re.findall(r"""Problem\(\s*\d+,\s*"([a-z_]+)\"""", source)}
    assert len(keys) > 50
    for key in keys:
        assert node(key), key


def test_texts_are_plain_finnish() -> None:
    words = json.dumps(YAML(typ="safe").load(PATH.read_text(encoding="utf-8")), ensure_ascii=False)
    assert "!" not in words
    assert not re.search(r"\b(te|teidän|teille)\b", words), "residents are spoken to as sinä"


def test_importing_the_application_needs_no_secrets(tmp_path: Path) -> None:
    code = "import api.main; print('fine')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, check=False, env={"PATH": "", "TIENVIITTA_VAR_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.strip() == "fine", done.stderr
