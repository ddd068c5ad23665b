"""Slow, endless and huge requests over real sockets: they are ended, and others do not notice."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from api import middleware
from tests.api.harness import Api, Resident

HALF_OPEN = 200


@contextlib.contextmanager
def connection(api: Api) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", api.server.port), timeout=10) as opened:
        yield opened


def head(resident: Resident, *headers: str) -> bytes:
    lines = [
        f"POST {resident.path}/messages HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {resident.token}",
        "Content-Type: application/json",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(opened: socket.socket) -> bytes:
    """All that comes until the server closes, or the answer's end."""
    got = b""
    while b"\r\n\r\n" not in got or b"}" not in got:
        part = opened.recv(65536)
        if not part:
            break
        got += part
    return got


def test_a_body_that_never_ends_is_ended(api: Api, resident: Resident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "BODY_TIMEOUT_S", 0.2)
    with connection(api) as opened:
        opened.sendall(head(resident, "Content-Length: 500") + b'{"text": "')
        got = answer(opened)
        assert got.startswith(b"HTTP/1.1 408")
        assert b"application/problem+json" in got
    assert resident.said_by("resident") == []


def test_a_huge_body_is_refused_before_it_is_sent(api: Api, resident: Resident) -> None:
    with connection(api) as opened:
        opened.sendall(head(resident, "Content-Length: 10000000000"))
        assert answer(opened).startswith(b"HTTP/1.1 413")


def test_a_huge_body_without_a_length_is_cut_off(api: Api, resident: Resident) -> None:
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    sent = 0
    with connection(api) as opened:
        opened.sendall(head(resident, "Transfer-Encoding: chunked"))
        with contextlib.suppress(OSError):
            while sent < 64 * 1024 * 1024:
                opened.sendall(chunk)
                sent += 0x4000
        assert sent < 64 * 1024 * 1024, "the server took everything"
    assert resident.said_by("resident") == []


@pytest.mark.parametrize("begin", [b"", b"POST /api/v1/conversations HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "])
def test_many_half_open_connections_keep_nobody_out(api: Api, resident: Resident, begin: bytes) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(HALF_OPEN):
            held.enter_context(connection(api)).sendall(begin or head(resident, "Content-Length: 500") + b"{")
        assert resident.say("kuuletko")["messages"][0]["text"] == "Sanoit: kuuletko"


def test_lengths_that_contradict_each_other_are_refused(api: Api, resident: Resident) -> None:
    smuggled = (
        head(resident, "Content-Length: 4", "Transfer-Encoding: chunked") + b"0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"
    )
    with connection(api) as opened:
        opened.sendall(smuggled)
        got = answer(opened)
    assert b" 200 " not in got.split(b"\r\n", 1)[0]
    assert b"tienviitta_" not in got
