"""Recommendations: a pure function from answers to services with reasons, over the catalogue's dated rules.

Every rule whose condition holds asks for services. A service gets the reasons of all rules that asked for it and the
greatest of their urgencies; the most urgent :data:`LIMIT` services are recommended. A rule asks for the first
service of each of its targets that exists on the day and serves the resident: where age or municipality was not told,
only services without an age limit, or available in all of the catalogue's municipalities, are known to do so.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from catalogue import selfcheck, typ
from catalogue.conditions import Test, compile_condition
from catalogue.contract import SKIPPED, InvalidAnswer, contract
from catalogue.models import (
    Catalogue,
    Reason,
    Recommendation,
    RecommendationResult,
    Rule,
    Service,
    ServiceCard,
)

__all__ = ["LIMIT", "InvalidAnswer", "Wanted", "available", "evaluate", "recommend"]

LIMIT = 7
"""The most services that are recommended at once."""
_CONTEXTS = 512
"""How many combinations of day, municipality and range of ages are kept compiled."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service that rules ask for, its urgency (0 to 100), and the rules with the reason that each gives."""

    service: Service
    urgency: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    test: Test
    reason: Callable[[Mapping[str, Any]], Reason]
    targets: tuple[tuple[Service, int], ...]


def _reason_maker(rule: Rule) -> Callable[[Mapping[str, Any]], Reason]:
    made: dict[Any, Reason] = {}

    def build(text: str) -> Reason:
        return Reason(text=text, rule=rule.id, source=rule.source.label)

    if isinstance(rule.reason, dict):
        by = rule.reason_by
        assert by is not None  # checked by the model
        texts = rule.reason

        def by_value(answers: Mapping[str, Any]) -> Reason:
            value = answers[by]
            if value not in made:
                text = texts[value] if value in texts else texts["default"]
                made[value] = build(text)
            return made[value]

        return by_value
    text = rule.reason
    names = [name for name in (*contract().questions, "weak_areas") if "{" + name + "}" in text]
    if not names:
        fixed = build(text)
        return lambda _answers: fixed

    def filled(answers: Mapping[str, Any]) -> Reason:
        key = tuple(answers[name] for name in names)
        if key not in made:
            made[key] = build(text.format(**dict(zip(names, key, strict=True))))
        return made[key]

    return filled


def available(catalogue: Catalogue, service: Service, on: dt.date, municipality: str, age: int | str) -> bool:
    """Whether the service is known to be there for someone of this municipality and age (or `skipped`) on the day."""
    if not service.valid_on(on):
        return False
    if municipality == SKIPPED:
        if not all(service.serves_municipality(m.name) for m in catalogue.municipalities):
            return False
    elif not service.serves_municipality(municipality):
        return False
    if isinstance(age, int):
        return service.serves_age(age)
    return service.age_min is None and service.age_max is None


def _compile(catalogue: Catalogue, on: dt.date, municipality: str, age: int | str) -> tuple[_Compiled, ...]:
    serving = {s.id: s for s in catalogue.services if available(catalogue, s, on, municipality, age)}
    compiled: list[_Compiled] = []
    for rule in catalogue.rules:
        if not rule.valid_on(on):
            continue
        targets: list[tuple[Service, int]] = []
        if rule.group is not None:
            found = next((s for s in serving.values() if s.group == rule.group), None)
            if found is not None:
                targets.append((found, rule.urgency))
        for target in rule.targets:
            found = next((serving[i] for i in target.first_of if i in serving), None)
            if found is not None:
                targets.append((found, rule.urgency if target.urgency is None else target.urgency))
        if targets:
            test, reason = _tests(catalogue)[rule.id]
            compiled.append(_Compiled(rule, test, reason, tuple(targets)))
    return tuple(compiled)


def _tests(catalogue: Catalogue) -> dict[str, tuple[Test, Callable[[Mapping[str, Any]], Reason]]]:
    return catalogue.memo(
        "tests", lambda: {r.id: (compile_condition(r.when), _reason_maker(r)) for r in catalogue.rules}
    )


