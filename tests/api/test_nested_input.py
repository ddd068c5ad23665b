"""Documents that are nested deeply: refused before they are redacted, stored or shown."""

from __future__ import annotations

from typing import Any

import pytest

from api.handoff.schemas import MOST_LEVELS, shallow
from tests.api.harness import Api, Resident


def nested(levels: int) -> Any:
    document: Any = "x"
    for _ in range(levels):
        document = [document]
    return document


def test_the_limit_has_two_sides() -> None:
    assert shallow(nested(MOST_LEVELS - 1)) == nested(MOST_LEVELS - 1)
    with pytest.raises(ValueError, match="deeply"):
        shallow(nested(MOST_LEVELS))


@pytest.mark.parametrize("levels", [MOST_LEVELS, 300, 700])
@pytest.mark.parametrize("where", ["answers", "recommendations"])
def test_a_webhook_that_is_nested_too_deeply_is_refused(api: Api, resident: Resident, where: str, levels: int) -> None:
    document = {"wants_work": nested(levels)} if where == "answers" else [nested(levels)]
    assert api.hand_over(resident.id, **{where: document}).status_code == 422


def test_one_that_is_not_can_be_read(api: Api, resident: Resident) -> None:
    document = {"wants_work": nested(MOST_LEVELS - 2)}
    handoff = api.hand_over(resident.id, answers=document).json()["handoff_id"]
    assert api.adviser("aino").get(f"handoffs/{handoff}")["answers"] == document


@pytest.mark.parametrize("levels", [30, 300, 700])
def test_nested_answers_get_no_recommendation(api: Api, levels: int) -> None:
    with api.client() as client:
        answer = client.post("/api/v1/recommendations", json={"answers": {"wants_work": nested(levels)}})
    assert answer.status_code in {400, 422}
