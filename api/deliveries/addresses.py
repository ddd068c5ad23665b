"""Where webhooks may go: public addresses, and private networks that the settings name.

The name of a receiver is resolved here, every address that it has is checked, and the connection is made to an address
that was checked, not to the name: a name that resolves to something else a moment later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefused(httpcore.ConnectError):
    """The receiver's name leads to an address that webhooks may not go to."""


def inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does; else the address itself."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        teredo = address.teredo
        return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
    return address


def is_allowed(address: Address, private: Iterable[Network]) -> bool:
    """Whether webhooks may go to ``address``: it is public, or in one of the networks ``private``."""
    real = inner(address)
    if any(real.version == network.version and real in network for network in private):
        return True
    return real.is_global and not real.is_multicast and not real.is_reserved


async def resolve(host: str, port: int) -> list[Address]:
    """Every address of a host, also of one that is written as a number in some odd way.

    Raises:
        httpcore.ConnectError: when the name is not known.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError("unknown host") from None
    # A scope ("fe80::1%eth0") is of no use to the check, and such an address is refused anyway.
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


class _CheckedConnections(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were checked, never to a name."""

    def __init__(self, private: Sequence[Network]) -> None:
        self._private = private
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            AddressRefused: one of the addresses is not allowed; then none is tried.
        """
        addresses = await resolve(host, port)
        if not addresses or not all(is_allowed(address, self._private) for address in addresses):
            raise AddressRefused("address refused")
        problem: Exception | None = None
        for address in addresses:
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem or httpcore.ConnectError("no address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)


class CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport, over checked connections. The certificate is still that of the name in the address."""

    def __init__(self, private: Sequence[Network] = ()) -> None:
        super().__init__()
        # httpx offers no way in; the pool is httpcore's public class.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.create_default_context(),
            network_backend=_CheckedConnections(private),
            max_connections=100,
            max_keepalive_connections=0,
        )


def was_refused(error: BaseException) -> bool:
    """Whether an error of httpx comes from :class:`AddressRefused`."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressRefused):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
