"""Every call of the OpenAPI description is attacked, alone and call after call: no input brings the server down.

A few examples of each by default; ``TIENVIITTA_TEST_EXAMPLES`` asks for more.
"""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from api.privacy import crypto
from api.security import keyring
from tests.api.harness import AdviserBrowser, Api, FakeEngine, Server, add_advisers
from tests.faults.service import build

EXAMPLES = int(os.environ.get("TIENVIITTA_TEST_EXAMPLES", "0"))
EACH, TALKS, STEPS = EXAMPLES or 4, EXAMPLES or 6, 12
CHECKS: list[Any] = [not_a_server_error, response_schema_conformance, content_type_conformance]
TEMPORARY = {"/readyz"}
"""Answers 503 by design while something is missing."""
QUIET = {"suppress_health_check": list(HealthCheck), "deadline": None, "database": None}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An api in a process of its own: what is done to it is nobody else's to find, and it shares no interpreter."""
    service = build(tmp_path_factory.mktemp("attacked"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crypto, "_keyring", keyring(service.settings))
        add_advisers(service.settings)
    service.start("engine", "api")
    yield Api(service.settings, FakeEngine(0), Server(None, service.settings.port))
    service.kill("engine", "api")


class Attack:
    """The description of a running api, and the headers that get a call past the door."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.schema = schemathesis.openapi.from_url(f"{api.url}/openapi.json", wait_for_schema=5)
        self.browser = AdviserBrowser(api, "aino")
        self.resident = api.resident()
        self.calls = 0
        self.statuses: dict[int, int] = {}

    def dress(self, case: schemathesis.Case) -> dict[str, str]:
        """Of every second call: the sign-in, the token or the signature that it needs."""
        self.calls += 1
        if self.calls % 2:
            return {}
        if case.path.startswith("/adviser/api"):
            cookies = "; ".join(f"{name}={value}" for name, value in self.browser.http.cookies.items())
            return {"Cookie": cookies, "X-CSRF-Token": self.browser.http.headers["X-CSRF-Token"]}
        if "{conversation_id}" in case.path:
            case.path_parameters["conversation_id"] = self.resident.id
            return {"Authorization": f"Bearer {self.resident.token}"}
        return {}

    def send(self, case: schemathesis.Case, **headers: str) -> None:
        if case.path == "/adviser/api/session" and case.method == "DELETE" and headers:
            return  # the others still need it
        if case.path.endswith("/events"):
            case.query = {**(case.query if isinstance(case.query, dict) else {}), "wait": 0}
        answer = case.call(headers=headers or None, timeout=20)
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code == 204 and case.method == "DELETE":
            self.resident = self.api.resident()


@pytest.fixture(scope="module")
def attack(attacked: Api) -> Attack:
    return Attack(attacked)


def test_no_input_of_any_call_is_too_much(attack: Attack) -> None:
    paths = set()
    for result in attack.schema.get_all_operations():
        operation = result.ok()
        if operation.path in TEMPORARY:
            continue
        paths.add((operation.method, operation.path))

        @settings(max_examples=EACH, phases=[Phase.generate, Phase.shrink], **QUIET)
        @given(case=operation.as_strategy())
        def one(case: schemathesis.Case) -> None:
            attack.send(case, **attack.dress(case))

        one()
    assert len(paths) >= 20
    assert attack.statuses.keys() & {200, 201, 202, 204}, attack.statuses
    print(f"{len(paths)} operations, calls by status: {dict(sorted(attack.statuses.items()))}")


def test_no_sequence_of_calls_is_too_much(attacked: Api) -> None:
    schema = schemathesis.openapi.from_url(f"{attacked.url}/openapi.json").include(path_regex="^/api/v1/conversations")
    machine = schema.as_state_machine()
    seen: dict[tuple[str, str], list[int]] = {}

    class Talks(machine):  # type: ignore[valid-type,misc]
        def before_call(self, case: schemathesis.Case) -> None:
            if case.path.endswith("/events"):
                case.query = {**(case.query if isinstance(case.query, dict) else {}), "wait": 0}

        def validate_response(self, response: Any, case: schemathesis.Case, *_: Any, **__: Any) -> None:
            seen.setdefault((case.method, case.path), []).append(response.status_code)
            case.validate_response(response, checks=CHECKS)

    Talks.run(settings=settings(max_examples=TALKS, stateful_step_count=STEPS, phases=[Phase.generate], **QUIET))
    taken = {call for call, statuses in seen.items() if any(status < 300 for status in statuses)}
    assert ("POST", "/api/v1/conversations") in taken
    assert len(taken) > 2, "the links lead from call to call"
    print(f"{sum(map(len, seen.values()))} calls in {TALKS} talks; taken: {sorted(taken)}")


def test_a_signed_webhook_with_any_body_is_no_server_error(attack: Attack) -> None:
    operation = attack.schema["/webhooks/handoff"]["POST"]
    statuses: Counter[int] = Counter()

    @settings(max_examples=EACH * 3, phases=[Phase.generate, Phase.shrink], **QUIET)
    @given(case=operation.as_strategy())
    def one(case: schemathesis.Case) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("data"), dict):
            case.body["data"]["conversation_id"] = attack.resident.id
        body = json.dumps(case.body if case.media_type else {}, ensure_ascii=True, default=str).encode()
        with attack.api.client() as client:
            answer = client.post(
                "/webhooks/handoff", content=body,
                headers=attack.api.sign(body, webhook_id=f"msg_{uuid.uuid4().hex}", at=datetime.now(UTC)),
            )  # fmt: skip
        assert answer.status_code in {202, 400, 404, 409, 422}, answer.text
        statuses[answer.status_code] += 1

    one()
    assert statuses[202], statuses
    print(f"calls by status: {dict(statuses)}")
