"""Failures to sign in are counted, however many are tried at once; what concerns another account names it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from api.advisers import audit
from api.database import sync_session
from tests.api.harness import Api, Resident, add_advisers


def test_of_many_tries_at_once_no_more_are_let_through_than_one_by_one(own_api: Callable[..., Api]) -> None:
    api = own_api()
    add_advisers(api.settings)

    def attempt(number: int) -> int:
        with api.client() as client:
            body = {"username": "aino", "password": f"arvaus numero {number}"}
            return client.post("/adviser/api/session", json=body).status_code

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(attempt, range(12)))
    assert statuses.count(401) == audit.FAILURES_PER_NAME_AND_NETWORK
    assert statuses.count(429) == 12 - audit.FAILURES_PER_NAME_AND_NETWORK


def test_the_audit_names_to_whom_a_talk_was_transferred(api: Api, resident: Resident) -> None:
    aino, ville = api.adviser("aino"), api.adviser("ville")
    handoff = api.hand_over(resident.id).json()["handoff_id"]
    aino.post(f"handoffs/{handoff}/accept")
    ville.post("presence")
    [colleague] = [one for one in aino.get("colleagues")["items"] if one["display_name"] == "Ville"]
    assert aino.post(f"handoffs/{handoff}/transfer", to=colleague["id"]).status_code == 204
    assert ville.post(f"handoffs/{handoff}/release").status_code == 204
    with sync_session(api.settings) as session:
        noted = [(one.action, one.actor, one.target) for one in audit.lines(session, conversation_id=resident.id)]
    assert ("transfer", "aino", "ville") in noted
    assert ("release", "ville", None) in noted, "one's own"
