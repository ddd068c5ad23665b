"""Plays a dialogue against the running service as a browser would, and tells readably where it went another way."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
from ruamel.yaml import YAML

from actions.questions import questions
from settings import ROOT
from tests.dialogues.dialogue_format import NOTHING, RESULT, Dialogue, Expected, Step

USUAL: dict[str, Any] = {
    "wants_work": "yes",
    "open_labour_market_goal": "yes",
    "feels_able_to_work": "yes",
    "work_ability_score": 8,
    "life_situation_allows_work": "yes",
    "life_situation_barriers": ["money"],
    "has_usable_skills": "yes",
    "has_working_life_habits": "yes",
    "age": 40,
    "municipality": "Lahti",
    "unemployed_months": 12,
    "labour_market_subsidy_days": 100,
}
"""How the questions before ``at`` are answered unless ``given`` says otherwise."""

TRIES = 4
"""How often a message is tried when the engine does not answer in time: these tests are not about a busy machine."""
RETRY = "/retry_message"

GREETING = "Olen Tienviitta"
"""Stands in the first message of every talk, which an adviser sees only with the whole talk."""

WITH_A_PERSON = {"queued", "accepted"}
HELP_LINES = {"crisis": ["112", "09 2525 0111"], "danger": ["112", "080 005 005"]}
APOLOGIES = ("en pysty nyt vastaamaan", "yhteys ei vieläkään toimi", "osa minusta ei vastaa")
"""What the api says when the engine does not answer in time."""

NEVER_SAID = ["Exception", "Traceback", "utter_", "Internal Server Error", "None", "{", *APOLOGIES]
"""What no reply may have in it: traces, names of responses, unfilled places, the api's apology for a dead engine."""


class ResponseTexts:
    """The domain's texts as patterns, so that a reply can be told to be one of them."""

    def __init__(self) -> None:
        self._patterns: dict[str, re.Pattern[str]] = {}
        for path in sorted((ROOT / "bot" / "domain" / "responses").glob("*.yml")):
            for name, variations in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["responses"].items():
                parts = re.split(r"\{\w+\}", variations[0]["text"])
                self._patterns[name] = re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)

    def is_one(self, text: str, beginnings: tuple[str, ...]) -> bool:
        """Whether ``text`` is a response whose name begins so, in its ordinary or its simpler wording."""
        return any(
            pattern.fullmatch(text)
            for name, pattern in self._patterns.items()
            if name.replace("utter_simple_", "utter_").startswith(beginnings)
        )


RESPONSE_TEXTS = ResponseTexts()


class AdviserView(Protocol):
    """What an adviser sees of a handoff."""

    def detail(self, handoff_id: str) -> dict[str, Any]:
        """The request as the console shows it."""


class Mismatch(AssertionError):
    """Something else followed than was expected; the message shows the talk so far."""


@dataclass
class Reply:
    """What came back for one message."""

    messages: list[dict[str, Any]]
    awaiting: str | None
    status: str

    @property
    def text(self) -> str:
        """Everything said, as one text."""
        return "\n".join(message["text"] for message in self.messages)

    @property
    def apologises(self) -> bool:
        """Whether the engine did not answer in time."""
        return any(apology in self.text for apology in APOLOGIES)

    @property
    def buttons(self) -> list[dict[str, str]]:
        """Every button offered."""
        return [button for message in self.messages for button in message["buttons"]]

    @property
    def services(self) -> list[dict[str, Any]]:
        """Every service card shown."""
        return [service for message in self.messages for service in message["services"]]


