"""What must hold after every fault, whatever it was: nothing acknowledged is lost or doubled, and no talk is stuck.

    with Load(url, secret) as load:     # residents who talk, and send again what was not acknowledged
        ...                             # the fault
    ledger = load.ledger
    check(ledger, settings).raise_if_broken()

After a restore from a backup that was begun at ``t`` give ``until=t``: what was acknowledged later may be missing,
but nothing may be doubled, out of order or stuck.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

import httpx
from sqlalchemy import select

from api.database import sync_session
from api.deliveries.models import Delivery
from api.handoff.models import Handoff
from settings import Settings
from tests.faults.ledger import Json, Ledger, Talk

STUCK_S = 20.0
"""A message that gets no answer within this many seconds, faults being over, is a talk that is stuck."""
LISTED = {"waiting", "delivered", "dead"}


@dataclass
class Findings:
    """What was looked at, and what was wrong. Every list is empty when the promises were kept."""

    talks: int = 0
    messages: int = 0
    """Acknowledged messages that were looked for."""
    handoffs: int = 0
    """Acknowledged requests for a person."""
    events: int = 0
    """Outgoing events that were looked for."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def broken(self) -> dict[str, list[str]]:
        names = ("lost", "doubled", "disordered", "stuck", "complaints")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def raise_if_broken(self) -> Findings:
        assert not self.broken, self.broken
        return self


def check(
    ledger: Ledger,
    settings: Settings,
    *,
    until: float = float("inf"),
    received: Collection[str] | None = None,
    go_on: bool = True,
) -> Findings:
    """Compare what was acknowledged with what the running service and its database hold.

    Args:
        ledger: what was acknowledged.
        settings: of the service that runs now; its url is asked and its database read.
        until: only what was acknowledged before this ``time.time()`` must be there.
        received: ``webhook-id`` of everything that a receiver got, where the test has one: what counts as delivered
            must be among them.
        go_on: whether to say something more in every talk, to see that none is stuck.
    """
    findings = Findings(complaints=list(ledger.complaints))
    with httpx.Client(base_url=settings.url, timeout=STUCK_S, trust_env=False) as http:
        for talk in ledger.talks:
            if talk.at < until:
                findings.talks += 1
                _check_talk(http, talk, findings, until, go_on)
    _check_handoffs(ledger, settings, findings, until, received)
    return findings


def _check_talk(http: httpx.Client, talk: Talk, findings: Findings, until: float, go_on: bool) -> None:
    answer = http.get(talk.path, headers=talk.headers)
    if answer.status_code != httpx.codes.OK:
        findings.lost.append(f"talk {talk.id}: {answer.status_code}")
        return
    messages: list[Json] = answer.json()["messages"]
    if [message["seq"] for message in messages] != list(range(1, len(messages) + 1)):
        findings.disordered.append(f"talk {talk.id}: numbers {[message['seq'] for message in messages]}")
    _check_words(talk, messages, findings, until)
    _check_answers(talk, messages, findings, until)
    if go_on:
        _check_repetition(http, talk, findings, until)
        _check_going_on(http, talk, findings)


def _check_words(talk: Talk, messages: list[Json], findings: Findings, until: float) -> None:
    """Every acknowledged message once, in the order in which it was sent."""
    stored = [message["text"] for message in messages if message["sender"] == "resident"]
    place = 0
    for sent in talk.sent:
        due = sent.answer is not None and sent.at < until
        findings.messages += due
        if place < len(stored) and stored[place] == sent.words:
            place += 1
        elif due:
            where = "disordered" if sent.words in stored else "lost"
            getattr(findings, where).append(f"talk {talk.id}: {sent.words!r} in {stored[place : place + 3]}")
    if place < len(stored):
        findings.doubled.append(f"talk {talk.id}: {stored[place:][:5]} more than was sent")


