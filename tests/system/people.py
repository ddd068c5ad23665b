"""A resident and an adviser who use the service over HTTP, as other programs would."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx

ANSWER_LIMIT_S = 5.0
"""Longest wait for any answer to a message; a service in trouble must have apologised by then."""

OTHERWISE_S = 60.0
"""For every other call, where no resident waits for an answer."""

Json = dict[str, Any]


class Resident:
    """A talk. Every answer is kept in ``answer``."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=OTHERWISE_S)
        begun = self.http.post("/api/v1/conversations", json={}, timeout=ANSWER_LIMIT_S)
        assert begun.status_code == 201, begun.text
        self.answer: Json = begun.json()
        self.id: str = self.answer["id"]
        self.token: str = self.answer["token"]
        self.path = f"/api/v1/conversations/{self.id}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, **body: Any) -> httpx.Response:
        """Send a message as it is given."""
        return self.http.post(f"{self.path}/messages", json=body, headers=self.headers, timeout=ANSWER_LIMIT_S)

    def send(self, **body: Any) -> Json:
        sent = self.post(client_id=str(uuid.uuid4()), **body)
        assert sent.status_code == 200, sent.text
        self.answer = sent.json()
        return self.answer

    def say(self, text: str) -> Json:
        return self.send(text=text)

    def press(self, payload: str) -> Json:
        return self.send(payload=payload)

    def give(self, value: str | int) -> Json:
        """Press the button that answers the open question with ``value``."""
        question = self.answer["awaiting"]
        wanted = [b for b in self.buttons if b["payload"].startswith("/answer") and values(b) == {question: value}]
        assert wanted, f"no button for {question} = {value} in {self.buttons}"
        return self.press(wanted[0]["payload"])

    @property
    def buttons(self) -> list[Json]:
        """The buttons of the last answer."""
        return [button for message in self.answer["messages"] for button in message["buttons"]]

    @property
    def text(self) -> str:
        """The words of the last answer."""
        return "\n".join(message["text"] for message in self.answer["messages"])

    def get(self, path: str = "", **options: Any) -> httpx.Response:
        return self.http.get(f"{self.path}{path}", headers=self.headers, **options)

    def talk(self) -> Json:
        """The whole talk as the service has it."""
        found = self.get()
        assert found.status_code == 200, found.text
        return found.json()

    def ask_for_a_person(self, name: str) -> Json:
        """Ask for a person, agree to pass the summary on, give a name."""
        self.say("haluan jutella ihmisen kanssa")
        assert self.answer["awaiting"] == "handoff_consent", self.text
        self.give("summary")
        assert self.answer["awaiting"] == "handoff_contact", self.text
        return self.say(name)


def values(button: Json) -> Json:
    """What a button of the self-check answers: question and value."""
    return dict(json.loads(button["payload"].removeprefix("/answer")))


class Adviser:
    """An adviser who is signed in."""

    def __init__(self, url: str, password: str) -> None:
        self.http = httpx.Client(base_url=f"{url}/adviser/api", timeout=OTHERWISE_S)
        signed_in = self.http.post("/session", json={"username": "neuvoja", "password": password})
        assert signed_in.status_code == 200, signed_in.text
        self.http.headers["X-CSRF-Token"] = signed_in.json()["csrf_token"]

    def queue(self) -> list[Json]:
        return list(self.http.get("/handoffs").raise_for_status().json()["items"])

    def request(self, handoff_id: str) -> Json:
        return dict(self.http.get(f"/handoffs/{handoff_id}").raise_for_status().json())

    def act(self, handoff_id: str, action: str, **body: Any) -> None:
        self.http.post(f"/handoffs/{handoff_id}/{action}", json=body).raise_for_status()