def _cards(catalogue: Catalogue) -> dict[str, ServiceCard]:
    return catalogue.memo(
        "cards",
        lambda: {
            s.id: ServiceCard(id=s.id, name=s.name, summary=s.summary, url=s.url, phone=s.phone)
            for s in catalogue.services
        },
    )


def _age_limits(catalogue: Catalogue) -> list[int]:
    """Ages at which a service begins or ceases to serve: between two of them everyone gets the same."""
    return catalogue.memo(
        "age limits",
        lambda: sorted(
            {s.age_min for s in catalogue.services if s.age_min is not None}
            | {s.age_max + 1 for s in catalogue.services if s.age_max is not None}
        ),
    )


def _context(catalogue: Catalogue, on: dt.date, municipality: str, age: int | str) -> tuple[_Compiled, ...]:
    """The rules in force with the services that they lead to, for residents of this municipality and age."""
    contexts: OrderedDict[Any, tuple[_Compiled, ...]] = catalogue.memo("contexts", OrderedDict)
    band = bisect_right(_age_limits(catalogue), age) if isinstance(age, int) else age
    key = (on, municipality, band)
    found = contexts.get(key)
    if found is None:
        found = contexts[key] = _compile(catalogue, on, municipality, age)
        while len(contexts) > _CONTEXTS:
            try:
                contexts.popitem(last=False)
            except KeyError:  # another thread emptied it
                break
    return found


def evaluate(catalogue: Catalogue, answers: Mapping[str, Any], on: dt.date) -> list[Wanted]:
    """All services that the rules ask for, the most urgent first, for complete answers (see `selfcheck.complete`)."""
    compiled = _context(catalogue, on, answers["municipality"], answers["age"])
    wanted: dict[str, list[tuple[int, Service, Reason]]] = {}
    for item in compiled:
        if not item.test(answers):
            continue
        reason = item.reason(answers)
        for service, urgency in item.targets:
            asked = (urgency, service, reason)
            if service.id in wanted:
                wanted[service.id].append(asked)
            else:
                wanted[service.id] = [asked]
    found: list[Wanted] = []
    for asks in wanted.values():
        # The most urgent reason comes first. Sorts are stable: among equals the order of the rules decides.
        if len(asks) > 1:
            asks.sort(key=_urgency, reverse=True)
        found.append(Wanted(asks[0][1], asks[0][0], tuple([reason for _, _, reason in asks])))
    found.sort(key=lambda w: -w.urgency)
    return found


def _urgency(asked: tuple[int, Service, Reason]) -> int:
    return asked[0]


def recommend(
    catalogue: Catalogue,
    answers: Mapping[str, Any],
    background: Mapping[str, Any] | None = None,
    on: dt.date | None = None,
) -> RecommendationResult:
    """Recommend one to seven services for the answers on the day (default: today), and assess TYP.

    Args:
        catalogue: services and rules.
        answers: the contract's question ids and values; what is missing counts as skipped.
        background: age, municipality and so on; the keys may as well be among the answers.
        on: the day; what is not valid on it is not recommended.

    Raises:
        InvalidAnswer: for an unknown id or value, with a Finnish message.
    """
    day = on or dt.date.today()
    complete = selfcheck.complete(catalogue, answers, background)
    wanted = evaluate(catalogue, complete, day)
    cards = _cards(catalogue)
    # Everything was checked on load: model_construct spares checking it again for every resident.
    recommendations = tuple(
        Recommendation.model_construct(
            service=cards[item.service.id], group=item.service.group, rank=rank, reasons=item.reasons
        )
        for rank, item in enumerate(wanted[:LIMIT], start=1)
    )
    return RecommendationResult.model_construct(
        recommendations=recommendations,
        typ=typ.assess(complete, day),
        more=max(0, len(wanted) - LIMIT),
    )
