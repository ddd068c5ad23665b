"""Everything that can happen to talks, in any order: the promises of the design hold after each step.

The states are those of ``api/handoff/states.py``; beside them the model keeps what the design promises: who has a talk,
what was said to whom, which events were put into the outbox. A small walk runs with the others;
``TIENVIITTA_HANDOFF_WALKS=200`` walks that often, and longer.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from api import worker
from api.advisers import console
from api.advisers.models import Adviser
from api.advisers.schemas import HandoffDetail
from api.context import Context
from api.conversations import service as conversations
from api.conversations.models import Conversation
from api.conversations.schemas import MessageOut, Standing
from api.database import now, sync_session
from api.deliveries.models import Delivery
from api.handoff import service as handoffs
from api.handoff.models import Handoff, Presence
from api.handoff.states import FINISHED, HUMAN, Event, Status, after
from tests.api.harness import AdviserBrowser, FakeEngine, Resident, add_advisers, make_settings, serve
from tests.waiting import eventually

WALKS = int(os.environ.get("TIENVIITTA_HANDOFF_WALKS", "0"))
PHONE = "+358401234567"
NAMES = ("aino", "ville")
talks = Bundle("talks")
who = st.sampled_from(NAMES)
words = st.sampled_from(["odotan täällä", "haluan kuolla", "no soittakaa 040 123 4567", "huomenna aamulla"])


@dataclass
class Known:
    """What the model knows of a talk."""

    resident: Resident
    status: Status = Status.BOT
    chat: str | None = None
    callback: str | None = None
    holder: str | None = None
    asking: str | None = None
    urgent: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    scope: dict[str, str] = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)
    upto: dict[str, int] = field(default_factory=dict)
    """By request: how much had been said before it, and, once it is a callback, what of it is still the adviser's."""
    order: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    last: tuple[str, dict[str, Any], dict[str, Any]] | None = None
    events: Counter[str] = field(default_factory=Counter)

    def move(self, event: Event) -> None:
        self.status = after(self.status, event)


@dataclass
class Seen:
    """What residents and advisers are shown at one moment."""

    open: list[str] = field(default_factory=list)
    callbacks: list[str] = field(default_factory=list)
    standing: dict[str, Standing] = field(default_factory=dict)
    messages: dict[str, list[MessageOut]] = field(default_factory=dict)
    details: dict[str, HandoffDetail] = field(default_factory=dict)


