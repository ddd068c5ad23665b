"""Residents who keep talking and asking for people, and send again what was not acknowledged, as the widget does."""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx
from standardwebhooks.webhooks import Webhook

from tests.faults.ledger import Asked, Json, Ledger, Sent, Talk, now

AGAIN_S = 0.05
PATIENCE_S = 90.0
"""So long a resident goes on trying; longer than any fault that is tried here lasts."""
RETRIED = {429, 500, 502, 503, 504}
MESSAGES_A_TALK = 40
CANCEL = "/cancel_handoff"
PERSON = "/request_human"


class GaveUp(Exception):
    """No acknowledgement came in time."""


@dataclass
class Load:
    """``residents`` threads that talk with the service at ``url`` from start to stop.

    ``webhook_secret`` signs the requests for a person; without it people are asked for in the dialogue, as a resident
    does, through the real actions.
    """

    url: str | Sequence[str]
    """Of the api; of several, every call goes to one at random."""
    webhook_secret: str | None = None
    residents: int = 3
    seed: int = 0
    pause_s: float = 0.0
    """Between two messages of a resident."""
    patience_s: float = PATIENCE_S
    ledger: Ledger = field(default_factory=Ledger)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> Load:
        for number in range(self.residents):
            thread = threading.Thread(target=_Resident(self, number).live, daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def stop(self) -> Ledger:
        """Let every resident get the answer they wait for, and go."""
        self._stop.set()
        for thread in self._threads:
            thread.join(self.patience_s + 30)
            if thread.is_alive():
                self.ledger.complain("a resident is still waiting")
        return self.ledger

    def __enter__(self) -> Load:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()


class _Resident:
    def __init__(self, load: Load, number: int) -> None:
        self.load = load
        self.number = number
        self.random = random.Random(load.seed * 1000 + number)
        self.urls = [load.url] if isinstance(load.url, str) else list(load.url)
        self.http = httpx.Client(timeout=20, trust_env=False)
        self.signer = Webhook(load.webhook_secret) if load.webhook_secret else None
        self.count = 0
        self.tried = 0.0

    def live(self) -> None:
        try:
            while not self.load.stopping:
                self._talk()
        except GaveUp as problem:
            self.load.ledger.complain(f"resident {self.number} gave up: {problem}")
        except Exception as error:
            self.load.ledger.complain(f"resident {self.number}: {type(error).__name__}: {error}")
        finally:
            self.http.close()

    def _insist(self, path: str, good: int, **request: Any) -> Json:
        """Send the same thing until it is acknowledged."""
        deadline = time.monotonic() + self.load.patience_s
        last = "nothing"
        while time.monotonic() < deadline:
            self.tried = now()
            try:
                answer = self.http.post(self.random.choice(self.urls) + path, **request)
            except httpx.HTTPError as error:
                last = type(error).__name__
            else:
                if answer.status_code == good:
                    found: Json = answer.json()
                    return found
                last = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code not in RETRIED:
                    break
            time.sleep(AGAIN_S)
        raise GaveUp(last)

    def _talk(self) -> None:
        begun = self._insist("/api/v1/conversations", 201, json={})
        greeting = [message["seq"] for message in begun["messages"]]
        talk = Talk(begun["id"], begun["token"], now(), greeting)
        self.load.ledger.add(talk)
        for _ in range(MESSAGES_A_TALK):
            if self.load.stopping:
                return
            self._next(talk)
            if self.load.pause_s:
                time.sleep(self.load.pause_s * self.random.uniform(0.5, 1.5))

    def _next(self, talk: Talk) -> None:
        status = talk.sent[-1].answer["status"] if talk.sent and talk.sent[-1].answer else "bot"
        dice = self.random.random()
        if status == "queued" and dice < 0.3:
            self._press(talk, CANCEL, "Peru pyyntö")
        elif status in {"bot", "cancelled"} and dice < 0.15:
            self._ask_for_a_person(talk)
        else:
            self._say(talk)

    def _send(self, talk: Talk, words: str, **body: Any) -> Json:
        client_id = str(uuid.uuid4())
        sent = Sent(client_id, words, {"client_id": client_id, **body})
        talk.sent.append(sent)
        answer = self._insist(f"{talk.path}/messages", 200, json=sent.body, headers=talk.headers)
        sent.tried, sent.at, sent.answer = self.tried, now(), answer
        return answer

    def _say(self, talk: Talk) -> Json:
        self.count += 1
        words = f"viesti {self.number} {self.count}"
        return self._send(talk, words, text=words)

    def _press(self, talk: Talk, payload: str, title: str) -> Json:
        return self._send(talk, title, payload=payload)

    def _ask_for_a_person(self, talk: Talk) -> None:
        if self.signer is not None:
            self._ask_by_webhook(talk)
        else:
            self._ask_in_the_dialogue(talk)

    def _ask_by_webhook(self, talk: Talk) -> None:
        assert self.signer
        asked = Asked(f"msg_{uuid.uuid4().hex}")
        talk.asked.append(asked)
        at = datetime.now(UTC)
        body = json.dumps(
            {"type": "handoff.requested", "data": {"conversation_id": talk.id, "consent": {"scope": "summary"}}}
        )
        headers = {
            "content-type": "application/json",
            "webhook-id": asked.webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self.signer.sign(asked.webhook_id, at, body),
        }
        taken = self._insist("/webhooks/handoff", 202, content=body.encode(), headers=headers)
        asked.at, asked.handoff_id = now(), taken["handoff_id"]
        self._say(talk)

    def _ask_in_the_dialogue(self, talk: Talk) -> None:
        """As a resident does: the wish, the consent, no name. A fault in between is met with "try again" or from the
        beginning, as the buttons offer."""
        buttons = {
            button["payload"]: button["title"]
            for message in self._say(talk)["messages"]
            for button in message["buttons"]
        }
        for _ in range(12):
            if PERSON in buttons:
                wanted = PERSON
            elif (wanted := next((p for p in buttons if "handoff_consent" in p and "summary" in p), "")) or (
                wanted := next((p for p in buttons if "skip" in p), "")
            ):
                pass
            else:
                return
            answer = self._press(talk, wanted, buttons[wanted])
            if answer["status"] == "queued":
                asked = Asked("", answer["handoff"]["id"], now())
                talk.asked.append(asked)
                return
            buttons = {b["payload"]: b["title"] for message in answer["messages"] for b in message["buttons"]}
