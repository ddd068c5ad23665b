"""Figures: counted by hand here, small ones hidden, shown to whom they are meant for."""

from __future__ import annotations

import contextlib
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from api.advisers import audit, service
from api.advisers.models import AuditEntry
from api.conversations.models import Conversation, Feedback
from api.database import now, sync_session
from api.figures import plots, tables
from api.figures.disclosure import LEAST_SHOWN, shown
from api.figures.service import Period, Request, figures_of, periods_of, quantile
from api.handoff.models import Handoff
from tests.api.harness import ADVISER_PASSWORD, Api, FakeEngine, Resident, state, text

TODAY = date(2026, 11, 22)


def request(day: int, hour: int = 10, **values: object) -> Request:
    """A request on a day of November 2026, at an hour of UTC."""
    fields = {"kind": "chat", "status": "queued", "outcome": None, "missed_calls": 0, "waited_s": None, **values}
    return Request(at=datetime(2026, 11, day, hour, tzinfo=UTC), **fields)  # type: ignore[arg-type]


def test_what_became_of_requests_is_counted_by_the_day_of_finland() -> None:
    figures = figures_of(
        [
            request(21, status="closed", outcome="informed", waited_s=30),
            request(21, 22, status="accepted", waited_s=90),  # already the 22nd in Finland
            request(21, status="cancelled"),
            request(21, status="cancelled", waited_s=10),  # with an adviser already: not abandoned
            request(22, status="timed_out"),
            request(22),
            request(22, kind="callback", status="closed", outcome="done"),
            request(22, kind="callback", status="callback_requested", missed_calls=2),
            request(22, kind="callback", status="callback_requested"),
            request(22, kind="callback", status="cancelled", missed_calls=1),
            request(10),  # before the period
        ],
        [("bot", "yes"), ("bot", "partly"), ("adviser", "no")],
        days=7,
        today=TODAY,
    )
    by_day = {period.first.day: period for period in figures.periods}
    assert list(by_day) == [16, 17, 18, 19, 20, 21, 22]

    def counts(period: Period) -> tuple[int, ...]:
        return (period.requested, period.taken, period.abandoned, period.timed_out, period.callbacks)

    assert counts(by_day[21]) == (3, 2, 1, 0, 0)
    assert counts(by_day[22]) == (3, 1, 0, 1, 4)
    assert counts(figures.total) == (6, 3, 1, 1, 4)
    assert sorted(figures.total.waits_s) == [10, 30, 90]
    assert figures.outcomes == {"informed": 1}
    assert figures.callbacks == {"done": 1, "missed": 1, "waiting": 1, "withdrawn": 1}
    assert figures.feedback == {"bot": {"yes": 1, "partly": 1}, "adviser": {"no": 1}}


def test_long_periods_are_by_week_without_a_gap() -> None:
    periods = periods_of(90, TODAY)
    assert (periods[0].first, periods[-1].last) == (date(2026, 8, 25), TODAY)
    for before, after in itertools.pairwise(periods):
        assert before.last + timedelta(days=1) == after.first
    assert len(periods) == 13
    assert len(periods_of(30, TODAY)) == 30


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([7], 0.95, 7), ([1, 2, 3], 0.5, 2), ([4, 1, 3, 2], 0.5, 2), (list(range(1, 21)), 0.95, 19)],
)
def test_quantile_is_the_nearest_rank(values: list[float], share: float, expected: float | None) -> None:
    assert quantile(values, share) == expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"a": 5, "b": 0}, {"a": 5, "b": 0}),
        ({"a": 4, "b": 9, "c": 7}, {"a": None, "b": 9, "c": None}),  # 4 alone could be had by subtraction
        ({"a": 2, "b": 3, "c": 7}, {"a": None, "b": None, "c": 7}),
        ({"a": 1}, {"a": None}),
        ({}, {}),
    ],
)
def test_small_counts_are_hidden_with_enough_company(parts: dict[str, int], expected: dict[str, int | None]) -> None:
    assert shown(parts) == expected


