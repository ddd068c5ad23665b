"""The dialogue state: all that the bot remembers of a talk, as one JSON document.

The api stores it (encrypted) and sends it with every message; see docs/architecture.md. It is never trusted to be
well-formed: a document that does not validate starts a new talk rather than an error.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Value = str | int | list[str]
"""An answer as the contract names it: a word, a number, or the list of barriers."""


class Said(BaseModel):
    """One response that was said, kept so that it can be repeated and is not said twice running."""

    response: str
    params: dict[str, Any] = Field(default_factory=dict)


class Rejection(BaseModel):
    """A service that does not fit, and why, in the resident's words or those of a button."""

    service: str
    name: str
    reason: str | None = None


class Feedback(BaseModel):
    """Whether the talk helped, and more in the resident's own words."""

    helped: Literal["yes", "partly", "no"]
    text: str | None = None


class HandoffDraft(BaseModel):
    """What the resident has chosen so far about reaching a person."""

    kind: Literal["chat", "callback"] = "chat"
    scope: Literal["summary", "transcript"] | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    wished_time: str | None = None


class Progress(BaseModel):
    """Where in the three areas the talk is, for the widget."""

    area: str
    index: int
    of: int


class DialogueState(BaseModel):
    """See the module. The first five fields are read by the api, the rest only here."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    awaiting: str | None = None
    answers: dict[str, Value] = Field(default_factory=dict)
    recommendations: list[dict[str, Any]] | None = None
    progress: Progress | None = None
    urgent: Literal["crisis", "danger"] | None = None
    command: Literal["erase"] | None = None
    """What the api is to do after this turn; cleared at the start of the next."""

    typ: dict[str, Any] | None = None
    running: bool = False
    """Whether the self-check has been begun and not stopped."""
    order: list[str] = Field(default_factory=list)
    """Questions in the order in which they were answered, for going back."""
    plain: bool = False
    """Whether the resident asked for plainer language."""
    failures: int = 0
    """Turns in a row that were not understood."""
    retried: list[str] = Field(default_factory=list)
    """Questions that were once asked again because the answer did not fit."""
    last: list[Said] = Field(default_factory=list)
    seen: list[str] = Field(default_factory=list)
    """Recommended services that the resident has seen, by id."""
    on_view: list[str] = Field(default_factory=list)
    """The recommended services that were shown last, for "toi eka"."""
    topic: str | None = None
    """The service last spoken of, for "entä miten sinne pääsee"."""
    rejections: list[Rejection] = Field(default_factory=list)
    """Services that the resident said do not fit. They are never offered again, and told to the adviser."""
    reasons_unwanted: bool = False
    """Whether the resident would not say why a service does not fit; then it is not asked again."""
    feedback: Feedback | None = None
    """Whether the talk helped, as the resident said at the end."""
    feedback_asked: bool = False
    invited: Literal["reject_reason", "feedback", "feedback_text"] | None = None
    """What the next message may tell, if the resident wants to. Nothing waits for it, so it is not ``awaiting``."""
    barriers_told: list[str] = Field(default_factory=list)
    """What was said to make life hard before that was asked; it is not asked then."""
    followed_up: list[str] = Field(default_factory=list)
    """Questions that were followed up once because the answer depended on something."""
    reason_told: str | None = None
    """Why a service does not suit, said before it was clear which one."""
    parked: str | None = None
    """What was awaited before the steps to a person came between; it is asked again afterwards."""
    before_erasure: str | None = None
    """What was awaited before "erase everything?". Apart from ``parked``: it may be one of the steps to a person."""
    handoff: HandoffDraft = Field(default_factory=HandoffDraft)

    @classmethod
    def read(cls, document: Any) -> DialogueState:
        """The state in ``document``, or a fresh one if it is missing or not one of ours."""
        if not isinstance(document, dict):
            return cls()
        try:
            return cls.model_validate(document)
        except ValidationError:
            return cls()

    def write(self) -> dict[str, Any]:
        """The state as JSON values."""
        return self.model_dump(mode="json")