def _check_answers(talk: Talk, messages: list[Json], findings: Findings, until: float) -> None:
    """Every answer as it was acknowledged; and the bot said nothing that is no answer."""
    texts = {message["seq"]: message["text"] for message in messages}
    answered: set[int] = set(talk.greeting)
    for sent in talk.sent:
        if sent.answer is None:
            continue
        for message in sent.answer["messages"]:
            if message["seq"] in answered:
                findings.doubled.append(f"talk {talk.id}: message {message['seq']} answers twice")
            answered.add(message["seq"])
            if sent.at < until and texts.get(message["seq"]) != message["text"]:
                findings.lost.append(f"talk {talk.id}: the answer to {sent.words!r}")
    waiting = any(sent.answer is None for sent in talk.sent)
    extra = [m["seq"] for m in messages if m["sender"] == "bot" and m["seq"] not in answered]
    if extra and not waiting and until == float("inf"):
        findings.doubled.append(f"talk {talk.id}: the bot also said {extra}")


def _check_repetition(http: httpx.Client, talk: Talk, findings: Findings, until: float) -> None:
    """The same message again gets the same answer."""
    acknowledged = [sent for sent in talk.sent if sent.answer is not None and sent.at < until]
    for sent in acknowledged[-1:]:
        again = http.post(f"{talk.path}/messages", json=sent.body, headers=talk.headers)
        if again.status_code != httpx.codes.OK or again.json() != sent.answer:
            findings.doubled.append(f"talk {talk.id}: another answer to {sent.words!r}, {again.status_code}")


def _check_going_on(http: httpx.Client, talk: Talk, findings: Findings) -> None:
    started = time.monotonic()
    body = {"client_id": f"00000000-0000-4000-8000-{int(started * 1000) % 10**12:012d}", "text": "vielä yksi"}
    try:
        status: int | str = http.post(f"{talk.path}/messages", json=body, headers=talk.headers).status_code
    except httpx.HTTPError as error:
        status = type(error).__name__
    if status != httpx.codes.OK:
        findings.stuck.append(f"talk {talk.id}: {status} after {time.monotonic() - started:.1f} s")


def _check_handoffs(
    ledger: Ledger, settings: Settings, findings: Findings, until: float, received: Collection[str] | None
) -> None:
    """Every acknowledged request is in the list; each of its events is in the outbox once, or was delivered."""
    with sync_session(settings) as session:
        known = {row.id: row.conversation_id for row in session.execute(select(Handoff.id, Handoff.conversation_id))}
        columns = (Delivery.conversation_id, Delivery.type, Delivery.state)
        kept = [(talk, kind, state) for talk, kind, state in session.execute(select(*columns))]
        delivered = list(session.scalars(select(Delivery.webhook_id).where(Delivery.state == "delivered")))
    events = Counter((talk, kind) for talk, kind, _ in kept)
    findings.lost += [f"delivery in state {state}" for _, _, state in kept if state not in LISTED]
    by_talk: defaultdict[str, set[str]] = defaultdict(set)
    for talk in ledger.talks:
        for asked in talk.asked:
            if asked.handoff_id is None or asked.at >= until:
                continue
            findings.handoffs += 1
            if known.get(asked.handoff_id) != talk.id:
                findings.lost.append(f"handoff {asked.handoff_id} of talk {talk.id}")
            by_talk[talk.id].add(asked.handoff_id)
    if settings.webhook_receivers:
        _check_events(settings, findings, by_talk, events, known)
    if received is not None:
        findings.lost += [f"event {one} counts as delivered" for one in delivered if one not in received]


def _check_events(
    settings: Settings,
    findings: Findings,
    by_talk: dict[str, set[str]],
    events: Counter[tuple[str, str]],
    known: dict[str, str],
) -> None:
    in_talk = Counter(known.values())
    for talk, handoffs in by_talk.items():
        findings.events += len(handoffs)
        wanted = in_talk[talk] * len(settings.webhook_receivers)
        found = events[talk, "handoff.requested"]
        if found < wanted:
            findings.lost.append(f"{wanted - found} events handoff.requested of talk {talk}")
        elif found > wanted:
            findings.doubled.append(f"{found - wanted} events handoff.requested of talk {talk}")
