"""How often one talk and one network may call the public chat: token buckets, in the memory of this process."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

MOST_KEYS = 50_000
"""Buckets that are kept; the one that was not used for longest goes first."""
UNKNOWN_NETWORK = "unknown"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class Buckets:
    """A bucket for every key. It holds ``per_minute`` tokens at most, and gets as many back in a minute."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    most_keys: int = MOST_KEYS
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str) -> float:
        """Take a token: 0.0 when there was one, or else the seconds until there will be."""
        at = self.clock()
        tokens, since = self._buckets.pop(key, (float(self.per_minute), at))
        tokens = min(float(self.per_minute), tokens + max(0.0, at - since) * self.per_minute / 60)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, at)
        if len(self._buckets) > self.most_keys:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) * 60 / self.per_minute

    def __len__(self) -> int:
        return len(self._buckets)


@dataclass
class Open:
    """How many of a key are open at once, ``most`` at most."""

    most: int
    _counts: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def one_more(self, key: str) -> Iterator[bool]:
        """Count one more for the length of the block; False, and not counted, when there are too many."""
        if self._counts[key] >= self.most:
            yield False
            return
        self._counts[key] += 1
        try:
            yield True
        finally:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]

    def __len__(self) -> int:
        return len(self._counts)


def network_of(address: str, *, ipv4_prefix: int, ipv6_prefix: int) -> str:
    """The network that an address counts for; an IPv4 address inside an IPv6 one is an IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = ipv4_prefix if parsed.version == 4 else ipv6_prefix
    return str(ipaddress.ip_network((parsed, prefix), strict=False))


def networks(texts: Sequence[str]) -> list[Network]:
    """Networks as settings write them.

    Raises:
        ValueError: for what is no network.
    """
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def is_within(address: str, known: Sequence[Network]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed.version == network.version and parsed in network for network in known)


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to come back."""
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