@given(st.dictionaries(st.integers(), st.integers(0, 30), max_size=8))
def test_nothing_small_can_be_had_by_subtraction(parts: dict[int, int]) -> None:
    seen = shown(parts)
    assert all(value is None or value == 0 or value >= LEAST_SHOWN for value in seen.values())
    hidden = sum(parts.values()) - sum(value for value in seen.values() if value is not None)
    assert hidden == 0 or hidden >= LEAST_SHOWN or all(not value for value in seen.values())


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=31))
def test_a_plot_keeps_within_its_bounds(values: list[float | None]) -> None:
    drawn = plots.plot([str(number) for number in range(len(values))], values)
    for mark, value in zip(drawn.series[0], values, strict=True):
        assert 0 <= mark.x < mark.x + mark.width <= 100.01
        assert (mark.y is None) is (value is None)
        if mark.y is not None:
            assert plots.TOP <= mark.y <= plots.BOTTOM
            assert mark.y + mark.height == pytest.approx(plots.BOTTOM, abs=0.1)
    assert 1 <= sum(mark.has_label for mark in drawn.series[0]) <= plots.MOST_LABELS


@pytest.mark.parametrize(("most", "top"), [(0, 2), (1, 2), (2, 2), (3, 5), (5, 5), (5.1, 10), (11, 20), (100, 100)])
def test_the_top_of_a_scale_is_a_round_number(most: float, top: int) -> None:
    assert plots.nice_top(most) == top


def test_medians_need_enough_waits() -> None:
    def of(waits: int) -> str:
        requests = [request(22, status="closed", waited_s=60 * (n + 1)) for n in range(waits)]
        return dict(tables.of(figures_of(requests, [], days=7, today=TODAY)).tiles)["Tavallinen odotus (mediaani)"]

    assert of(LEAST_SHOWN - 1) == "–"
    assert of(LEAST_SHOWN) == "3,0 min"


def _add(session: object, number: int, **values: object) -> Handoff:
    at = now()
    conversation = Conversation(id=str(uuid.uuid4()), token_hash=uuid.uuid4().hex, created_at=at, changed_at=at)
    session.add(conversation)  # type: ignore[attr-defined]
    fields = {"kind": "chat", "status": "closed", "outcome": "informed", "from_seq": 0, "consent_scope": "summary"}
    handoff = Handoff(
        id=str(uuid.uuid4()),
        conversation_id=conversation.id,
        requested_at=at - timedelta(seconds=60 + number),
        queued_at=at,
        **{**fields, **values},
    )
    session.flush()  # type: ignore[attr-defined]
    session.add(handoff)  # type: ignore[attr-defined]
    return handoff


@contextlib.contextmanager
def sign_in(made: Api, username: str) -> Iterator[httpx.Client]:
    with made.client() as client:
        body = {"username": username, "password": ADVISER_PASSWORD}
        assert client.post("/adviser/api/session", json=body).status_code == 200
        yield client


@pytest.fixture
def house(own_api: Callable[..., Api]) -> Api:
    """An api with an account of each role."""
    made = own_api()
    with sync_session(made.settings) as session:
        for role in ("adviser", "supervisor", "editor"):
            service.create(session, username=role, display_name=role.title(), role=role, password=ADVISER_PASSWORD)
    return made


def test_the_page_and_the_table_show_the_same_to_a_supervisor(house: Api) -> None:
    with sync_session(house.settings) as session:
        for number in range(7):
            taken = _add(session, number, name="Salainen Nimi")
            session.flush()
            audit.audit(session, audit.ACCEPT, adviser_id=1, handoff_id=taken.id)
        _add(session, 0, status="cancelled", outcome=None)
        for number in range(6):
            session.add(
                Feedback(
                    conversation_id=_add(session, number, kind="callback", status="callback_requested").conversation_id,
                    about="adviser", helped="yes", text="salainen palaute", at=now(),
                )
            )  # fmt: skip
    with sign_in(house, "supervisor") as client:
        page = client.get("/adviser/figures?days=7")
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert "style=" not in page.text
        assert "alainen" not in page.text
        words = re.sub(r"<[^>]+>", " ", page.text)
        assert re.search(r"Pyyntöjä\s+8", words)
        assert re.search(r"Neuvoja otti\s+alle 5", words), "seven, but the one who left could be had by subtraction"
        assert re.search(r"Asukas perui odottaessaan\s+alle 5", words)
        assert re.search(r"Odottaa soittoa\s+6", words)
        table = client.get("/adviser/figures.csv?days=7")
        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        assert table.content.startswith(b"\xef\xbb\xbf")
        rows = [line.split(";") for line in table.content.decode("utf-8-sig").splitlines()]
        assert ["Odottaa soittoa", "6"] in rows
        assert ["Kyllä", "6"] in rows
        assert client.get("/adviser/figures?days=8").status_code == 422
    with sync_session(house.settings) as session:
        read = session.scalars(select(AuditEntry).where(AuditEntry.action == audit.FIGURES_READ)).all()
        assert len(read) == 2


