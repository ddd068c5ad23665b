"""One turn of the talk: what the resident said, what the bot remembers, what it says.

Handlers get a :class:`Turn`, change ``turn.state`` and call :meth:`Turn.say`. They know nothing of Rasa or HTTP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from actions.state import DialogueState, Said

if TYPE_CHECKING:
    from actions.catalogue_access import CatalogueAccess
    from actions.handoff_client import HandoffClient


@dataclass(frozen=True)
class Entity:
    """Something found in the text, or carried by a button."""

    name: str
    value: Any


@dataclass(frozen=True)
class Clause:
    """A part of the message that says something of its own."""

    intent: str
    confidence: float
    text: str = ""


@dataclass(frozen=True)
class Button:
    """A labelled choice. ``payload`` is a Rasa payload; only offered ones are ever accepted."""

    title: str
    payload: str


@dataclass(frozen=True)
class Message:
    """One thing to say: a response of the domain by name, with what fills it."""

    response: str
    params: Mapping[str, Any] = field(default_factory=dict)
    buttons: Sequence[Button] = ()
    services: Sequence[Mapping[str, Any]] = ()


@dataclass
class Turn:
    """See the module."""

    state: DialogueState
    intent: str
    text: str = ""
    entities: Sequence[Entity] = ()
    ranking: Sequence[tuple[str, float]] = ()
    """Intents by falling confidence."""
    clauses: Sequence[Clause] = ()
    """What the parts of a longer message say, in order; empty for a message of one part."""
    is_button: bool = False
    away: bool = False
    """Whether the resident comes back after a long silence; the api says so."""
    conversation_id: str = ""
    number: int | None = None
    """Number of the turn within the talk, where the api gave one."""
    today: date = field(default_factory=date.today)
    catalogue: CatalogueAccess | None = None
    handoffs: HandoffClient | None = None
    retention_days: int = 30
    messages: list[Message] = field(default_factory=list)
    awaiting_before: str | None = field(init=False)

    def __post_init__(self) -> None:
        """Remember what was awaited when the resident spoke."""
        self.awaiting_before = self.state.awaiting

    def say(
        self,
        response: str,
        *,
        buttons: Sequence[Button] = (),
        services: Sequence[Mapping[str, Any]] = (),
        **params: Any,
    ) -> None:
        """Add a message to the answer."""
        self.messages.append(Message(response, params, tuple(buttons), tuple(services)))

    def say_first(self, response: str) -> None:
        """Put a message before what was said so far in this turn."""
        self.messages.insert(0, Message(response))

    def entity(self, name: str) -> Any:
        """The value of the first entity called ``name``, or None."""
        return next((entity.value for entity in self.entities if entity.name == name), None)

    def just_said(self, *responses: str) -> bool:
        """Whether one of ``responses`` was part of the answer before this one."""
        return any(said.response in responses for said in self.state.last)

    def remember_said(self) -> None:
        """Keep what was said, so that it can be repeated."""
        self.state.last = [Said(response=m.response, params=dict(m.params)) for m in self.messages]


Handler = Callable[[Turn], Awaitable[None] | None]