class Handover(RuleBasedStateMachine):
    """Residents, two advisers, the worker, and restarts."""

    engine: ClassVar[FakeEngine]
    database: ClassVar[Path]
    looks: ClassVar[int] = 0
    """How often all promises were checked."""

    def __init__(self) -> None:
        super().__init__()
        self.engine.reset()
        self.folder = Path(tempfile.mkdtemp(prefix="handover"))
        self.settings = make_settings(
            self.folder,
            self.engine.port,
            worker_in_api=False,
            webhook_receivers=["https://receiver.example/hook"],
            adviser_away_s=3600.0,  # nobody vanishes because the machine is slow
        )
        shutil.copy(self.database, self.folder / "tienviitta.db")
        add_advisers(self.settings)
        self.api = serve(self.settings, self.engine)
        self.api.server.start()
        self.advisers: dict[str, AdviserBrowser] = {name: self.api.adviser(name) for name in NAMES}
        # The worker, and whoever looks: a process of its own as far as the api can tell. Looking is most of a step's
        # time, and without HTTP in between it takes a third of it.
        self.runner = asyncio.Runner()
        self.context = Context.of(self.settings)
        self.present: set[str] = set()
        self.known: dict[str, Known] = {}
        self.requests = 0

    def teardown(self) -> None:
        self.runner.run(self.context.close())
        self.runner.close()
        self.api.server.stop()
        for one in (*(talk.resident for talk in self.known.values()), *self.advisers.values()):
            one.http.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Helpers

    def database_write(self, *statements: Any) -> None:
        with sync_session(self.settings) as session:
            for statement in statements:
                session.execute(statement)

    def work(self, what: Callable[[Context], Awaitable[int]]) -> int:
        """A round of the worker."""
        return self.runner.run(what(self.context))

    async def look(self) -> Seen:
        """Everything as residents and advisers are shown it."""
        seen = Seen()
        async with self.context.database.read() as session:
            me = await session.get_one(Adviser, 1)
            seen.open = [item.id for item in await console.items(session, view="open", me=me)]
            seen.callbacks = [item.id for item in await console.items(session, view="callbacks", me=me)]
            for talk_id, talk in self.known.items():
                conversation = await session.get_one(Conversation, talk_id)
                seen.standing[talk_id] = await handoffs.standing(session, conversation)
                seen.messages[talk_id] = await conversations.messages_after(session, conversation_id=talk_id, seq=0)
                for handoff in filter(None, (talk.chat, talk.callback)):
                    row = await session.get_one(Handoff, handoff)
                    seen.details[handoff] = await console.detail(session, row, me=me)
        return seen

    @contextmanager
    def engine_asked(self, *, allowed: bool) -> Iterator[None]:
        calls = len(self.engine.received)
        yield
        assert allowed or len(self.engine.received) == calls, "the bot was asked while a person had the talk"

    def send(self, talk: Known, body: dict[str, Any], shown: str) -> dict[str, Any]:
        """What a resident writes or presses; who answers is checked."""
        person = talk.status in HUMAN
        if talk.status in FINISHED:
            talk.move(Event.RESIDENT_GOES_ON)
        client_id = str(uuid.uuid4())
        with self.engine_asked(allowed=not person):
            answer = talk.resident.post(client_id, **body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        talk.said.append(shown)
        talk.last = (client_id, body, result)
        if person:
            assert {message["sender"] for message in result["messages"]} <= {"system"}, "the bot spoke over a person"
        return result

    def requested(self, talk: Known, handoff: str, scope: str) -> None:
        talk.scope[handoff], talk.began[handoff] = scope, len(talk.said)
        talk.order[handoff] = self.requests
        self.requests += 1

    def callback_asked(self, talk: Known, handoff: str) -> None:
        """The model of a new callback; ``handoff`` is what the api says its id is."""
        scope = list(talk.scope.values())[-1] if talk.scope else "summary"
        if talk.chat is not None and talk.status == Status.QUEUED:
            assert handoff == talk.chat, "the same request goes on"
            talk.callback, talk.chat = talk.chat, None
            talk.upto[handoff] = len(talk.said)
            talk.move(Event.REQUEST_CALLBACK)
        else:
            self.requested(talk, handoff, scope)
            talk.callback, talk.upto[handoff] = handoff, len(talk.said)
            if talk.status != Status.ACCEPTED:
                talk.move(Event.REQUEST_CALLBACK)
        talk.asking = None
        talk.events["callback.requested"] += 1

    def offers(self, talk: Known, payload: str) -> bool:
        return any(b["payload"] == payload for m in talk.resident.talk()["messages"] for b in m["buttons"])

    # Residents

    @precondition(lambda self: len(self.known) < 4)
    @rule(target=talks)
    def begin(self) -> str:
        resident = self.api.resident()
        self.known[resident.id] = Known(resident)
        return resident.id

    @rule(talk_id=talks, text=words)
    def say(self, talk_id: str, text: str) -> None:
        talk = self.known[talk_id]
        asked, person = talk.asking, talk.status in HUMAN
        shown = text.replace("040 123 4567", "[puhelinnumero poistettu]")
        result = self.send(talk, {"text": text}, shown)
        if text == "haluan kuolla" and person:
            assert "112" in result["messages"][0]["text"]
            talk.urgent |= {one for one in (talk.chat, talk.callback) if one}
        if asked is None:
            return
        talk.asking = None
        has_contact = "040" in text
        if asked == "callback_time" and talk.callback:
            talk.status = (
                after(talk.status, Event.CHANGE_CALLBACK) if talk.status == "callback_requested" else talk.status
            )
            if text == "haluan kuolla":
                talk.urgent |= {one for one in (talk.chat, talk.callback) if one}
        elif asked == "handoff_contact" and has_contact:
            if talk.callback is None:
                latest = max(talk.order, key=talk.order.__getitem__)
                self.callback_asked(talk, result["handoff"]["id"])
                talk.asking = "callback_time"
                if latest in talk.urgent:
                    talk.urgent.add(result["handoff"]["id"])
        elif not person:
            assert result["messages"][-1]["sender"] == "bot", "what was no answer goes its usual way"

    @rule(talk_id=talks, payload=st.sampled_from(["/callback_contact", "/callback_time", "/callback_keep"]))
    def press_about_a_callback(self, talk_id: str, payload: str) -> None:
        talk = self.known[talk_id]
        if not self.offers(talk, payload):
            refused = talk.resident.post(payload=payload)
            assert refused.status_code == 422, "only what was offered is a command"
            return
        title = next(
            b["title"]
            for m in reversed(talk.resident.talk()["messages"])
            for b in m["buttons"]
            if b["payload"] == payload
        )
        held = talk.status == Status.ACCEPTED
        self.send(talk, {"payload": payload}, title)
        talk.asking = None
        if not held and payload == "/callback_contact":
            talk.asking = "handoff_contact"
        elif not held and payload == "/callback_time" and talk.callback:
            talk.asking = "callback_time"

    @rule(talk_id=talks, by_button=st.booleans())
    def cancel(self, talk_id: str, by_button: bool) -> None:
        talk = self.known[talk_id]
        open_one = talk.chat or talk.callback
        if by_button:
            if not self.offers(talk, "/cancel_handoff"):
                return
            title = next(
                b["title"]
                for m in reversed(talk.resident.talk()["messages"])
                for b in m["buttons"]
                if b["payload"] == "/cancel_handoff"
            )
            self.send(talk, {"payload": "/cancel_handoff"}, title)
            talk.asking = None
        else:
            answer = talk.resident.http.post(f"{talk.resident.path}/handoff/cancel")
            assert answer.status_code == (200 if open_one else 409)
        if open_one is None:
            return
        talk.asking = None
        talk.events["handoff.cancelled"] += 1
        if talk.chat:
            talk.chat = talk.holder = None
            talk.move(Event.CANCEL)
        else:
            talk.callback = None
            if talk.status == Status.CALLBACK_REQUESTED:
                talk.move(Event.CANCEL)

    @rule(talk_id=talks)
    def send_again(self, talk_id: str) -> None:
        talk = self.known[talk_id]
        if talk.last is None:
            return
        client_id, body, first = talk.last
        assert talk.resident.post(client_id, **body).json() == first, "the same message gets the same answer"

    @rule(talk_id=consumes(talks))
    def erase(self, talk_id: str) -> None:
        talk = self.known.pop(talk_id)
        assert talk.resident.http.delete(talk.resident.path).status_code == 204
        assert talk.resident.http.get(talk.resident.path).status_code == 401
        with sync_session(self.settings) as session:
            for table in (Handoff, Delivery):
                assert session.scalar(select(table.id).where(table.conversation_id == talk_id)) is None
        for handoff in talk.order:
            assert self.advisers["aino"].http.get(f"/adviser/api/handoffs/{handoff}").status_code == 404
        talk.resident.http.close()

    # Requests

    @rule(talk_id=talks, scope=st.sampled_from(["summary", "transcript"]))
    def ask_for_a_person(self, talk_id: str, scope: str) -> None:
        talk = self.known[talk_id]
        webhook_id = f"msg_{uuid.uuid4().hex}"
        answers = [
            self.api.hand_over(talk_id, webhook_id=webhook_id, consent={"scope": scope, "text_version": "1"})
            for _ in range(2)
        ]
        assert answers[0].status_code == 202, answers[0].text
        assert answers[0].json() == answers[1].json(), "one webhook, one request"
        handoff = answers[0].json()["handoff_id"]
        if talk.chat:
            assert handoff == talk.chat
            talk.scope[handoff] = scope
            return
        talk.move(Event.REQUEST_CHAT)
        self.requested(talk, handoff, scope)
        talk.chat, talk.asking = handoff, None
        talk.events["handoff.requested"] += 1

    @rule(talk_id=talks)
    def ask_for_a_call(self, talk_id: str) -> None:
        talk = self.known[talk_id]
        answer = self.api.hand_over(talk_id, kind="callback", contact={"phone": PHONE})
        assert answer.status_code == 202, answer.text
        if talk.callback:
            assert answer.json()["handoff_id"] == talk.callback
        else:
            self.callback_asked(talk, answer.json()["handoff_id"])

    # Advisers

    @rule(talk_id=talks, name=who)
    def accept(self, talk_id: str, name: str) -> None:
        talk = self.known[talk_id]
        if talk.chat is None:
            return
        status = self.advisers[name].post(f"handoffs/{talk.chat}/accept").status_code
        if talk.status == Status.ACCEPTED:
            assert status == (200 if talk.holder == name else 409), "two cannot have it"
            return
        assert status == 200
        talk.move(Event.ACCEPT)
        talk.holder, talk.asking = name, None
        talk.events["handoff.accepted"] += 1
        self.present.add(name)

    @rule(talk_id=talks, name=who)
    def reply(self, talk_id: str, name: str) -> None:
        talk = self.known[talk_id]
        if talk.chat is None:
            return
        text = f"vastaus {len(talk.replies)}"
        client_id = str(uuid.uuid4())
        statuses = {self.advisers[name].reply(talk.chat, text, client_id).status_code for _ in range(2)}
        assert statuses == ({200} if talk.holder == name else {409})
        if talk.holder == name:
            talk.replies.append(text)
            self.present.add(name)

    @rule(talk_id=talks, name=who)
    def release(self, talk_id: str, name: str) -> None:
        talk = self.known[talk_id]
        if talk.chat is None:
            return
        status = self.advisers[name].post(f"handoffs/{talk.chat}/release").status_code
        assert status == (204 if talk.holder == name else 409)
        if talk.holder == name:
            talk.move(Event.RELEASE)
            talk.holder = None

    @rule(talk_id=talks, name=who)
    def transfer(self, talk_id: str, name: str) -> None:
        talk = self.known[talk_id]
        if talk.chat is None:
            return
        other = NAMES[1 - NAMES.index(name)]
        colleagues = self.advisers[name].get("colleagues")["items"]
        assert [one["display_name"].casefold() for one in colleagues] == ([other] if other in self.present else [])
        to = colleagues[0]["id"] if colleagues else 999
        status = self.advisers[name].post(f"handoffs/{talk.chat}/transfer", to=to).status_code
        assert status == (204 if talk.holder == name and colleagues else 409)
        if status == 204:
            talk.move(Event.TRANSFER)
            talk.holder = other

    @rule(talk_id=talks, name=who)
    def close(self, talk_id: str, name: str) -> None:
        talk = self.known[talk_id]
        if talk.chat is None:
            return
        calls = self.engine.messages.count("/resume_conversation")
        status = self.advisers[name].post(f"handoffs/{talk.chat}/close", outcome="informed").status_code
        assert status == (204 if talk.holder == name else 409)
        if status == 204:
            talk.move(Event.CLOSE)
            talk.chat = talk.holder = None
            talk.events["handoff.closed"] += 1
            eventually(lambda: self.engine.messages.count("/resume_conversation") > calls)
            eventually(lambda: talk.resident.talk()["messages"][-1]["sender"] == "bot")

    @rule(talk_id=talks, name=who, result=st.sampled_from(["done", "missed"]))
    def call(self, talk_id: str, name: str, result: str) -> None:
        talk = self.known[talk_id]
        if talk.callback is None:
            return
        assert self.advisers[name].post(f"handoffs/{talk.callback}/callback", result=result).status_code == 204
        if result == "done":
            talk.callback = talk.asking = None
            talk.events["handoff.closed"] += 1
            if talk.status == Status.CALLBACK_REQUESTED:
                talk.move(Event.CLOSE)

    @rule(name=who)
    def be_present(self, name: str) -> None:
        assert self.advisers[name].post("presence").status_code == 204
        self.present.add(name)

    @rule(name=who)
    def vanish(self, name: str) -> None:
        """The adviser's computer is gone for longer than the set time."""
        long_ago = now() - timedelta(seconds=self.settings.adviser_away_s + 1)
        with sync_session(self.settings) as session:
            for row in session.scalars(select(Presence)):
                if row.adviser_id == NAMES.index(name) + 1:
                    row.seen_at = long_ago
        self.present.discard(name)
        left = [talk for talk in self.known.values() if talk.holder == name]
        assert self.work(worker.return_abandoned) == len(left)
        for talk in left:
            assert talk.chat
            talk.move(Event.VANISH)
            talk.holder = None
            talk.returned.add(talk.chat)
            assert "yhteys katkesi" in talk.resident.said_by("system")[-1]

    # Time

    def waiting(self) -> list[Known]:
        return [talk for talk in self.known.values() if talk.status == Status.QUEUED]

    @rule(minutes=st.sampled_from([6, 31]))
    def time_passes(self, minutes: int) -> None:
        """Everybody in the queue has waited so long."""
        waiting = self.waiting()
        long_ago = now() - timedelta(minutes=minutes)
        self.database_write(
            update(Handoff).where(Handoff.status == Status.QUEUED).values(queued_at=long_ago, reminded=False)
        )
        assert self.work(worker.watch_queue) == len(waiting)
        for talk in waiting:
            last = talk.resident.talk()["messages"][-1]
            assert "/callback_contact" in [button["payload"] for button in last["buttons"]]
            if minutes == 31:
                assert last["text"].startswith("Anteeksi")
                talk.move(Event.TIME_OUT)
                talk.chat = None

    @rule()
    def the_day_ends(self) -> None:
        waiting = self.waiting()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker, "is_open", lambda _hours, _at: False)
            assert self.work(worker.watch_queue) == len(waiting)
        for talk in waiting:
            assert "päivä päättyi" in talk.resident.said_by("system")[-1]
            talk.move(Event.DAY_ENDS)
            talk.chat = None

    @rule()
    def restart(self) -> None:
        self.api.server.stop()
        fresh = serve(self.settings, self.engine)
        fresh.server.start()
        fresh.browsers = self.api.browsers
        self.api = fresh

    # Promises

    @invariant()
    def the_promises_hold(self) -> None:
        seen = self.runner.run(self.look())
        Handover.looks += 1
        self.every_talk_is_as_the_model_says(seen)
        self.nobody_is_lost(seen)
        self.advisers_see_what_was_agreed_to_and_all_that_was_said_to_them(seen)
        self.every_event_is_in_the_outbox_once()

    def every_talk_is_as_the_model_says(self, seen: Seen) -> None:
        for talk_id, talk in self.known.items():
            told, messages = seen.standing[talk_id], seen.messages[talk_id]
            assert told.status == talk.status
            assert [message.seq for message in messages] == list(range(1, len(messages) + 1))
            assert [m.text for m in messages if m.sender == "resident"] == talk.said, "none lost, none doubled"
            assert [m.text for m in messages if m.sender == "adviser"] == talk.replies
            if talk.asking:
                assert told.awaiting == talk.asking
            shown = talk.chat or (talk.callback if talk.status in ("bot", "callback_requested") else None)
            if shown:
                assert told.handoff is not None
                assert told.handoff.id == shown

    def nobody_is_lost(self, seen: Seen) -> None:
        """Who waits is in the queue at the promised place; who is to be called is in the list."""
        everybody = list(self.known.values())
        chats = {talk.chat: talk for talk in everybody if talk.chat}
        order = sorted(
            chats, key=lambda one: (one not in chats[one].urgent, one not in chats[one].returned, chats[one].order[one])
        )
        assert seen.open == order
        callbacks = [talk.callback for talk in everybody if talk.callback]
        assert sorted(seen.callbacks) == sorted(callbacks)
        queued = [one for one in order if chats[one].status == Status.QUEUED]
        for place, one in enumerate(queued, 1):
            standing = seen.standing[chats[one].resident.id].handoff
            assert standing is not None
            assert standing.place == place

    def advisers_see_what_was_agreed_to_and_all_that_was_said_to_them(self, seen: Seen) -> None:
        for talk in self.known.values():
            for handoff in filter(None, (talk.chat, talk.callback)):
                shown = seen.details[handoff]
                assert shown.consent.scope == talk.scope[handoff]
                assert (shown.urgent is not None) == (handoff in talk.urgent)
                assert shown.returned == (handoff in talk.returned)
                said = [message.text for message in shown.messages if message.sender == "resident"]
                first = 0 if talk.scope[handoff] == "transcript" else talk.began[handoff]
                assert said == talk.said[first : talk.upto.get(handoff)], "what was agreed to, no more and no less"

    def every_event_is_in_the_outbox_once(self) -> None:
        with sync_session(self.settings) as session:
            for talk_id, talk in self.known.items():
                kept = Counter(session.scalars(select(Delivery.type).where(Delivery.conversation_id == talk_id)))
                assert kept == talk.events
                status = session.scalar(select(Conversation.status).where(Conversation.id == talk_id))
                held = session.scalars(
                    select(Handoff.id).where(Handoff.conversation_id == talk_id, Handoff.status.in_(HUMAN))
                ).all()
                assert len(held) == (1 if status in HUMAN else 0), "one person at a time"


def test_the_promises_hold_whatever_happens_in_whatever_order(engine: FakeEngine, new_database: Path) -> None:
    Handover.engine, Handover.database = engine, new_database
    run_state_machine_as_test(
        Handover,
        settings=settings(
            max_examples=WALKS or 4,
            stateful_step_count=60 if WALKS else 20,
            deadline=None,
            derandomize=not WALKS,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
    print(f"all promises checked {Handover.looks} times")
