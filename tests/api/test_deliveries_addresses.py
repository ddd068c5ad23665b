"""Private addresses are refused, however they are written, and a name that changes its mind leads nowhere."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import httpcore
import httpx
import pytest
from pydantic import ValidationError

from api.deliveries import addresses, sending
from api.deliveries.addresses import AddressRefused, is_allowed, resolve
from settings import Settings
from settings.receivers import Receiver as Configured
from tests.api.outbox import Receiver

PUBLIC = ["93.184.216.34", "2a00:1450:400f:80d::200e"]
PRIVATE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:0a00:0001::1",
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_allowed(text: str) -> None:
    assert is_allowed(ipaddress.ip_address(text), [])


@pytest.mark.parametrize("text", PRIVATE)
def test_others_are_refused(text: str) -> None:
    assert not is_allowed(ipaddress.ip_address(text), [])


@pytest.mark.parametrize(("text", "allowed"), [("10.1.2.3", True), ("10.2.2.3", False), ("::ffff:10.1.2.3", True)])
def test_a_network_that_is_named_is_allowed_and_no_other(text: str, allowed: bool) -> None:
    assert is_allowed(ipaddress.ip_address(text), [ipaddress.ip_network("10.1.0.0/16")]) is allowed


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "::1"])
async def test_however_it_is_written_it_is_resolved_before_it_is_checked(host: str) -> None:
    found = await resolve(host, 80)
    assert found
    assert not any(is_allowed(address, []) for address in found)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver().start()
    yield made
    made.stop()


class Names:
    """A name server that a test writes: each look-up of a name gets the next of its answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[list[str]]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        real = socket.getaddrinfo

        def lookup(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            name = str(host).split(".")[0]
            if name not in self.answers:
                return real(host, port, *args, **kwargs)
            self.asked.append(str(host))
            found = self.answers[name].pop(0) if len(self.answers[name]) > 1 else self.answers[name][0]
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "unknown")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)


async def post(url: str, private: list[str]) -> httpx.Response:
    async with sending.client([ipaddress.ip_network(one) for one in private]) as http:
        return await http.post(url, content=b"{}", headers={"webhook-id": "x"})


async def test_a_name_that_leads_inside_is_refused(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, evil=[["127.0.0.1"]])
    with pytest.raises(httpx.ConnectError) as caught:
        await post(f"http://evil.example:{receiver.port}/hook", [])
    assert addresses.was_refused(caught.value)
    assert receiver.got == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, evil=[["93.184.216.34", "10.0.0.1"]])
    with pytest.raises(httpx.ConnectError) as caught:
        await post("http://evil.example/hook", [])
    assert addresses.was_refused(caught.value)


async def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is asked for once, and what it would say a moment later does not matter."""
    names = Names(monkeypatch, evil=[["127.0.0.1"], ["10.99.99.99"]])
    connected: list[str] = []
    real = httpcore.AnyIOBackend.connect_tcp

    async def watched(self: Any, host: str, *args: Any, **kwargs: Any) -> Any:
        connected.append(host)
        return await real(self, host, *args, **kwargs)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", watched)
    answer = await post(f"http://evil.example:{receiver.port}/hook", ["127.0.0.0/8"])
    assert answer.status_code == 204
    assert names.asked == ["evil.example"]
    assert connected == ["127.0.0.1"]
    assert receiver.got[0][0]["host"] == f"evil.example:{receiver.port}"


async def test_every_connection_is_checked_anew(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, evil=[["127.0.0.1"], ["10.0.0.1"]])
    async with sending.client([ipaddress.ip_network("127.0.0.0/8")]) as http:
        url = f"http://evil.example:{receiver.port}/hook"
        assert (await http.post(url, headers={"webhook-id": "1"})).status_code == 204
        with pytest.raises(httpx.ConnectError) as caught:
            await http.post(url, headers={"webhook-id": "2"})
    assert addresses.was_refused(caught.value)


async def test_a_name_that_nobody_knows_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, gone=[[]])
    with pytest.raises(httpx.ConnectError) as caught:
        await post("http://gone.example/", [])
    assert not addresses.was_refused(caught.value)


def test_a_refusal_is_told_from_other_failures() -> None:
    assert addresses.was_refused(AddressRefused("x"))
    assert not addresses.was_refused(httpx.ConnectError("x"))


@pytest.mark.parametrize(
    "value",
    [
        "ftp://a.example", "https://", "a.example", "https://user:secret@a.example", "https://a.example/" + "x" * 200,
        {"url": "https://a.example", "kind": "chatwoot"}, {"url": "https://a.example", "inbox": "x"},
        {"url": "https://a.example", "events": []}, {"url": "https://a.example", "events": ["other"]},
        {"url": "https://a.example", "paylod": "full"},
    ],
)  # fmt: skip
def test_a_receiver_that_cannot_work_stops_the_start(value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(_env_file=None, webhook_receivers=[value])  # type: ignore[call-arg]
    assert "secret@" not in str(caught.value)


def test_texts_about_residents_go_encrypted_in_production() -> None:
    insecure = {"url": "http://a.example", "payload": "full"}
    Settings(_env_file=None, webhook_receivers=[insecure])  # type: ignore[call-arg, list-item]
    with pytest.raises(ValidationError, match="https"):
        Settings(_env_file=None, environment="production", webhook_receivers=[insecure])  # type: ignore[call-arg, list-item]
    with pytest.raises(ValidationError, match="same name"):
        Settings(_env_file=None, webhook_receivers=["https://a.example", "https://a.example"])  # type: ignore[call-arg, list-item]
    assert Configured.model_validate("https://a.example").payload == "thin"
