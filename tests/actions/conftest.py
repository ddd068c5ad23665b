"""A talk with the dialogue alone: intents and entities in, responses out; no Rasa, a small catalogue."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import yaml

from actions.handoff_client import Accepted
from actions.respond import respond
from actions.state import DialogueState
from actions.turn import Clause, Entity, Message, Turn
from actions.wording import wording
from settings import ROOT


def domain_responses() -> dict[str, dict[str, Any]]:
    """Every response of the domain by name."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "bot" / "domain" / "responses").glob("*.yml")):
        for name, variations in yaml.safe_load(path.read_text(encoding="utf-8"))["responses"].items():
            assert name not in found, f"{name} stands twice"
            assert len(variations) == 1, f"{name}: several variations would make the bot answer at random"
            found[name] = variations[0]
    return found


RESPONSES = domain_responses()


def recommendation(service_id: str, rank: int) -> dict[str, Any]:
    return {
        "service": {"id": service_id, "name": service_id.title(), "summary": "…", "url": None, "phone": None},
        "group": "work",
        "rank": rank,
        "reasons": [{"text": f"Kerroit jotain, siksi {service_id}.", "rule": "r", "source": "seed 001"}],
    }


class FakeCatalogue:
    """Stands where the catalogue does; it recommends five services, whatever the answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def recommend(self, answers: dict[str, Any], on: date) -> dict[str, Any]:
        self.asked.append(dict(answers))
        ids = ["tyonhaku", "palkkatuki", "valmennus", "opinnot", "ohjaus"]
        return {
            "recommendations": [recommendation(service_id, n) for n, service_id in enumerate(ids, 1)],
            "typ": {"eligible": None, "basis": []},
        }

    def service(self, service_id: str) -> None:
        return None

    def meant(self, text: str) -> Any | None:
        return None

    def in_group(self, group: str, on: date) -> list[Any]:
        return []


class FakeHandoffs:
    """Takes requests; ``outcome`` is what it answers or raises."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.outcome: Accepted | Exception = Accepted("h1", "queued", 1)

    async def request(self, kind: str, data: dict[str, Any], *, turn: int | None = None) -> Accepted:
        self.requests.append((kind, data))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


@dataclass
class Talk:
    """A talk of several turns. The state goes through JSON between them, as it does in the api."""

    document: Any = None
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    handoffs: FakeHandoffs = field(default_factory=FakeHandoffs)
    messages: list[Message] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    away: bool = False

    def says(
        self,
        intent: str,
        text: str = "jotain",
        ranking: list[tuple[str, float]] | None = None,
        clauses: list[Clause] | list[tuple[str, float]] | None = None,
        away: bool = False,
        **entities: Any,
    ) -> Talk:
        """The resident writes something that is understood so."""
        self.away, self.clauses = away, [part if isinstance(part, Clause) else Clause(*part) for part in clauses or []]
        found = [
            Entity(name, value)
            for name, values in entities.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        return self._turn(intent, text, found, ranking or [(intent, 0.9)], is_button=False)

    def presses(self, payload: str) -> Talk:
        """The resident presses a button with this payload."""
        self.away = False
        matched = re.fullmatch(r"/(\w+)(\{.*\})?", payload)
        assert matched, payload
        entities = [Entity(key, value) for key, value in json.loads(matched[2] or "{}").items()]
        return self._turn(matched[1], payload, entities, [(matched[1], 1.0)], is_button=True)

    def _turn(self, intent: str, text: str, entities: list[Entity], ranking: Any, *, is_button: bool) -> Talk:
        turn = Turn(
            state=DialogueState.read(self.document),
            intent=intent,
            text=text,
            entities=entities,
            ranking=ranking,
            clauses=[] if is_button else self.clauses,
            is_button=is_button,
            away=self.away,
            conversation_id="c1",
            today=date(2026, 11, 22),
            catalogue=self.catalogue,  # type: ignore[arg-type]
            handoffs=self.handoffs,  # type: ignore[arg-type]
        )
        asyncio.run(respond(turn))
        self.messages = turn.messages
        self.document = json.loads(json.dumps(turn.state.write()))
        for message in self.messages:
            check_message(message)
        return self

    @property
    def state(self) -> DialogueState:
        return DialogueState.read(self.document)

    @property
    def said(self) -> list[str]:
        """The responses of the last turn, in the wording that the resident heard."""
        return [wording(message.response, plain=self.state.plain) for message in self.messages]

    def buttons(self) -> list[tuple[str, str]]:
        """Titles and payloads that the last turn offered."""
        return [
            pair
            for message in self.messages
            for pair in [
                *((b["title"], b["payload"]) for b in RESPONSES[message.response].get("buttons", [])),
                *((b.title, b.payload) for b in message.buttons),
            ]
        ]


def check_message(message: Message) -> None:
    """The response exists and everything that its text needs was given."""
    assert message.response in RESPONSES, f"no response {message.response}"
    needed = set(re.findall(r"\{(\w+)\}", RESPONSES[message.response]["text"]))
    given = set(message.params) | ({"list"} if message.services else set())
    assert needed <= given, f"{message.response} needs {needed - given}"
    assert not any(inspect.isawaitable(value) for value in message.params.values())


@pytest.fixture
def talk() -> Talk:
    return Talk()
