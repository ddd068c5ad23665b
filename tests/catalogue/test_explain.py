"""Why rules fired or did not, and the coverage over combinations of answers."""

from __future__ import annotations

import datetime as dt

import pytest

from catalogue.explain import Trace, coverage, explain
from catalogue.models import Catalogue, Rule, Service, Source, Target
from catalogue.recommend import recommend

TODAY = dt.date(2026, 11, 22)


def traces(catalogue: Catalogue, on: dt.date = TODAY, **answers: object) -> dict[str, Trace]:
    return {t.rule.id: t for t in explain(catalogue, answers, {}, on)}


def test_fired_rules_are_those_of_the_recommendation(catalogue: Catalogue) -> None:
    answers = {"wants_work": "yes", "feels_able_to_work": "no", "has_usable_skills": "unsure"}
    reasons = {r.rule for item in recommend(catalogue, answers, {}, TODAY).recommendations for r in item.reasons}
    found = traces(catalogue, **answers)
    assert set(found) == {rule.id for rule in catalogue.rules}
    assert reasons <= {rule_id for rule_id, trace in found.items() if trace.fired}
    for trace in found.values():
        assert bool(trace.services) is trace.fired
        assert bool(trace.missing) is not trace.fired


def test_what_was_missing_is_said(catalogue: Catalogue) -> None:
    found = traces(catalogue, wants_work="no", work_ability_score=8)
    assert found["wants_work"].missing == ("wants_work on no, tarvitaan yes",)
    assert found["low_score"].missing == ("work_ability_score on 8, tarvitaan enintään 7",)
    assert "voimassa" in found["typ_durations"].missing[-1]
    assert any(
        "ei saa täyttyä" in line
        for line in traces(catalogue, work_ability_score=5, unemployed_months=0)["low_score"].missing
    )


def test_a_rule_without_an_available_service_says_so(catalogue: Catalogue) -> None:
    only = Catalogue(
        services=(catalogue.by_id["ohjaamo_lahti"],),
        rules=(
            Rule(
                id="r",
                need="n",
                when={"wants_work": "yes"},
                targets=(Target(first_of=("ohjaamo_lahti",)),),
                urgency=1,
                reason="Kerroit.",
                source=Source(seed="001", passage="x"),
            ),
        ),
        municipalities=catalogue.municipalities,
    )
    (trace,) = explain(only, {"wants_work": "yes", "age": 40, "municipality": "Lahti"}, {}, TODAY)
    assert not trace.fired
    assert "saatavilla" in trace.missing[0]


def test_coverage_counts_rules_and_finds_dead_ones(catalogue: Catalogue) -> None:
    found = coverage(catalogue, TODAY, every=101)
    assert found.empty == 0
    assert found.combinations > 500
    assert found.fired["wants_work"] == pytest.approx(found.combinations / 4, rel=0.1)
    assert "typ_durations" in found.never, "its law ended in 2024"
    assert "typ_durations" not in coverage(catalogue, dt.date(2024, 6, 1), every=101).never


def test_every_rule_fires_for_someone(catalogue: Catalogue) -> None:
    """Each rule fires on a day on which it is in force, over the whole set of combinations."""
    found = coverage(catalogue, TODAY, every=13)
    now = set(found.never) - {t.rule.id for t in explain(catalogue, {}, {}, TODAY) if t.fired}
    then = set(coverage(catalogue, dt.date(2024, 6, 1), every=101).never)
    assert now & then == set()
    assert not found.unreachable


def test_an_overlap_is_noticed() -> None:
    service = Service(
        id="s",
        name="S",
        group="work",
        provider="P",
        summary="S.",
        what="W.",
        checked_on=TODAY,
        sources=(Source(seed="001", passage="x"),),
    )
    rules = tuple(
        Rule(
            id=name,
            need=name,
            when=when,
            targets=(Target(first_of=("s",)),),
            urgency=10,
            reason="Kerroit.",
            source=Source(seed="001", passage="x"),
        )
        for name, when in (
            ("wide", {"wants_work": ["no", "unsure"]}),
            ("narrow", {"wants_work": "no"}),
            ("other", {"has_usable_skills": "no"}),
            ("never", {"wants_work": "yes", "not": {"wants_work": "yes"}}),
        )
    )
    found = coverage(Catalogue(services=(service,), rules=rules), TODAY, every=7, backgrounds=({},))
    pairs = {frozenset((a, b)) for a, b, _ in found.overlaps()}
    assert pairs == {frozenset(("wide", "narrow"))}
    assert found.never == ("never",)
    assert found.empty > 0
