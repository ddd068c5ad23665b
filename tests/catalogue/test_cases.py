"""Rule cases in the words of the field: answers in, services, groups and reasons out. Add one to `cases/*.yml`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from catalogue.models import Catalogue
from catalogue.recommend import recommend

CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted((Path(__file__).parent / "cases").glob("*.yml"))
    for case in YAML(typ="safe", pure=True).load(file)
]
EXPECTATIONS = {"first", "includes", "excludes", "groups", "not_groups", "order", "reasons", "typ"}
TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize("case", CASES)
def test_case(catalogue: Catalogue, case: dict[str, Any]) -> None:
    expect = case["expect"]
    assert expect, "a case expects something"
    assert set(expect) <= EXPECTATIONS
    result = recommend(catalogue, case["given"], {}, case.get("on", TODAY))
    reasons = {r.service.id: " ".join(reason.text for reason in r.reasons) for r in result.recommendations}
    ids = list(reasons)
    groups = [r.group for r in result.recommendations]
    for service_id in [*expect.get("includes", []), *expect.get("excludes", []), *expect.get("reasons", {})]:
        assert service_id in catalogue.by_id, "the case names a service that does not exist"
    if "first" in expect:
        assert ids[0] == expect["first"]
    assert set(expect.get("includes", [])) <= set(ids), ids
    assert not set(expect.get("excludes", [])) & set(ids)
    assert set(expect.get("groups", [])) <= set(groups), groups
    assert not set(expect.get("not_groups", [])) & set(groups)
    order = [groups.index(group) for group in expect.get("order", [])]
    assert order == sorted(order), groups
    for service_id, text in expect.get("reasons", {}).items():
        assert text in reasons[service_id]
    if "typ" in expect:
        assert result.typ.eligible is expect["typ"]
