"""What the chat calls take and answer."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

PAYLOAD_MAX_CHARS = 2000
_ALLOWED_CONTROLS = {"\n", "\t"}

Sender = Literal["bot", "resident", "adviser", "system"]
StatusName = Literal["bot", "queued", "accepted", "closed", "callback_requested", "cancelled", "timed_out", "failed"]


def clean_text(text: str) -> str:
    """``text`` with line ends as one character.

    Raises:
        PydanticCustomError: ``text_invalid``, for a control character or nothing but white space.
    """
    text = text.replace("\r\n", "\n")
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in _ALLOWED_CONTROLS for c in text):
        raise PydanticCustomError("text_invalid", "a character that cannot be handled")
    if not any(not c.isspace() and unicodedata.category(c) != "Cf" for c in text):
        raise PydanticCustomError("text_invalid", "empty")
    return text


CleanText = Annotated[str, AfterValidator(clean_text)]


class Empty(BaseModel):
    """An object in which nothing is needed."""


class MessageIn(BaseModel):
    """A resident's message: either ``text``, or the ``payload`` of a button that this talk has offered."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"client_id": "0c7c2a3e-9a55-4a3c-8a2b-3f1f0b7e9b11", "text": "Olen ollut kaksi vuotta työttömänä"},
                {"client_id": "5b9dbf57-7c2b-4f25-b2a3-0d1e5d0f2c55", "payload": "/affirm"},
            ]
        }
    )

    client_id: UUID = Field(description="Made by the sender; the same one again gets the same answer.")
    text: CleanText | None = Field(None, description="Free text. A leading slash is text, too.")
    payload: CleanText | None = Field(None, max_length=PAYLOAD_MAX_CHARS)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.text is None) == (self.payload is None):
            raise PydanticCustomError("text_or_payload", "one of the two")
        return self


class ButtonOut(BaseModel):
    """A button: what it says, and what is sent when it is pressed."""

    title: str
    payload: str


class MessageOut(BaseModel):
    """Something that was said. ``seq`` grows strictly within a talk."""

    seq: int
    sender: Sender
    text: str
    at: datetime
    buttons: list[ButtonOut] = Field(default_factory=list)
    services: list[dict[str, Any]] = Field(
        default_factory=list, description="`{id, name, group, summary, url, phone, reasons}`"
    )


class Progress(BaseModel):
    """Where in the self-check the talk is: question ``index`` of ``of`` in ``area``."""

    model_config = ConfigDict(extra="allow")

    area: str | None = None
    index: int | None = None
    of: int | None = None


class CallbackOut(BaseModel):
    """What a resident gave for being called or written to."""

    phone: str | None = None
    email: str | None = None
    wished_time: str | None = None


class HandoffOut(BaseModel):
    """A request for a person, as the resident sees it."""

    id: str
    status: StatusName
    place: int | None = Field(description="Place in the queue, 1 is next; null when it is not queued.")
    estimate_s: int | None = Field(description="Median of recent waits in seconds; null when nothing is known.")
    urgent: Literal["crisis", "danger"] | None
    callback: CallbackOut | None
    adviser: str | None = Field(None, description="Name of the adviser who has the talk, as residents see it.")


class Standing(BaseModel):
    """Where a talk stands."""

    status: StatusName
    awaiting: str | None = Field(description="The question that the next answer is taken for.")
    progress: Progress | None = None
    handoff: HandoffOut | None = None


class Answer(Standing):
    """Every reply to a message, in order."""

    messages: list[MessageOut]


class Created(Answer):
    """A new talk. The token is told here only."""

    id: str
    token: str


class Talk(Answer):
    """A whole talk."""

    id: str
    answers: dict[str, Any] = Field(description="Answers by the contract's ids, questions and background alike.")
    recommendations: list[Any]


class Polled(Answer):
    """What is new after ``after``."""

    typing: list[Literal["bot", "adviser"]] = Field(default_factory=list)


Helped = Literal["yes", "partly", "no"]


def _in_steps(helped: Any) -> Any:
    """True and false are what older clients send."""
    return {True: "yes", False: "no"}[helped] if isinstance(helped, bool) else helped


class FeedbackIn(BaseModel):
    """What a resident thought of the talk: with the adviser who has just closed it, otherwise with the bot."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"helped": "partly", "text": "Sain selvän neuvon"}]})

    helped: Annotated[Helped, BeforeValidator(_in_steps, json_schema_input_type=Helped | bool)]
    text: CleanText | None = Field(None, max_length=2000)