@pytest.mark.parametrize(
    ("role", "figures", "material", "talks"),
    [("adviser", 403, 200, 200), ("supervisor", 200, 200, 200), ("editor", 403, 200, 403)],
)
def test_each_role_sees_its_own(house: Api, role: str, figures: int, material: int, talks: int) -> None:
    with sign_in(house, role) as client:
        for path, status in (
            ("/adviser/figures", figures),
            ("/adviser/figures.csv", figures),
            ("/adviser/material", material),
            ("/adviser/api/handoffs", talks),
            ("/adviser/api/events?wait=0", talks),
        ):
            assert client.get(path).status_code == status, path
        body = {"client_id": str(uuid.uuid4()), "text": "hei"}
        token = {"X-CSRF-Token": client.get("/adviser/api/session").json()["csrf_token"]}
        answer = client.post(f"/adviser/api/handoffs/{uuid.uuid4()}/messages", json=body, headers=token)
        assert answer.status_code == (403 if role == "editor" else 404)


def test_who_is_not_signed_in_is_led_to_the_sign_in(api: Api) -> None:
    with api.client() as client:
        for path in ("/adviser/figures", "/adviser/figures.csv", "/adviser/material"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/adviser")


def test_monitoring_is_told_of_waits(api: Api, resident: Resident) -> None:
    def metric(name: str) -> float:
        with api.client() as client:
            found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
        assert found, name
        return float(found[1])

    handoff_id = api.hand_over(resident.id).json()["handoff_id"]
    with sync_session(api.settings) as session:
        handoff = session.get_one(Handoff, handoff_id)
        handoff.queued_at = now() - timedelta(hours=30)
    assert metric("tienviitta_longest_wait_seconds") >= 30 * 3600
    assert api.adviser("aino").post(f"handoffs/{handoff_id}/accept").status_code == 200
    assert metric("tienviitta_longest_wait_seconds") < 30 * 3600
    assert metric('tienviitta_handoff_wait_seconds{quantile="0.95"}') >= 0
    api.adviser("aino").post(f"handoffs/{handoff_id}/close", outcome="informed")
    assert resident.http.post(f"{resident.path}/feedback", json={"helped": "partly"}).status_code == 204
    assert metric('tienviitta_feedback_total{about="adviser",helped="partly"}') >= 1


def test_feedback_of_the_dialogue_is_counted_once(api: Api, resident: Resident, engine: FakeEngine) -> None:
    engine.script = lambda _: [text("Kiitos"), state(feedback={"helped": "partly", "text": "soita 040 1234567"})]
    resident.say("osittain")
    resident.say("hei vielä")
    engine.script = lambda _: [text("Kiitos"), state(feedback={"helped": "kenties"})]
    resident.say("hmm")
    with sync_session(api.settings) as session:
        kept = session.scalars(select(Feedback).where(Feedback.conversation_id == resident.id)).one()
        assert (kept.about, kept.helped) == ("bot", "partly")
        assert kept.text == "soita [puhelinnumero poistettu]"


def test_feedback_after_an_adviser_is_about_the_adviser(api: Api, resident: Resident) -> None:
    handoff_id = api.hand_over(resident.id).json()["handoff_id"]
    resident.http.post(f"{resident.path}/feedback", json={"helped": "no"})
    adviser = api.adviser("aino")
    adviser.post(f"handoffs/{handoff_id}/accept")
    adviser.post(f"handoffs/{handoff_id}/close", outcome="informed")
    resident.http.post(f"{resident.path}/feedback", json={"helped": "yes"})
    with sync_session(api.settings) as session:
        kept = session.execute(select(Feedback.about, Feedback.helped).where(Feedback.conversation_id == resident.id))
        assert sorted(map(tuple, kept)) == [("adviser", "yes"), ("bot", "no")]
