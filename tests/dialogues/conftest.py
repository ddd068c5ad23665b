"""What the dialogue tests share: a client of the running service, and an adviser who is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest


@dataclass
class SignedInAdviser:
    """The adviser's console over HTTP."""

    http: httpx.Client

    def detail(self, handoff_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/adviser/api/handoffs/{handoff_id}")
        assert answer.status_code == 200, answer.text
        detail: dict[str, Any] = answer.json()
        return detail


@pytest.fixture(scope="session")
def http(stack: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.url, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def adviser(stack: Any) -> Iterator[SignedInAdviser]:
    with httpx.Client(base_url=stack.url, timeout=20, trust_env=False) as client:
        body = {"username": "neuvoja", "password": stack.adviser_password}
        answer = client.post("/adviser/api/session", json=body)
        assert answer.status_code == 200, answer.text
        yield SignedInAdviser(client)
