"""The one way to the engine. It is Rasa today; the wire is in ``docs/architecture.md``, nothing else knows it."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML

from api.health import metrics
from settings import ROOT

START = "/start_conversation"
RESUME = "/resume_conversation"
"""What the api itself asks of the dialogue: the greeting, and to go on after a person has let go."""

PARSE_TIMEOUT_S = 2.0
MAX_ANSWER_BYTES = 2_000_000
URGENT_CONFIDENCE = 0.25
"""From here on a second-best ``crisis`` or ``danger`` counts: a false alarm is small, a missed one is not."""

_COMMAND_START = re.compile(r"^[\s/]+")
_COMMAND = re.compile(r"\s*/[\s/]*([a-z_]+)\s*(\{.*)?", re.DOTALL)
_NOTHING_SAID = "?"
"""Sent for a text in which there is nothing to understand; the engine understands nothing by it either."""


@lru_cache
def _command_names() -> frozenset[str]:
    """The names that a payload can begin with; crisis and danger are not among them, lest a cry for help is lost."""
    topics = YAML(typ="safe").load((ROOT / "contract" / "intents.yml").read_text(encoding="utf-8"))
    names = {name for topic, intents in topics.items() if topic != "safety" for name in intents}
    return frozenset(names | {"answer", START.removeprefix("/"), RESUME.removeprefix("/")})


class EngineFailure(Exception):
    """The engine did not answer, or not with anything that can be used."""

    def __init__(self, reason: Literal["timeout", "unreachable", "status", "garbage", "empty", "no_state"]) -> None:
        super().__init__(reason)
        self.reason = reason


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Button(_Wire):
    """A button under a message."""

    title: str
    payload: str


class _Custom(_Wire):
    type: str = ""
    services: list[dict[str, Any]] = Field(default_factory=list)
    state: dict[str, Any] | None = None


class _Element(_Wire):
    text: str | None = None
    buttons: list[Button] = Field(default_factory=list)
    custom: _Custom | None = None


_ANSWER = TypeAdapter(list[_Element])


@dataclass(frozen=True)
class BotMessage:
    """A message of the bot, with its buttons and services."""

    text: str
    buttons: list[dict[str, str]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class BotTurn:
    """What the engine answered: messages in order, and the new state."""

    messages: list[BotMessage]
    state: dict[str, Any]


@dataclass(frozen=True)
class Understood:
    """What a text means by itself: intent, services by id, and whether it is a cry for help."""

    intent: str
    confidence: float
    services: frozenset[str]
    urgent: Literal["crisis", "danger"] | None


def join(elements: list[_Element]) -> BotTurn:
    """Put Rasa's list of messages together.

    Raises:
        EngineFailure: when it is empty or does not end in a state: an action has failed.
    """
    if not elements:
        raise EngineFailure("empty")
    messages: list[BotMessage] = []
    state: dict[str, Any] | None = None
    for element in elements:
        if element.text:
            buttons = [button.model_dump() for button in element.buttons]
            messages.append(BotMessage(element.text, buttons))
        elif element.buttons and messages:
            messages[-1].buttons.extend(button.model_dump() for button in element.buttons)
        if element.custom and element.custom.type == "services":
            if not messages:
                messages.append(BotMessage(""))
            messages[-1].services.extend(element.custom.services)
        elif element.custom and element.custom.type == "state":
            state = element.custom.state
    if state is None:
        raise EngineFailure("no_state")
    if not messages:
        raise EngineFailure("empty")
    return BotTurn(messages, state)


def as_text(text: str) -> str:
    """``text`` so that the engine cannot take it for a command.

    "/restart" loses more than its slash: the word alone would be understood as the wish to start over.
    """
    command = _COMMAND.fullmatch(text)
    if command and command[1] in _command_names():
        return _NOTHING_SAID
    return _COMMAND_START.sub("", text) or _NOTHING_SAID


class EngineClient:
    """Talks to the engine over HTTP, with hard limits on time and size."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=timeout_s,
            trust_env=False,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=20),
        )

    async def _post(self, path: str, body: dict[str, Any], timeout_s: float) -> bytes:
        try:
            # One limit for the whole exchange: httpx's own is per read, and a trickle would never end.
            async with asyncio.timeout(timeout_s):
                async with self._http.stream("POST", path, json=body, timeout=timeout_s) as response:
                    if response.status_code != httpx.codes.OK:
                        raise EngineFailure("status")
                    content = bytearray()
                    async for chunk in response.aiter_bytes():
                        content += chunk
                        if len(content) > MAX_ANSWER_BYTES:
                            raise EngineFailure("garbage")
                    return bytes(content)
        except (TimeoutError, httpx.TimeoutException):
            raise EngineFailure("timeout") from None
        except httpx.HTTPError:
            raise EngineFailure("unreachable") from None

    async def send(
        self,
        *,
        conversation_id: str,
        message: str,
        turn: int,
        state: Any,
        away: bool = False,
        timeout_s: float | None = None,
    ) -> BotTurn:
        """One turn of the dialogue. ``message`` is text made safe by :func:`as_text`, or an offered payload; ``away``
        tells that the resident comes back after a long silence.

        Raises:
            EngineFailure: within ``timeout_s``, whatever the engine does.
        """
        started = time.monotonic()
        outcome = "ok"
        metadata = {"turn": turn, "state": state} | ({"away": True} if away else {})
        try:
            content = await self._post(
                "/webhooks/rest/webhook",
                {"sender": conversation_id, "message": message, "metadata": metadata},
                min(timeout_s or self._timeout_s, self._timeout_s),
            )
            return join(_ANSWER.validate_json(content))
        except ValidationError:
            outcome = "garbage"
            raise EngineFailure("garbage") from None
        except EngineFailure as failure:
            outcome = failure.reason
            raise
        finally:
            metrics.ENGINE_SECONDS.observe(time.monotonic() - started)
            metrics.TURNS.labels(outcome).inc()

    async def understand(self, text: str) -> Understood:
        """What a text means that no dialogue answers. Understanding alone is asked.

        Raises:
            EngineFailure: when the engine cannot tell.
        """
        content = await self._post("/model/parse", {"text": as_text(text)}, PARSE_TIMEOUT_S)
        try:
            parsed = _Parsed.model_validate_json(content)
        except ValidationError:
            raise EngineFailure("garbage") from None
        return Understood(
            intent=parsed.intent.name or "",
            confidence=parsed.intent.confidence,
            services=frozenset(
                found.value for found in parsed.entities if found.entity == "service" and isinstance(found.value, str)
            ),
            urgent=_urgent(parsed),
        )

    async def is_up(self) -> bool:
        """Whether the engine answers and has a model."""
        try:
            async with asyncio.timeout(PARSE_TIMEOUT_S):
                answer = await self._http.get("/status")
            return answer.status_code == httpx.codes.OK
        except (TimeoutError, httpx.HTTPError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _urgent(parsed: _Parsed) -> Literal["crisis", "danger"] | None:
    if parsed.intent.name == "crisis":
        return "crisis"
    if parsed.intent.name == "danger":
        return "danger"
    for guess in parsed.intent_ranking:
        if guess.confidence >= URGENT_CONFIDENCE:
            if guess.name == "crisis":
                return "crisis"
            if guess.name == "danger":
                return "danger"
    return None


class _Entity(_Wire):
    entity: str = ""
    value: Any = None


class _Guess(_Wire):
    name: str | None = None
    confidence: float = 0.0


class _Parsed(_Wire):
    intent: _Guess
    intent_ranking: list[_Guess] = Field(default_factory=list)
    entities: list[_Entity] = Field(default_factory=list)
