"""Waiting for what comes in its own time. No test counts on how long something takes."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 90.0
"""Far longer than anything takes on a slow and busy machine: reached only when it never comes."""


def eventually(
    condition: Callable[[], object],
    said: Callable[[], object] = lambda: "it never came",
    *,
    limit_s: float = LIMIT_S,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Wait until ``condition`` holds.

    Args:
        condition: looked at again and again.
        said: what to say when it never holds.
        limit_s: after so long it counts as never.
        pause: waits so many seconds; in a browser test that of the page, which lets its events through.
    """
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, said()
        pause(0.02)
