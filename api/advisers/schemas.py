"""What the advisers' console takes and is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from api.advisers.roles import Permission
from api.conversations.schemas import CleanText, MessageOut, Sender, StatusName


class SignIn(BaseModel):
    """A user name and a password."""

    username: str = Field(max_length=64)
    password: str = Field(max_length=1024)


class SessionOut(BaseModel):
    """Who is signed in. State-changing calls carry ``csrf_token`` in the header ``X-CSRF-Token``."""

    username: str
    display_name: str
    role: str
    permissions: list[Permission] = Field(description="What the role may; the console shows no more than that.")
    csrf_token: str


class DirectoryWay(BaseModel):
    """Signing in through the city's directory: where the button leads, and what it says."""

    label: str
    href: str


class SignInWays(BaseModel):
    """How one may sign in."""

    password: bool
    directory: DirectoryWay | None


class SignedOut(BaseModel):
    """Signed out here; the browser is to go on to ``end_session_url`` to sign out of the directory, too."""

    end_session_url: str


class HandoffItem(BaseModel):
    """A request in a list."""

    id: str
    status: StatusName
    kind: Literal["chat", "callback"]
    urgent: Literal["crisis", "danger"] | None
    name: str | None
    wished_time: str | None
    requested_at: datetime
    waiting_s: int = Field(description="From the request until it was accepted, ended, or now.")
    place: int | None
    returned: bool = Field(description="The adviser vanished; the talk goes before the others.")
    accepted_by: str | None = Field(description="Display name of the adviser who holds or held it.")
    accepted_by_me: bool
    last_message_at: datetime | None
    unread: int = Field(description="Messages of the resident that no adviser has had on screen.")
    missed_calls: int


class HandoffPage(BaseModel):
    """Requests, urgent ones first."""

    items: list[HandoffItem]


class ConsentOut(BaseModel):
    """What the resident agreed to pass on."""

    scope: Literal["summary", "transcript"]
    text_version: str | None


class NoteOut(BaseModel):
    """A note that only advisers see."""

    at: datetime
    adviser: str | None
    text: str


class SaidOut(MessageOut):
    """A message; an adviser's carries the ``client_id`` under which it was sent."""

    client_id: str | None = None


class HandoffDetail(HandoffItem):
    """Everything about a request that the resident agreed to pass on."""

    summary: list[Any]
    answers: dict[str, Any]
    recommendations: list[Any]
    rejections: list[dict[str, Any]] = Field(
        description="Services that the resident did not want: service, name, reason."
    )
    consent: ConsentOut
    contact: dict[str, Any] | None
    reason: str | None
    outcome: str | None
    outcome_text: str | None
    outcome_services: list[dict[str, Any]] = Field(description="What the resident was shown of the agreed services.")
    messages: list[SaidOut] = Field(description="The whole talk if the consent's scope is transcript.")
    notes: list[NoteOut]
    resident_typing: bool


class ReplyIn(BaseModel):
    """A reply to the resident. The same ``client_id`` again changes nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"client_id": "0c7c2a3e-9a55-4a3c-8a2b-3f1f0b7e9b11", "text": "Hei, miten voin auttaa?"}]
        }
    )

    client_id: UUID
    text: CleanText = Field(max_length=4000)


class CloseIn(BaseModel):
    """How the talk ended, and what was agreed in words that the resident sees."""

    outcome: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")
    text: CleanText | None = Field(None, max_length=2000)
    services: list[str] = Field(default_factory=list, max_length=10, description="Ids of services that were agreed on.")


class TransferIn(BaseModel):
    """To whom a talk goes."""

    to: int


class ColleagueOut(BaseModel):
    """An adviser who is at the console now."""

    id: int
    display_name: str


class ColleaguesOut(BaseModel):
    """Other advisers to whom a talk can be transferred now."""

    items: list[ColleagueOut]


class OutcomeOut(BaseModel):
    """A way in which a talk can end."""

    id: str
    label: str


class ReadyReplyOut(BaseModel):
    """A text that can be put into a reply."""

    title: str
    text: str


class ChoicesOut(BaseModel):
    """What the console offers to choose from."""

    outcomes: list[OutcomeOut]
    ready_replies: list[ReadyReplyOut]


class CallIn(BaseModel):
    """What came of a call."""

    result: Literal["done", "missed"]
    note: CleanText | None = Field(None, max_length=2000)


class NoteIn(BaseModel):
    """A note that only advisers see."""

    text: CleanText = Field(max_length=2000)


class QueueOut(BaseModel):
    """How much there is to do."""

    open: int
    queued: int
    urgent: int
    callbacks: int


class NewMessage(BaseModel):
    """That there is a message in a talk that waits for, or is held by, an adviser. What it says is read with the
    request, which is audited.
    """

    handoff_id: str
    seq: int
    sender: Sender
    at: datetime


class AdviserPolled(BaseModel):
    """What is new since ``after``; ``cursor`` is the next ``after``. A message may come twice: ``seq`` tells."""

    cursor: int
    queue: QueueOut
    messages: list[NewMessage]
    typing: list[str] = Field(description="Handoffs whose resident is writing.")
