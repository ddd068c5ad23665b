"""Floods: a talk and a network are slowed down, others are not, and nothing is lost by it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import middleware
from api.limits import UNKNOWN_NETWORK, Buckets, Open, is_within, network_of, networks
from api.security import SettingsError, check_settings
from tests.api.harness import Api, FakeEngine, Resident, make_settings
from tests.waiting import eventually

MakeApi = Callable[..., Api]


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the limits of every api that is made after: nothing fills up again by itself."""
    made = Clock()
    monkeypatch.setattr(middleware, "Buckets", lambda per_minute: Buckets(per_minute, clock=made))
    return made


def test_a_bucket_empties_and_fills() -> None:
    clock = Clock()
    buckets = Buckets(3, clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert buckets.take("a") == pytest.approx(20)
    assert buckets.take("b") == 0.0
    clock.at += 19.9
    assert buckets.take("a") > 0
    clock.at += 0.2
    assert buckets.take("a") == 0.0
    clock.at += 3600
    assert [buckets.take("a") > 0 for _ in range(4)] == [False, False, False, True]


@given(st.integers(1, 50), st.lists(st.floats(-5, 30), max_size=80))
def test_nobody_gets_more_than_the_burst_and_the_rate(per_minute: int, pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(per_minute, clock=clock)
    taken, passed = 0, 0.0
    for pause in pauses:
        clock.at += pause
        passed += max(0.0, pause)
        taken += buckets.take("a") == 0.0
    assert taken <= per_minute + passed * per_minute / 60 + 1e-6


def test_buckets_are_bounded() -> None:
    buckets = Buckets(1, most_keys=10)
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 10


def test_what_is_open_is_counted_and_given_back() -> None:
    streams = Open(1)
    with streams.one_more("a") as first, streams.one_more("a") as second, streams.one_more("b") as other:
        assert (first, second, other) == (True, False, True)
    assert len(streams) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.255", "203.0.113.0/24"),
        ("2001:db8:1:2::7", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", UNKNOWN_NETWORK),
        ("unix:", UNKNOWN_NETWORK),
    ],
)
def test_networks(address: str, network: str) -> None:
    assert network_of(address, ipv4_prefix=24, ipv6_prefix=64) == network


@given(st.text(max_size=40))
def test_any_address_has_a_network(address: str) -> None:
    network_of(address, ipv4_prefix=24, ipv6_prefix=64)
    assert not is_within(address, [])


def test_exempt_networks() -> None:
    ours = networks(["127.0.0.0/8", "::1"])
    assert [is_within(one, ours) for one in ("127.9.9.9", "::1", "128.0.0.1", "::2", "x")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "values", [{"limit_exempt": ["10.0.0.0/99"]}, {"limit_network_bits": [99, 64]}, {"limit_network_bits": [24, 129]}]
)
def test_limits_that_cannot_be_used_stop_the_start(tmp_path: Any, values: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="TIENVIITTA_LIMIT"):
        check_settings(make_settings(tmp_path, 1, **values))


def from_address(resident: Resident, address: str) -> None:
    """Let the resident come through the proxy, from this address."""
    resident.http.headers["X-Forwarded-For"] = address


def until_refused(resident: Resident, most: int) -> httpx.Response:
    for number in range(most):
        answer = resident.post(text=f"viesti {number}")
        if answer.status_code != 200:
            return answer
    raise AssertionError("nothing was refused")


def test_a_flooding_talk_is_slowed_down_and_loses_no_message(
    own_api: MakeApi, engine: FakeEngine, clock: Clock
) -> None:
    api = own_api(limit_messages=60)
    resident, other = api.resident(), api.resident()
    from_address(resident, "203.0.113.7")
    from_address(other, "203.0.113.7")
    refused = until_refused(resident, 61)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert "Odota hetki" in refused.json()["title"]
    assert other.post(text="minäkin").status_code == 200, "another talk of the same network"
    from_address(resident, "198.51.100.1")
    client_id = str(uuid.uuid4())
    # As the widget does: the same message under the same id, until it is taken.
    for _ in range(3):
        assert resident.post(client_id, text="tärkeä").status_code == 429, "a talk is one talk, from wherever it comes"
    clock.at += int(refused.headers["retry-after"])
    assert resident.post(client_id, text="tärkeä").status_code == 200
    assert resident.said_by("resident").count("tärkeä") == 1
    assert engine.messages.count("tärkeä") == 1


def test_a_network_can_begin_so_many_talks(own_api: MakeApi, clock: Clock) -> None:
    api = own_api(limit_talks=3)

    def begin(address: str) -> int:
        with api.client() as client:
            return client.post("/api/v1/conversations", json={}, headers={"X-Forwarded-For": address}).status_code

    assert [begin(f"203.0.113.{host}") for host in range(1, 5)] == [201, 201, 201, 429]
    assert [begin(f"2001:db8::{host}") for host in range(1, 5)] == [201, 201, 201, 429]
    assert begin("2001:db8:0:1::1") == 201
    assert begin("198.51.100.1") == 201
    # Without an address from a proxy it is the machine itself: the monitor, the launcher.
    assert {begin_directly(api) for _ in range(5)} == {201}


def begin_directly(api: Api) -> int:
    with api.client() as client:
        return client.post("/api/v1/conversations", json={}).status_code


def test_every_call_counts_for_its_network(own_api: MakeApi, clock: Clock) -> None:
    api = own_api(limit_calls=5)
    headers = {"X-Forwarded-For": "203.0.113.7"}
    with api.client() as client:
        statuses = [client.get("/api/v1/services", headers=headers).status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        assert client.get("/healthz", headers=headers).status_code == 200
        guess = client.get(f"/api/v1/conversations/{uuid.uuid4()}", headers=headers | {"Authorization": "Bearer x"})
        assert guess.status_code == 429, "guessing tokens is slowed down, too"


def test_an_address_is_believed_from_the_proxy_alone(own_api: MakeApi, clock: Clock) -> None:
    api = own_api(limit_calls=3, limit_exempt=[])
    # 127.0.0.2 is another machine to the server: what it claims about itself changes nothing.
    with httpx.Client(
        base_url=api.url, transport=httpx.HTTPTransport(local_address="127.0.0.2"), trust_env=False
    ) as stranger:
        statuses = [
            stranger.get("/api/v1/services", headers={"X-Forwarded-For": f"203.0.{host}.1"}).status_code
            for host in range(4)
        ]
    assert statuses == [200, 200, 200, 429]
    with api.client() as proxy:
        # A proxy that adds to what the browser claimed: the last address is the one it saw.
        chains = [
            proxy.get("/api/v1/services", headers={"X-Forwarded-For": f"10.0.{host}.1, 203.0.113.7"}).status_code
            for host in range(4)
        ]
    assert chains == [200, 200, 200, 429]


def test_a_talk_has_so_many_streams_and_gets_them_back(own_api: MakeApi) -> None:
    api = own_api(limit_streams=2)
    resident, other = api.resident(), api.resident()
    events = f"{resident.path}/events"
    with resident.http.stream("GET", events) as first:
        began = first.iter_raw()
        assert next(began)
        with resident.http.stream("GET", events) as second:
            also_began = second.iter_raw()
            assert next(also_began)
            third = resident.http.get(events)
            assert third.status_code == 429
            assert int(third.headers["retry-after"]) > 0
            assert third.headers["content-type"] == "application/problem+json"
            assert resident.http.get(f"{events}?wait=0").status_code == 429
            assert other.http.get(f"{other.path}/events?wait=0").status_code == 200
            assert resident.post(text="hei").status_code == 200
    eventually(lambda: resident.http.get(f"{events}?wait=0").status_code == 200, lambda: "a closed stream still counts")


def test_a_refusal_can_be_read_by_a_site_that_embeds_the_chat(own_api: MakeApi, clock: Clock) -> None:
    api = own_api(limit_talks=1, allowed_origins=["https://www.example.fi"])
    headers = {"Origin": "https://www.example.fi", "X-Forwarded-For": "203.0.113.7"}
    with api.client() as client:
        answers = [client.post("/api/v1/conversations", json={}, headers=headers) for _ in range(2)]
    assert answers[1].status_code == 429
    assert answers[1].headers["access-control-allow-origin"] == "https://www.example.fi"
    assert "Retry-After" in answers[1].headers["access-control-expose-headers"]
