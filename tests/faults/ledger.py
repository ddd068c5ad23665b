"""What residents were promised while a fault was going on: who sent what, and what was acknowledged, and when."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Sent:
    """A message of a resident. ``answer`` is None until the service acknowledged it."""

    client_id: str
    words: str
    """As it stands in the talk: the text, or the title of the button."""
    body: Json
    answer: Json | None = None
    at: float = 0.0
    """When it was acknowledged, as ``time.time()``."""
    tried: float = 0.0
    """When the try that was acknowledged began."""


@dataclass
class Asked:
    """A request for a person. ``handoff_id`` is None until the service acknowledged it."""

    webhook_id: str
    handoff_id: str | None = None
    at: float = 0.0


@dataclass
class Talk:
    """A talk that the service said it had begun."""

    id: str
    token: str
    at: float
    greeting: list[int]
    """Numbers of the messages of the greeting."""
    sent: list[Sent] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/api/v1/conversations/{self.id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Ledger:
    """All talks of a run, and what the residents found wrong by themselves."""

    talks: list[Talk] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, talk: Talk) -> None:
        with self._lock:
            self.talks.append(talk)

    def complain(self, words: str) -> None:
        with self._lock:
            self.complaints.append(words)

    def acknowledged(self) -> int:
        """How many messages were acknowledged so far."""
        return sum(sent.answer is not None for talk in list(self.talks) for sent in list(talk.sent))

    def taken_between(self, begin: float, end: float) -> list[str]:
        """Messages that were sent after ``begin`` and acknowledged before ``end``."""
        everything = [sent for talk in list(self.talks) for sent in list(talk.sent)]
        return [sent.words for sent in everything if sent.answer is not None and begin < sent.tried < sent.at < end]


def now() -> float:
    return time.time()
