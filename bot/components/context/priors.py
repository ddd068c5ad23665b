"""What was just asked makes some meanings likelier: a table of weights, and the arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).with_name("priors.yml")
NEVER_LOWERED = frozenset({"crisis", "danger"})


@dataclass(frozen=True)
class Priors:
    """Weights of intents while one of some questions waits for its answer.

    Attributes:
        weights: by intent; greater than 0.
        others: the weight of an intent that is not named.
    """

    weights: Mapping[str, float]
    others: float

    def weight(self, intent: str) -> float:
        """How much likelier the intent is; for crisis and danger never less than 1."""
        weight = self.weights.get(intent, self.others)
        return max(1.0, weight) if intent in NEVER_LOWERED else weight

    def shift(self, odds: Mapping[str, float]) -> dict[str, float]:
        """The odds after weighing, with the sum that they had before."""
        weighed = {intent: odd * self.weight(intent) for intent, odd in odds.items()}
        total = sum(weighed.values())
        scale = sum(odds.values()) / total if total else 1.0
        return {intent: odd * scale for intent, odd in weighed.items()}


def read_priors(path: Path = TABLE) -> dict[str, Priors]:
    """The table, by awaited question.

    Raises:
        ValueError: a weight is not positive, or a question is in two groups.
    """
    found: dict[str, Priors] = {}
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    strength = float(content["strength"])
    groups: list[dict[str, Any]] = content["groups"]
    for group in groups:
        weights = {str(name): float(weight) for name, weight in group["weights"].items()}
        others = float(group["others"])
        wrong = [name for name, weight in [*weights.items(), ("others", others)] if weight <= 0]
        if wrong:
            raise ValueError(f"{path.name}: {group['name']}: weights must be greater than 0: {', '.join(wrong)}")
        for asked in group["awaiting"]:
            if asked in found:
                raise ValueError(f"{path.name}: {asked} is in two groups")
            found[asked] = Priors({name: weight**strength for name, weight in weights.items()}, others**strength)
    return found
