"""The little language of a rule's `when`, compiled to plain functions.

A condition is a mapping; all its entries must hold::

    wants_work: yes                      the answer is this
    feels_able_to_work: [no, unsure]     the answer is one of these
    life_situation_barriers: [money]     one of these was named
    work_ability_score: {max: 7}         a number that was told lies in the range (both ends included)
    any: [ {…}, {…} ]                    one of these conditions holds
    all: [ {…}, {…} ]                    every one holds
    not: {…}                             the condition does not hold

Besides the contract's identifiers there are derived numbers, see :data:`DERIVED`. A question that was skipped has
the value `skipped`; a skipped number is in no range, so `not: {age: {min: 25}}` holds for an unknown age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalogue.contract import SKIPPED, contract

Answers = Mapping[str, Any]
Test = Callable[[Answers], bool]

DERIVED = {
    "barrier_areas": "in how many of the three areas an answer is no or unsure, or the score 7 or less",
    "skipped_questions": "how many of the six questions with yes and no were skipped",
    "answered_questions": "how many of the six questions with yes and no, and the score, were answered",
}
"""Numbers that conditions may use besides the contract's identifiers, and what each means."""


class ConditionError(ValueError):
    """A condition that cannot be understood; the message says why, in Finnish."""


def _known(value: Any, allowed: frozenset[Any], name: str) -> Any:
    if value not in allowed:
        raise ConditionError(
            f"kysymyksellä {name} ei ole arvoa {value!r}; sallitut: {', '.join(sorted(map(str, allowed)))}"
        )
    return value


def _range_test(name: str, spec: Mapping[str, Any]) -> Test:
    if not spec or set(spec) - {"min", "max"}:
        raise ConditionError(f"kohdan {name} rajat annetaan nimillä min ja max")
    low, high = spec.get("min"), spec.get("max")
    if any(v is not None and (not isinstance(v, int) or isinstance(v, bool)) for v in (low, high)):
        raise ConditionError(f"kohdan {name} rajojen pitää olla kokonaislukuja")
    if low is not None and high is not None and low > high:
        raise ConditionError(f"kohdan {name} min on suurempi kuin max")
    low_, high_ = (-(10**9) if low is None else low), (10**9 if high is None else high)

    def test(answers: Answers) -> bool:
        value = answers[name]
        return value is not SKIPPED and value != SKIPPED and low_ <= value <= high_

    return test


def _leaf(name: str, spec: Any) -> Test:
    if name in DERIVED:
        if isinstance(spec, Mapping):
            return _range_test(name, spec)
        if isinstance(spec, int):
            return _range_test(name, {"min": spec, "max": spec})
        raise ConditionError(f"kohta {name} on luku: anna luku tai min ja max")
    question = contract().questions.get(name)
    if question is None:
        raise ConditionError(f"tuntematon kysymys {name!r}")
    if isinstance(spec, Mapping):
        if question.type != "integer":
            raise ConditionError(f"kohdassa {name} ei ole lukua, joten min ja max eivät käy")
        return _range_test(name, spec)
    options = spec if isinstance(spec, list | tuple) else [spec]
    if not options:
        raise ConditionError(f"kohdan {name} luettelo on tyhjä")
    if question.type == "integer":
        wanted = frozenset(options)
        for value in wanted:
            if value != SKIPPED and not question.accepts_number(value):
                raise ConditionError(f"kohdan {name} arvo {value!r} ei ole sallittu")
        return lambda answers: answers[name] in wanted
    if question.type == "municipality":
        named = frozenset(str(value).casefold() for value in options)
        return lambda answers: str(answers[name]).casefold() in named
    wanted = frozenset(_known(value, question.values, name) for value in options)
    if question.type == "set":
        return lambda answers: not wanted.isdisjoint(answers[name])
    return lambda answers: answers[name] in wanted


def compile_condition(when: Mapping[str, Any]) -> Test:
    """The condition as a function of complete, checked answers.

    Raises:
        ConditionError: for an unknown question, value, range or form.
    """
    if not isinstance(when, Mapping) or not when:
        raise ConditionError("ehto (when) on tyhjä tai väärää muotoa")
    tests: list[Test] = []
    for name, spec in when.items():
        if name in ("any", "all"):
            if not isinstance(spec, list | tuple) or not spec:
                raise ConditionError(f"{name} tarvitsee luettelon ehtoja")
            parts = tuple(compile_condition(part) for part in spec)
            tests.append(_any(parts) if name == "any" else _all(parts))
        elif name == "not":
            tests.append(_not(compile_condition(spec)))
        else:
            tests.append(_leaf(str(name), spec))
    return tests[0] if len(tests) == 1 else _all(tuple(tests))


def _any(parts: tuple[Test, ...]) -> Test:
    return lambda answers: any(part(answers) for part in parts)


def _all(parts: tuple[Test, ...]) -> Test:
    if len(parts) == 2:
        first, second = parts
        return lambda answers: first(answers) and second(answers)
    return lambda answers: all(part(answers) for part in parts)


def _not(part: Test) -> Test:
    return lambda answers: not part(answers)


def leaves(when: Mapping[str, Any], negated: bool = False) -> Iterator[tuple[str, Any, bool]]:
    """Every (name, wanted, negated) that the condition speaks about."""
    for name, spec in when.items():
        if name in ("any", "all"):
            for part in spec:
                yield from leaves(part, negated)
        elif name == "not":
            yield from leaves(spec, not negated)
        else:
            yield str(name), spec, negated


def questions_of(when: Mapping[str, Any]) -> frozenset[str]:
    """The names that the condition depends on."""
    return frozenset(name for name, _, _ in leaves(when))
