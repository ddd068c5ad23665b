"""Parsing many texts with a trained model, as the service does, and the held-out sets of tests/nlu.

Runs in the engine's environment.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # run as a file too
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")

SAFETY = ("crisis", "danger")


@dataclass(frozen=True)
class Parsed:
    """What the model made of a text; `ms` is how long it took."""

    text: str
    intent: str
    confidence: float
    ranking: list[tuple[str, float]]
    entities: list[tuple[str, Any]]
    ms: float

    @property
    def top(self) -> str:
        """The likeliest intent, before the fallback for the uncertain."""
        if self.intent in SAFETY or not self.ranking:
            return self.intent
        return self.ranking[0][0]


class Model:
    """A trained model, loaded as Rasa's server loads it."""

    def __init__(self, path: Path) -> None:
        import structlog

        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        logging.disable(logging.INFO)
        from rasa.core.agent import Agent

        started = time.perf_counter()
        self._agent = Agent.load(str(path))
        self.load_s = time.perf_counter() - started

    def parse(self, items: list[dict[str, Any]]) -> list[Parsed]:
        """Parse items with `text`, and maybe `awaiting` and `today`."""
        return asyncio.run(self._parse(items))

    async def _parse(self, items: list[dict[str, Any]]) -> list[Parsed]:
        from rasa.core.channels.channel import UserMessage

        found = []
        for item in items:
            metadata: dict[str, Any] = {}
            if item.get("awaiting"):
                metadata["state"] = {"awaiting": item["awaiting"]}
            if item.get("today"):
                metadata["today"] = str(item["today"])
            started = time.perf_counter()
            parsed = await self._agent.processor.parse_message(UserMessage(item["text"], metadata=metadata or None))
            ms = 1000 * (time.perf_counter() - started)
            ranking = [(entry["name"], entry["confidence"]) for entry in parsed.get("intent_ranking") or []]
            found.append(
                Parsed(
                    item["text"],
                    parsed["intent"]["name"] or "nlu_fallback",
                    float(parsed["intent"]["confidence"]),
                    [entry for entry in ranking if entry[0] != "nlu_fallback"],
                    [(entity["entity"], entity["value"]) for entity in parsed["entities"]],
                    ms,
                )
            )
        return found


def memory_mb() -> float:
    """The most memory that this process held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def utterances() -> dict[str, list[dict[str, Any]]]:
    """The held-out utterances: `utterances` of all intents and `not_crisis`."""
    content: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        (ROOT / "tests" / "nlu" / "utterances.yml").read_text(encoding="utf-8")
    )
    return content


def quiet_alarms() -> list[dict[str, Any]]:
    """Held-out alarms that are hard to hear, and harmless messages that sound like them."""
    content = yaml.safe_load((ROOT / "tests" / "nlu" / "quiet_alarms.yml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = content["utterances"]
    return found


def training_examples() -> list[tuple[str, str]]:
    """All training examples as (text, intent)."""
    found = []
    for path in sorted((ROOT / "data" / "nlu").glob("**/*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu") or []:
            if "intent" in block:
                lines = (line.strip() for line in block["examples"].splitlines())
                found += [(line[2:].strip(), block["intent"]) for line in lines if line.startswith("- ")]
    return found


def altered(items: list[dict[str, Any]], how: str) -> list[dict[str, Any]]:
    """The items typed otherwise: `no_dots`, `slips` (one in each word of four letters or more) or `upper`."""
    from bot.components.finnish.noise import with_slips
    from bot.components.finnish.text import fold

    changes = {
        "no_dots": fold,
        "slips": lambda text: with_slips(text, random.Random(text)),
        "upper": str.upper,
    }
    return [{**item, "text": changes[how](item["text"])} for item in items]
