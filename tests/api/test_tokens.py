"""A talk's token is one token, in whatever way its header is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from api.security import bearer_token
from tests.api.harness import Api

MakeApi = Callable[..., Api]
WAYS = ("Bearer {}", "bearer {}", "BEARER {}", "bEaReR   {}", "Bearer \t{}")


@pytest.mark.parametrize("way", WAYS)
def test_the_token_of_a_header(way: str) -> None:
    assert bearer_token(way.format("abc")) == "abc"


@pytest.mark.parametrize("header", [None, "", "abc", "Basic abc", "Bearer", "Bearer  "])
def test_a_header_without_a_token(header: str | None) -> None:
    assert bearer_token(header) == ""


def test_no_way_of_writing_the_header_gets_round_the_limit_of_a_talk(own_api: MakeApi) -> None:
    api = own_api(limit_messages=3)
    resident = api.resident()
    resident.http.headers["X-Forwarded-For"] = "203.0.113.7"
    statuses = []
    for way in WAYS:
        resident.http.headers["Authorization"] = way.format(resident.token)
        statuses.append(resident.post(text="hei").status_code)
    assert statuses == [200, 200, 200, 429, 429]
