"""The bounded tracker store, in the engine's environment."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any

from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.components.tracker_store import BoundedTrackerStore

DOMAIN = Domain.from_dict({"intents": ["greet"], "slots": {"age": {"type": "any", "mappings": [{"type": "custom"}]}}})


def tracker(sender: str, turns: int = 1, age: int | None = None) -> DialogueStateTracker:
    made = DialogueStateTracker.from_events(sender, [], slots=DOMAIN.slots)
    if age is not None:
        made.update(SlotSet("age", age))
    for turn in range(turns):
        made.update(ActionExecuted(ACTION_LISTEN_NAME))
        made.update(UserUttered(f"viesti {turn}", intent={"name": "greet"}))
    return made


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


class Bounds(unittest.TestCase):
    def test_what_was_used_longest_ago_goes_first(self) -> None:
        store = BoundedTrackerStore(DOMAIN, max_trackers=2)
        run(store.save(tracker("a")))
        run(store.save(tracker("b")))
        self.assertIsNotNone(run(store.retrieve("a")))
        run(store.save(tracker("c")))
        self.assertEqual(run(store.keys()), ["a", "c"])
        self.assertIsNone(run(store.retrieve("b")))

    def test_saving_again_is_not_one_more(self) -> None:
        store = BoundedTrackerStore(DOMAIN, max_trackers=2)
        for sender in ("a", "b", "a"):
            run(store.save(tracker(sender)))
        self.assertEqual(run(store.keys()), ["b", "a"])

    def test_length_is_bounded_too_but_the_newest_stays(self) -> None:
        store = BoundedTrackerStore(DOMAIN, max_characters=1)
        run(store.save(tracker("a")))
        run(store.save(tracker("b")))
        self.assertEqual(run(store.keys()), ["b"])

    def test_old_turns_are_dropped_and_slots_stay(self) -> None:
        store = BoundedTrackerStore(DOMAIN, max_turns=3)
        run(store.save(tracker("a", turns=5, age=44)))
        kept = run(store.retrieve("a"))
        texts = [event.text for event in kept.events if isinstance(event, UserUttered)]
        self.assertEqual(texts, ["viesti 2", "viesti 3", "viesti 4"])
        self.assertEqual(kept.get_slot("age"), 44)

    def test_as_many_turns_as_allowed_stay(self) -> None:
        store = BoundedTrackerStore(DOMAIN, max_turns=3)
        run(store.save(tracker("a", turns=3)))
        kept = run(store.retrieve("a"))
        self.assertEqual(len([e for e in kept.events if isinstance(e, UserUttered)]), 3)

    def test_bounds_must_be_positive(self) -> None:
        for bound in ("max_trackers", "max_turns", "max_characters"):
            with self.assertRaisesRegex(ValueError, bound):
                BoundedTrackerStore(DOMAIN, **{bound: 0})

    def test_rasa_makes_it_from_endpoints(self) -> None:
        made = TrackerStore.create(
            EndpointConfig(type="bot.components.tracker_store.BoundedTrackerStore", max_trackers=7), DOMAIN
        )
        self.assertIsInstance(made, BoundedTrackerStore)
        self.assertEqual(made.max_trackers, 7)
        fresh = run(made.get_or_create_tracker("new"))
        self.assertEqual(fresh.sender_id, "new")


if __name__ == "__main__":
    unittest.main()
