"""Residents who press and write whatever comes to mind: the talk never goes silent, never sticks, always ends.

The seeds are fixed, so a failure comes again; the whole walk is shown with it. ``TIENVIITTA_WALKS=200`` walks more
often than the default and writes what it measured to ``var/walks.json``.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import httpx
import pytest
from ruamel.yaml import YAML

from actions.questions import questions
from settings import ROOT
from tests.dialogues.player import RESPONSE_TEXTS, WITH_A_PERSON, Reply, Talk, always_wrong, shown

pytestmark = pytest.mark.stack

WALKS = int(os.environ.get("TIENVIITTA_WALKS", "8"))
TURNS = 20
BUTTON_SHARE = 0.4
SAME_AGAIN_SHARE = 0.1
"""How often a resident says again what they said last: that is how loops show."""
MOST_MESSAGES = 8
"""More at once than this nobody reads."""

LEAVES_OPEN = {"/goodbye"}
"""Having said goodbye, a resident needs no way on."""

ASKS_AGAIN = ("utter_contradiction", "utter_follow_up_")
"""What may ask a question that has an answer: which of two is right, and one word more on an uncertain one."""


@lru_cache
def utterances() -> list[tuple[str, str]]:
    """Held-out texts with their intents."""
    document = YAML(typ="safe").load((ROOT / "tests" / "nlu" / "utterances.yml").read_text(encoding="utf-8"))
    return [(entry["text"], entry["intent"]) for entry in document["utterances"]]


@dataclass
class Walk:
    """One resident."""

    talk: Talk
    chance: random.Random
    log: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    over: bool = False
    said: tuple[str, str] | None = None
    reopened: str | None = None
    """The answered question that was asked again for a reason, until something else is asked."""

    def begin(self) -> None:
        self._heard("(avaa keskustelun)", self.talk.begin())

    def step(self) -> None:
        """Press a button or write something."""
        if self.talk.reply.status in WITH_A_PERSON:
            # The bot is silent now, as it should be; take the request back to go on walking.
            self.talk.cancel_handoff()
            self._heard("(peruu pyynnön)", self.talk.reply)
            return
        buttons = self.talk.reply.buttons
        if buttons and self.chance.random() < BUTTON_SHARE:
            button = self.chance.choice(buttons)
            reply = self.talk.presses(button["payload"])
            self._heard(f"[{button['title']}]", reply, leaving=button["payload"] in LEAVES_OPEN)
        else:
            again = self.said is not None and self.chance.random() < SAME_AGAIN_SHARE
            text, intent = self.said if again and self.said else self.chance.choice(utterances())
            self.said = text, intent
            self._heard(text, self.talk.says(text), leaving=intent == "goodbye")
        self.over = self.talk.read().status_code != 200

    def _heard(self, act: str, reply: Reply, *, leaving: bool = False) -> None:
        self.log.append(f"   asukas: {act}\n{shown(reply)}")
        self.replies.append(reply)
        wrong = always_wrong(reply, None)
        texts = [r.text for r in self.replies[-3:] if r.text.strip()]
        if len(texts) == 3 and len(set(texts)) == 1:
            wrong.append("the same reply three times running")
        if len(reply.messages) > MOST_MESSAGES:
            wrong.append(f"{len(reply.messages)} messages at once")
        waits = reply.awaiting is not None or reply.status in WITH_A_PERSON or reply.status == "callback_requested"
        stored = self.talk.read()
        erased = stored.status_code != 200
        if not (waits or reply.buttons or leaving or erased or self._said_goodbye(reply)):
            wrong.append("no way on: nothing is asked and there are no buttons")
        if not erased:
            wrong += self._asked_twice(reply, stored.json()["answers"])
        self._stop_if(wrong)

    def _asked_twice(self, reply: Reply, answers: dict[str, object]) -> list[str]:
        """Whether a question is asked that has an answer, without a reason that was said."""
        if any(RESPONSE_TEXTS.is_one(message["text"], ASKS_AGAIN) for message in reply.messages):
            self.reopened = reply.awaiting
        if reply.awaiting != self.reopened and reply.awaiting in questions():
            self.reopened = None
        known = reply.awaiting in questions() and reply.awaiting in answers and reply.awaiting != self.reopened
        return [f"{reply.awaiting} is asked although it has an answer"] if known else []

    def _stop_if(self, wrong: list[str]) -> None:
        if wrong:
            pytest.fail("\n".join([*self.log, *(f"  >>> {problem}" for problem in wrong)]), pytrace=False)

    @staticmethod
    def _said_goodbye(reply: Reply) -> bool:
        return "Voit palata tähän keskusteluun myöhemmin" in reply.text

    def to_a_person(self) -> None:
        """From wherever the walk has led to, asking for a person leads to the consent."""
        reply = self.talk.says("haluan jutella ihmisen kanssa")
        self._heard("haluan jutella ihmisen kanssa", reply)
        asked = reply.awaiting in ("handoff_consent", "handoff_contact", "callback_time")
        self._stop_if([] if asked or reply.status in WITH_A_PERSON else ["asking for a person leads nowhere"])
        if asked:
            self._heard("en sittenkään", self.talk.says("en sittenkään halua neuvojaa"))
        if self.talk.reply.status in WITH_A_PERSON:
            self.step()

    def to_a_result(self) -> None:
        """From wherever the walk has led to, starting over and skipping leads to a result."""
        self._heard("aloitetaan alusta", self.talk.says("aloitetaan alusta"))
        for _ in range(len(questions()) + 2):
            if self.talk.read().json()["recommendations"] and self.talk.reply.awaiting is None:
                return
            self._heard("ohita kysymys", self.talk.says("ohita kysymys"))
        self._stop_if(["skipping everything leads to no result"])


MEASURED: Counter[str] = Counter()


@pytest.fixture(scope="module", autouse=True)
def measured() -> Iterator[None]:
    """Write down how the walks went, when more than the usual few were asked for."""
    yield
    if "TIENVIITTA_WALKS" in os.environ:
        path = ROOT / "var" / "walks.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(dict(MEASURED), indent=2), encoding="utf-8")


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_walk_at_random_always_has_an_answer_and_an_end(http: httpx.Client, seed: int) -> None:
    MEASURED["walks"] += 1
    walk = Walk(Talk(http), random.Random(seed))
    walk.begin()
    for _ in range(TURNS):
        if walk.over:
            break
        walk.step()
    if walk.over:
        MEASURED["erased by the resident"] += 1
    else:
        if walk.talk.reply.status in WITH_A_PERSON:
            walk.step()
        walk.to_a_person()
        MEASURED["reached a person"] += 1
        walk.to_a_result()
        MEASURED["reached a result"] += 1
    MEASURED["turns"] += walk.talk.turns
    MEASURED["replies"] += len(walk.replies)
