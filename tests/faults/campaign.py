"""kill -9 at random moments, again and again, while residents talk: ``python -m tests.faults.campaign 200 mixed``.

Each run lets the residents talk for a random while, kills one part or several, starts them again and goes on. After
every tenth run, and at the end, everything that was acknowledged is looked for (``checker.py``).
"""

from __future__ import annotations

import dataclasses
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.api.harness import Server, free_port
from tests.faults.checker import Findings, check
from tests.faults.load import Load
from tests.faults.service import Service, build

LONGEST_WAIT_S = 1.2
LONGEST_SILENCE_S = 30.0
CHECK_EVERY = 10
SETTLE_S = 90.0
"""Everything is delivered within this time of the last kill, also on a slow machine."""
ALL = ("api", "worker", "actions", "engine")
TARGETS = {"api+worker": ("api", "worker"), "mixed": ALL, "real": ALL}
ENGINES = {"api+worker": "echo", "mixed": "actions", "real": "rasa"}


class Inbox:
    """A receiver of webhooks that takes everything and remembers the ids."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self._lock = threading.Lock()

        async def hook(request: Request) -> Response:
            await request.body()
            with self._lock:
                self.ids[request.headers["webhook-id"]] += 1
            return Response(status_code=204)

        port = free_port()
        self.url = f"http://127.0.0.1:{port}/hook"
        self._server = Server(Starlette(routes=[Route("/hook", hook, methods=["POST"])]), port)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


@dataclass
class Figures:
    """What a campaign came to."""

    runs: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    talks: int = 0
    messages: int = 0
    handoffs: int = 0
    events_delivered: int = 0
    events_repeated: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    stuck: int = 0
    complaints: int = 0
    seconds: float = 0.0

    def add(self, findings: Findings) -> None:
        self.talks += findings.talks
        self.messages += findings.messages
        self.handoffs += findings.handoffs
        for name in ("lost", "doubled", "disordered", "stuck", "complaints"):
            setattr(self, name, getattr(self, name) + len(getattr(findings, name)))

    @property
    def broken(self) -> int:
        return self.lost + self.doubled + self.disordered + self.stuck + self.complaints


def run(
    folder: Path, *, runs: int, kind: str, seed: int, residents: int = 3, longest_wait_s: float = LONGEST_WAIT_S,
    database_url: str | None = None, tell: bool = False,
) -> Figures:  # fmt: skip
    """A campaign.

    Args:
        folder: for the service's files.
        runs: how many times something is killed.
        kind: of :data:`TARGETS`.
        seed: of the moments, the targets and the talks.
        residents: who talk at the same time.
        longest_wait_s: between two kills.
        database_url: where not SQLite.
        tell: whether to print what is found on the way.
    """
    started = time.monotonic()
    dice = random.Random(seed)
    inbox = Inbox()
    inbox.start()
    values = {} if database_url is None else {"database_url": database_url}
    service = build(folder, engine=ENGINES[kind], webhook_receivers=[inbox.url], **values)
    figures = Figures()
    try:
        service.start()
        for first in range(0, runs, CHECK_EVERY):
            batch = min(CHECK_EVERY, runs - first)
            findings = _batch(service, inbox, figures, dice, batch, kind, seed + first, residents, longest_wait_s)
            figures.add(findings)
            if tell:
                print(json.dumps(dataclasses.asdict(figures)), findings.broken or "", flush=True)
        _settle(service, inbox, figures)
    finally:
        service.stop()
        inbox.stop()
    figures.seconds = round(time.monotonic() - started, 1)
    return figures


def _batch(
    service: Service, inbox: Inbox, figures: Figures, dice: random.Random, runs: int, kind: str, seed: int,
    residents: int, longest_wait_s: float,
) -> Findings:  # fmt: skip
    secret = service.secret if kind == "api+worker" else None
    load = Load(service.settings.url, secret, residents=residents, seed=seed, pause_s=0.1)
    with load:
        for _ in range(runs):
            _let_talk(load)
            time.sleep(dice.uniform(0, longest_wait_s))
            # Mostly one, now and then several at once.
            count = dice.choices((1, 2), (4, 1))[0]
            names = dice.sample(TARGETS[kind], count)
            service.kill(*names)
            for name in names:
                figures.kills[name] = figures.kills.get(name, 0) + 1
            figures.runs += 1
            service.start(*names)
    return check(load.ledger, service.settings, received=inbox.ids)


def _let_talk(load: Load) -> None:
    """Wait until something is acknowledged again, so that every kill hits a service at work."""
    before = load.ledger.acknowledged()
    deadline = time.monotonic() + LONGEST_SILENCE_S
    while load.ledger.acknowledged() == before and time.monotonic() < deadline:
        time.sleep(0.02)


def _settle(service: Service, inbox: Inbox, figures: Figures) -> None:
    """Once nothing is killed any more, everything is delivered: a claim that a kill cut off runs out."""
    from sqlalchemy import func, select, update

    from api.database import now, sync_session
    from api.deliveries.models import Delivery

    deadline = time.monotonic() + SETTLE_S
    while True:
        with sync_session(service.settings) as session:
            # No test waits for the minute that a claim of a dead worker lasts.
            session.execute(
                update(Delivery).where(Delivery.state == "waiting").values(claimed_until=None, next_at=now())
            )
        time.sleep(0.5)
        with sync_session(service.settings) as session:
            query = select(Delivery.state, func.count()).group_by(Delivery.state)
            counts: dict[str, int] = dict(list(session.execute(query)))
            ids = set(session.scalars(select(Delivery.webhook_id)))
        if set(counts) <= {"delivered"}:
            break
        if time.monotonic() > deadline:
            figures.lost += sum(count for state, count in counts.items() if state != "delivered")
            break
    figures.events_delivered = counts.get("delivered", 0)
    figures.lost += len(ids - set(inbox.ids))
    figures.events_repeated = sum(count - 1 for count in inbox.ids.values())


def main() -> int:
    """Run from the command line; the exit status is 1 when a promise was broken."""
    runs, kind = int(sys.argv[1]), sys.argv[2]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    with tempfile.TemporaryDirectory() as folder:
        figures = run(Path(folder), runs=runs, kind=kind, seed=seed, tell=True)
    print(json.dumps(dataclasses.asdict(figures), indent=1))
    return 1 if figures.broken else 0


if __name__ == "__main__":
    sys.exit(main())
