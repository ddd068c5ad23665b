"""Ports for the servers of tests."""

from __future__ import annotations

import itertools
import os
import random
import socket

LOWEST, HIGHEST = 20_000, 32_000
"""Below what systems give to outgoing connections: one of those could take a port between its choice and the start of
its server, or, to a port on which nobody listens, connect with itself."""
SIDE_BY_SIDE = 8
"""As many test processes of one run share no port."""

_first = LOWEST + random.randrange((HIGHEST - LOWEST) // SIDE_BY_SIDE) * SIDE_BY_SIDE
_turns = itertools.count(_first + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % SIDE_BY_SIDE, SIDE_BY_SIDE)


def free_port() -> int:
    """A port that nothing listens on, another one each time."""
    for turn in itertools.islice(_turns, HIGHEST - LOWEST):
        port = LOWEST + (turn - LOWEST) % (HIGHEST - LOWEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port is taken")
