"""Residents who press and write whatever comes to mind: the talk never goes silent, never sticks, always ends.

The seeds are fixed, so a failure comes again; the whole walk is shown with it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import lru_cache

import httpx
import pytest
from ruamel.yaml import YAML

from actions.questions import questions
from settings import ROOT
from tests.dialogues.player import WITH_A_PERSON, Reply, Talk, always_wrong, shown

pytestmark = pytest.mark.stack

WALKS = 8
TURNS = 20
BUTTON_SHARE = 0.4
MOST_MESSAGES = 8
"""More at once than this nobody reads."""

LEAVES_OPEN = {"/goodbye"}
"""Having said goodbye, a resident needs no way on."""


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
            text, intent = self.chance.choice(utterances())
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
        erased = self.talk.read().status_code != 200
        if not (waits or reply.buttons or leaving or erased or self._said_goodbye(reply)):
            wrong.append("no way on: nothing is asked and there are no buttons")
        if wrong:
            pytest.fail("\n".join([*self.log, *(f"  >>> {problem}" for problem in wrong)]), pytrace=False)

    @staticmethod
    def _said_goodbye(reply: Reply) -> bool:
        return "Voit palata tähän keskusteluun myöhemmin" in reply.text

    def finish(self) -> str:
        """Do what leads out: ask for a person or skip to the result. Which of the two it was."""
        if self.chance.random() < 0.5:
            reply = self.talk.says("haluan jutella ihmisen kanssa")
            self._heard("haluan jutella ihmisen kanssa", reply)
            asked = reply.awaiting in ("handoff_consent", "handoff_contact", "callback_time")
            return "person" if asked or reply.status in WITH_A_PERSON else "nowhere"
        self._heard("aloitetaan alusta", self.talk.says("aloitetaan alusta"))
        for _ in range(len(questions()) + 2):
            if self.talk.read().json()["recommendations"] and self.talk.reply.awaiting is None:
                return "result"
            self._heard("ohita kysymys", self.talk.says("ohita kysymys"))
        return "nowhere"


@pytest.mark.parametrize("seed", range(WALKS))
def test_a_walk_at_random_always_has_an_answer_and_an_end(http: httpx.Client, seed: int) -> None:
    walk = Walk(Talk(http), random.Random(seed))
    walk.begin()
    for _ in range(TURNS):
        if walk.over:
            break
        walk.step()
    if walk.over:
        return
    if walk.talk.reply.status in WITH_A_PERSON:
        walk.step()
    end = walk.finish()
    if end == "nowhere":
        pytest.fail("\n".join([*walk.log, "  >>> it leads neither to a result nor to a person"]), pytrace=False)