@dataclass
class Talk:
    """One conversation over HTTP."""

    http: httpx.Client
    id: str = ""
    token: str = ""
    reply: Reply = field(default_factory=lambda: Reply([], None, "bot"))
    turns: int = 0

    def begin(self) -> Reply:
        """Open the chat; the greeting comes back."""
        for _ in range(TRIES):
            answer = self.http.post("/api/v1/conversations", json={})
            assert answer.status_code == 201, f"opening the chat: HTTP {answer.status_code} {answer.text}"
            document = answer.json()
            self.id, self.token = document["id"], document["token"]
            if not self._took(document).apologises:
                break
        return self.reply

    def says(self, text: str) -> Reply:
        """Write a message."""
        return self._send({"text": text})

    def presses(self, payload: str) -> Reply:
        """Press a button by its payload."""
        return self._send({"payload": payload})

    def _send(self, body: dict[str, str]) -> Reply:
        self.turns += 1
        self._post(body)
        for _ in range(TRIES - 1):
            if not self.reply.apologises:
                break
            self._post({"payload": RETRY})
        return self.reply

    def _post(self, body: dict[str, str]) -> Reply:
        answer = self.http.post(
            f"/api/v1/conversations/{self.id}/messages",
            json={"client_id": str(uuid.uuid4()), **body},
            headers=self._headers,
        )
        assert answer.status_code == 200, f"HTTP {answer.status_code}: {answer.text}"
        return self._took(answer.json())

    def _took(self, document: dict[str, Any]) -> Reply:
        self.reply = Reply(document["messages"], document["awaiting"], document["status"])
        return self.reply

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def read(self) -> httpx.Response:
        """The whole talk, as a reloaded page gets it."""
        return self.http.get(f"/api/v1/conversations/{self.id}", headers=self._headers)

    def cancel_handoff(self) -> None:
        """Take the request for a person back."""
        answer = self.http.post(f"/api/v1/conversations/{self.id}/handoff/cancel", headers=self._headers)
        assert answer.status_code == 200, f"HTTP {answer.status_code}: {answer.text}"
        self._took(answer.json())

    def answer(self, question_id: str, value: Any) -> Reply:
        """Answer the open question with a button, or in words where there is none for the value."""
        single = value[0] if isinstance(value, list) and len(value) == 1 else value
        for button in self.reply.buttons:
            if button["payload"] == f"/answer{json.dumps({question_id: single}, ensure_ascii=False)}":
                return self.presses(button["payload"])
        return self.says(str(single))

    def go_to(self, place: str, given: dict[str, Any]) -> None:
        """Answer questions until ``place`` is asked, or until the result."""
        if place == "life_situation_barriers":
            given = {"life_situation_allows_work": "no", **given}
        reply = self.presses("/start_self_check")
        for _ in range(2 * len(questions())):
            if reply.awaiting == place or (reply.awaiting is None and place == RESULT):
                return
            assert reply.awaiting is not None, f"the questions ended before {place}"
            reply = self.answer(reply.awaiting, given.get(reply.awaiting, USUAL[reply.awaiting]))
        raise AssertionError(f"{place} was never asked")


def shown(reply: Reply) -> str:
    """A reply as text, with its cards and buttons."""
    lines = []
    for message in reply.messages:
        who = {"bot": "botti", "system": "ilmoitus"}.get(message["sender"], message["sender"])
        text = message["text"].replace("\n", "\n             ")
        lines.append(f"  {who:>9}: {text}")
        lines += [f"             * {s['name']}: {' '.join(s['reasons'])}" for s in message["services"]]
        if message["buttons"]:
            lines.append("             " + " ".join(f"[{b['title']}]" for b in message["buttons"]))
    lines.append(f"             (awaiting: {reply.awaiting or NOTHING}, status: {reply.status})")
    return "\n".join(lines)


@dataclass
class Player:
    """Plays one dialogue.

    Args:
        http: client whose base is the api's address.
        adviser: what an adviser sees.
    """

    http: httpx.Client
    adviser: AdviserView | None = None
    log: list[str] = field(default_factory=list)

    def play(self, dialogue: Dialogue) -> int:
        """Play it to the end; the number of messages that the resident sent.

        Raises:
            Mismatch: with the talk so far and what was expected.
        """
        self.log = [f"{dialogue.name}  ({dialogue.file}, line {dialogue.line})"]
        talk = Talk(self.http)
        talk.begin()
        self.log.append(shown(talk.reply))
        if dialogue.greeting is not None:
            self._check(talk, dialogue.greeting, dialogue.line, before=None)
        if dialogue.at is not None:
            talk.go_to(dialogue.at, dict(dialogue.given))
            self.log.append(f"      ... kysymyksiin vastattu, kunnes: {dialogue.at}\n{shown(talk.reply)}")
        for step in dialogue.talk:
            before = talk.reply
            self.log.append(f"   asukas: {step.act}")
            self._act(talk, step)
            self.log.append(shown(talk.reply))
            self._check(talk, step, step.line, before=None if step.may_repeat or step.returns else before)
        return talk.turns

    def _act(self, talk: Talk, step: Step) -> None:
        if step.says is not None:
            talk.says(step.says)
        elif step.presses is not None:
            document = talk.read().json()
            offered = [button for message in document["messages"] for button in message["buttons"]]
            payload = next((b["payload"] for b in reversed(offered) if b["title"] == step.presses), None)
            if payload is None:
                latest = ", ".join(b["title"] for b in talk.reply.buttons) or "none"
                self._fail(step.line, [f"no button {step.presses!r} was offered; the last reply offers: {latest}"])
            else:
                talk.presses(payload)
        else:
            document = talk.read().json()
            last = max((n for n, m in enumerate(document["messages"]) if m["sender"] == "resident"), default=-1)
            talk.reply = Reply(document["messages"][last + 1 :], document["awaiting"], document["status"])

    def _check(self, talk: Talk, expected: Expected, line: int, *, before: Reply | None) -> None:
        wrong = [*always_wrong(talk.reply, before), *reply_wrong(talk.reply, expected)]
        stored = talk.read()
        if expected.erased:
            if stored.status_code not in (401, 404):
                wrong.append(f"expected the talk to be erased, but reading it answers HTTP {stored.status_code}")
        elif stored.status_code != 200:
            wrong.append(f"reading the talk answers HTTP {stored.status_code}")
        else:
            wrong += stored_wrong(stored.json(), expected)
            handoff = stored.json()["handoff"]
            if (expected.adviser_sees, expected.adviser_sees_name, expected.adviser_reads) != (None, None, None):
                wrong += self._adviser_wrong(handoff, expected)
        if wrong:
            self._fail(line, wrong)

    def _adviser_wrong(self, handoff: dict[str, Any] | None, expected: Expected) -> list[str]:
        if handoff is None or self.adviser is None:
            return ["expected an adviser to see the request, but there is none"]
        detail = self.adviser.detail(handoff["id"])
        wrong = []
        sees = detail["consent"]["scope"]
        if expected.adviser_sees is not None and sees != expected.adviser_sees:
            wrong.append(f"expected the adviser to see the {expected.adviser_sees}, but it is the {sees}")
        told = [message["text"] for message in detail["messages"]]
        if expected.adviser_sees == "summary" and any(GREETING in text for text in told):
            wrong.append("the adviser sees messages that the resident did not agree to pass on")
        if expected.adviser_sees == "transcript" and not any(GREETING in text for text in told):
            wrong.append("the adviser does not see the talk from its beginning")
        if expected.adviser_sees_name is not None and expected.adviser_sees_name not in str(detail):
            wrong.append(f"the adviser does not see the name {expected.adviser_sees_name!r}")
        if expected.adviser_reads is not None and expected.adviser_reads not in str(detail["summary"]):
            wrong.append(f"the adviser's summary lacks {expected.adviser_reads!r}")
        return wrong

    def _fail(self, line: int, wrong: list[str]) -> None:
        self.log += [f"  >>> line {line}: {problem}" for problem in wrong]
        raise Mismatch("\n" + "\n".join(self.log))


