"""A tracker store in memory that cannot grow without end.

The api owns the dialogue's state and sends it along with every message, so what Rasa remembers may be dropped at
any time. Rasa's own in-memory store keeps every conversation until the process ends, and a file or a database
would be one more place that health information rests in, neither encrypted nor erasable.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker


class BoundedTrackerStore(TrackerStore, SerializedTrackerAsText):
    """Conversations in memory; the one that was used longest ago is forgotten first.

    Args:
        domain: the assistant's domain.
        event_broker: where events are also published, if anywhere.
        max_trackers: how many conversations are kept at most, at least 1.
        max_turns: how many messages of the resident are kept of one conversation, at least 1. What the slots held
            before is kept.
        max_characters: how long all conversations together may be when serialised. The newest one is kept even
            when it alone is longer.

    Raises:
        ValueError: a bound is not positive.
    """

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        max_trackers: int = 2000,
        max_turns: int = 10,
        max_characters: int = 64_000_000,
        **kwargs: Any,
    ) -> None:
        for name, bound in [
            ("max_trackers", max_trackers),
            ("max_turns", max_turns),
            ("max_characters", max_characters),
        ]:
            if int(bound) < 1:
                raise ValueError(f"{name} must be at least 1, not {bound}")
        self.max_trackers = int(max_trackers)
        self.max_turns = int(max_turns)
        self.max_characters = int(max_characters)
        self._stored: OrderedDict[str, str] = OrderedDict()
        self._characters = 0
        super().__init__(domain, event_broker, **kwargs)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keep the conversation as the newest one, and forget the oldest beyond the bounds."""
        await self.stream_events(tracker)
        self._forget(tracker.sender_id)
        text = self._serialise(tracker)
        self._stored[tracker.sender_id] = text
        self._characters += len(text)
        while len(self._stored) > self.max_trackers or (
            self._characters > self.max_characters and len(self._stored) > 1
        ):
            self._forget(next(iter(self._stored)))

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation, or None where it is not (or no longer) here."""
        text = self._stored.get(sender_id)
        if text is None:
            return None
        self._stored.move_to_end(sender_id)
        return self.deserialise_tracker(sender_id, text)

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The same as :meth:`retrieve`; sessions are not told apart here."""
        return await self.retrieve(conversation_id)

    async def keys(self) -> Iterable[str]:
        """Ids of the conversations that are kept, the one used longest ago first."""
        return list(self._stored)

    def _forget(self, sender_id: str) -> None:
        text = self._stored.pop(sender_id, None)
        if text is not None:
            self._characters -= len(text)

    def _serialise(self, tracker: DialogueStateTracker) -> str:
        dialogue = tracker.as_dialogue()
        events = list(dialogue.events)
        asked = [i for i, event in enumerate(events) if isinstance(event, UserUttered)]
        if len(asked) > self.max_turns:
            cut = asked[-self.max_turns]
            # A turn begins with the listening that the message ended.
            if (
                cut
                and isinstance(events[cut - 1], ActionExecuted)
                and events[cut - 1].action_name == ACTION_LISTEN_NAME
            ):
                cut -= 1
            slots = [SlotSet(name, slot.value) for name, slot in tracker.slots.items() if slot.value is not None]
            dialogue.events = [*slots, *events[cut:]]
        return json.dumps(dialogue.as_dict())
