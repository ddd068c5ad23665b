"""What the handoff webhook takes and answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.conversations.schemas import CleanText, StatusName

MOST_LEVELS = 20
"""Of lists and objects inside each other; what we send has five."""


def shallow(document: Any) -> Any:
    """``document``, unless it is nested too deeply to be redacted, stored and shown.

    Raises:
        ValueError: when it is.
    """
    level = [document]
    for _ in range(MOST_LEVELS):
        level = [
            part
            for one in level
            if isinstance(one, dict | list)
            for part in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return document
    raise ValueError("nested too deeply")


class Consent(BaseModel):
    """What the resident agreed to pass on, and which text they agreed to."""

    scope: Literal["summary", "transcript"] = "summary"
    text_version: str | None = Field(None, max_length=64)


class Contact(BaseModel):
    """How to reach the resident."""

    phone: CleanText | None = Field(None, max_length=40)
    email: CleanText | None = Field(None, max_length=254)


class CallbackIn(BaseModel):
    """Where and when a resident wants to be called or written to; what is left out stays as it was."""

    phone: CleanText | None = Field(None, max_length=40)
    email: CleanText | None = Field(None, max_length=254)
    wished_time: CleanText | None = Field(None, max_length=200)


class SummaryItem(BaseModel):
    """A question and its answer, in words."""

    question: str = Field(max_length=500)
    answer: str = Field(max_length=2000)


class SummaryArea(BaseModel):
    """The answers of one area."""

    area: str = Field(max_length=200)
    items: list[SummaryItem] = Field(default_factory=list, max_length=100)


class Rejection(BaseModel):
    """A service that the resident did not want."""

    service: str = Field(max_length=80)
    name: str = Field(max_length=200)
    reason: str | None = Field(None, max_length=2000)


class HandoffData(BaseModel):
    """A request for a person. Only ``conversation_id`` is needed."""

    conversation_id: UUID
    kind: Literal["chat", "callback"] | None = None
    consent: Consent | None = None
    name: CleanText | None = Field(None, max_length=100)
    contact: Contact | None = None
    wished_time: CleanText | None = Field(None, max_length=200)
    urgent: Literal["crisis", "danger"] | None = None
    reason: CleanText | None = Field(None, max_length=2000)
    answers: Annotated[dict[str, Any], AfterValidator(shallow)] | None = None
    summary: list[SummaryArea] | None = Field(None, max_length=20)
    recommendations: Annotated[list[Any], AfterValidator(shallow)] | None = Field(None, max_length=100)
    rejections: list[Rejection] | None = Field(None, max_length=100)


class HandoffWebhook(BaseModel):
    """The body of ``POST /webhooks/handoff``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "handoff.requested",
                    "timestamp": "2026-11-22T10:00:00Z",
                    "data": {
                        "conversation_id": "0c7c2a3e-9a55-4a3c-8a2b-3f1f0b7e9b11",
                        "kind": "chat",
                        "consent": {"scope": "summary", "text_version": "1"},
                    },
                }
            ]
        }
    )

    type: Literal["handoff.requested", "callback.requested"]
    timestamp: str | None = Field(None, max_length=40)
    data: HandoffData


class HandoffTaken(BaseModel):
    """The request was taken."""

    handoff_id: str
    status: StatusName
    place: int | None = None
    estimate_s: int | None = None