def always_wrong(reply: Reply, before: Reply | None) -> list[str]:
    """What no reply may be: silent, an error text, or word for word the reply before."""
    wrong = []
    if not reply.text.strip() and reply.status not in WITH_A_PERSON:
        wrong.append("the bot said nothing")
    wrong += [f"the reply has {never!r} in it" for never in NEVER_SAID if never in reply.text]
    if before is not None and reply.text.strip() and reply.text == before.text:
        wrong.append("the reply is word for word the one before")
    return wrong


def reply_wrong(reply: Reply, expected: Expected) -> list[str]:
    """Where the reply differs from what was expected."""
    wrong = []
    text = reply.text.casefold()
    awaiting = reply.awaiting or NOTHING
    if expected.awaiting is not None and awaiting != expected.awaiting:
        wrong.append(f"expected awaiting: {expected.awaiting}, got: {awaiting}")
    if expected.status is not None and reply.status != expected.status:
        wrong.append(f"expected status: {expected.status}, got: {reply.status}")
    wrong += [f"the reply lacks {t!r}" for t in expected.reply_has if t.casefold() not in text]
    wrong += [f"the reply has {t!r}" for t in expected.reply_lacks if t.casefold() in text]
    titles = [button["title"] for button in reply.buttons]
    wrong += [f"no button {title!r}; there are: {', '.join(titles) or 'none'}" for title in expected.buttons
              if title not in titles]  # fmt: skip
    wrong += [f"there is a button {title!r}" for title in expected.buttons_lack if title in titles]
    if expected.services_at_least is not None and len(reply.services) < expected.services_at_least:
        wrong.append(f"expected at least {expected.services_at_least} services, got {len(reply.services)}")
    given = {kind for kind, lines in HELP_LINES.items() if all(line in reply.text for line in lines)}
    if expected.help in HELP_LINES and expected.help not in given:
        wrong.append(f"the help lines for {expected.help} are missing: {', '.join(HELP_LINES[expected.help])}")
    if expected.help == "none" and given:
        wrong.append(f"help lines for {', '.join(sorted(given))} were given")
    return wrong


def stored_wrong(document: dict[str, Any], expected: Expected) -> list[str]:
    """Where the stored talk differs from what was expected."""
    wrong = []
    for question_id, value in expected.answers.items():
        got = document["answers"].get(question_id)
        same = sorted(got) == sorted(value) if isinstance(got, list) and isinstance(value, list) else got == value
        if not same:
            wrong.append(f"expected the answer {question_id}: {value}, got: {got}")
    groups = sorted({r["group"] for r in document["recommendations"]})
    wrong += [f"group {group} is not recommended; there are: {', '.join(groups) or 'none'}"
              for group in expected.groups if group not in groups]  # fmt: skip
    wrong += [f"group {group} is recommended" for group in expected.groups_lack if group in groups]
    services = [r["service"]["id"] for r in document["recommendations"]]
    wrong += [f"service {service} is not recommended; there are: {', '.join(services) or 'none'}"
              for service in expected.recommends if service not in services]  # fmt: skip
    handoff = document["handoff"] or {}
    callback = handoff.get("callback") or {}
    if expected.urgent is not None and (handoff.get("urgent") or "none") != expected.urgent:
        wrong.append(f"expected the request to be marked {expected.urgent}, got: {handoff.get('urgent')}")
    for name, value in (("phone", expected.phone), ("wished_time", expected.wished_time)):
        if value is not None and callback.get(name) != value:
            wrong.append(f"expected the callback's {name}: {value}, got: {callback.get(name)}")
    return wrong
