"""The action server answers the engine's own kind of call: one without the domain."""

from __future__ import annotations

from rasa_sdk import Action
from rasa_sdk.types import ActionCall

from actions.__main__ import _Executor as Executor


class Echo(Action):
    def name(self) -> str:
        return "action_echo"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text=str(tracker.latest_message["text"]))
        return []


async def test_an_action_runs_without_the_domain():
    executor = Executor()
    executor.register_action(Echo())
    tracker = {"sender_id": "s", "slots": {}, "latest_message": {"text": "moi"}, "events": [], "paused": False}
    call: ActionCall = {"version": "3.6.21", "next_action": "action_echo", "sender_id": "s", "tracker": tracker}
    result = await executor.run(call)
    assert result is not None
    assert [response["text"] for response in result.responses] == ["moi"]
