"""Why a rule fired or did not, and how the rules cover the answer space."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalogue import selfcheck
from catalogue.conditions import compile_condition
from catalogue.contract import SKIPPED
from catalogue.models import Catalogue, Rule
from catalogue.recommend import LIMIT, available, evaluate


@dataclass(frozen=True, slots=True)
class Trace:
    """One rule for one resident: whether it fired, what it asked for, or what was missing, in Finnish."""

    rule: Rule
    fired: bool
    services: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def _wanted(spec: Any) -> str:
    if isinstance(spec, Mapping):
        low, high = spec.get("min"), spec.get("max")
        if low is None:
            return f"enintään {high}"
        return f"vähintään {low}" if high is None else f"{low}–{high}"
    return " tai ".join(map(str, spec)) if isinstance(spec, list | tuple) else str(spec)


def _told(value: Any) -> str:
    if isinstance(value, frozenset | set):
        return ", ".join(sorted(value)) or SKIPPED
    return str(value)


def missing(when: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """What keeps the condition from holding, one line each; empty when it holds."""
    lines: list[str] = []
    for name, spec in when.items():
        if compile_condition({name: spec})(answers):
            continue
        if name == "all":
            lines += [line for part in spec for line in missing(part, answers)]
        elif name == "any":
            lines.append("mikään näistä ei täyty: " + "; ".join(_describe(part) for part in spec))
        elif name == "not":
            lines.append(f"ei saa täyttyä, mutta täyttyy: {_describe(spec)}")
        else:
            lines.append(f"{name} on {_told(answers[name])}, tarvitaan {_wanted(spec)}")
    return lines


def _describe(when: Mapping[str, Any]) -> str:
    parts = []
    for name, spec in when.items():
        if name in ("any", "all"):
            word = " tai " if name == "any" else " ja "
            parts.append("(" + word.join(_describe(part) for part in spec) + ")")
        elif name == "not":
            parts.append(f"ei ({_describe(spec)})")
        else:
            parts.append(f"{name} {_wanted(spec)}")
    return " ja ".join(parts)


def explain(
    catalogue: Catalogue,
    answers: Mapping[str, Any],
    background: Mapping[str, Any] | None = None,
    on: dt.date | None = None,
) -> list[Trace]:
    """A trace of every rule, in the catalogue's order.

    Raises:
        InvalidAnswer: as :func:`catalogue.recommend.recommend`.
    """
    day = on or dt.date.today()
    complete = selfcheck.complete(catalogue, answers, background)
    chosen: dict[str, list[str]] = {}
    for item in evaluate(catalogue, complete, day):
        for reason in item.reasons:
            chosen.setdefault(reason.rule, []).append(item.service.id)
    traces: list[Trace] = []
    for rule in catalogue.rules:
        if rule.id in chosen:
            traces.append(Trace(rule, True, tuple(chosen[rule.id])))
            continue
        lines = missing(rule.when, complete)
        if not rule.valid_on(day):
            lines.append(f"sääntö ei ole voimassa {day.isoformat()} ({rule.valid_from or ''}–{rule.valid_to or ''})")
        elif not lines:
            lines.append("ehto täyttyy, mutta mikään kohteista ei ole saatavilla asukkaalle tänä päivänä")
        traces.append(Trace(rule, False, missing=tuple(lines)))
    return traces


@dataclass(slots=True)
class Coverage:
    """How the rules cover a set of combinations of answers."""

    combinations: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    together: Counter[tuple[str, str]] = field(default_factory=Counter)
    recommended: Counter[str] = field(default_factory=Counter)
    never: tuple[str, ...] = ()
    unreachable: tuple[str, ...] = ()
    empty: int = 0
    cut: int = 0

    def overlaps(self) -> list[tuple[str, str, int]]:
        """Pairs of rules of which one never fires without the other asking for the same service, most often first."""
        return [
            (a, b, count) for (a, b), count in self.together.most_common() if count in (self.fired[a], self.fired[b])
        ]


BACKGROUNDS: tuple[dict[str, Any], ...] = (
    {},
    {"age": 20, "municipality": "Lahti", "unemployed_months": 8, "labour_market_subsidy_days": 100},
    {"age": 45, "municipality": "Hollola", "unemployed_months": 24, "labour_market_subsidy_days": 400},
    {"age": 50, "municipality": "other", "unemployed_months": 0},
)
"""Residents for whom the coverage is counted: nothing told, young, long unemployed, employed elsewhere."""


def combinations() -> Iterator[dict[str, Any]]:
    """Answers that tell the rules apart: each value of a choice, scores at the limits, barriers alone and together."""
    barriers: list[frozenset[str]] = [frozenset(), *map(frozenset, (["money"], ["family"], ["housing"], ["other"]))]
    barriers.append(frozenset({"money", "family", "housing", "other"}))
    values = ("yes", "no", "unsure", SKIPPED)
    for wants, goal, able, life, skills, habits in itertools.product(values, repeat=6):
        for score in (0, 7, 8, SKIPPED):
            for chosen in barriers if life in ("no", "unsure") else barriers[:1]:
                yield {
                    "wants_work": wants,
                    "open_labour_market_goal": goal,
                    "feels_able_to_work": able,
                    "work_ability_score": score,
                    "life_situation_allows_work": life,
                    "life_situation_barriers": chosen,
                    "has_usable_skills": skills,
                    "has_working_life_habits": habits,
                }


def coverage(
    catalogue: Catalogue,
    on: dt.date | None = None,
    every: int = 1,
    backgrounds: tuple[dict[str, Any], ...] = BACKGROUNDS,
) -> Coverage:
    """Count rules and recommendations over the combinations of answers.

    Args:
        catalogue: the catalogue.
        on: the day, default today.
        every: take every n-th combination; a number without small factors keeps the sample even.
        backgrounds: the residents' backgrounds; each gets all combinations.
    """
    day = on or dt.date.today()
    result = Coverage()
    for background in backgrounds:
        told = selfcheck.complete(catalogue, {}, background)
        for number, answers in enumerate(combinations()):
            if number % every:
                continue
            whole = {**told, **answers}
            selfcheck.derive(whole)
            wanted = evaluate(catalogue, whole, day)
            result.combinations += 1
            result.empty += not wanted
            result.cut += len(wanted) > LIMIT
            rules: set[str] = set()
            pairs: set[tuple[str, str]] = set()
            for position, item in enumerate(wanted):
                of_item = sorted({reason.rule for reason in item.reasons})
                rules.update(of_item)
                pairs.update(itertools.combinations(of_item, 2))
                if position < LIMIT:
                    result.recommended[item.service.id] += 1
            result.fired.update(rules)
            result.together.update(pairs)
    result.never = tuple(r.id for r in catalogue.rules if not result.fired[r.id])
    targets = {i for r in catalogue.rules if r.valid_on(day) for t in r.targets for i in t.first_of}
    result.unreachable = tuple(
        i
        for i in sorted(targets)
        if not result.recommended[i] and available(catalogue, catalogue.by_id[i], day, SKIPPED, SKIPPED)
    )
    return result
