"""The rasa-sdk actions: they read the tracker, let :mod:`actions.respond` answer, and hand the answer to Rasa.

One action a topic; which intent leads to which is told by the rules in ``data/rules``.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.catalogue_access import CatalogueAccess
from actions.handoff_client import HandoffClient
from actions.questions import questions
from actions.respond import respond
from actions.state import DialogueState
from actions.turn import Clause, Entity, Message, Turn
from actions.wording import wording
from settings import get_settings

logger = logging.getLogger(__name__)

HELSINKI = ZoneInfo("Europe/Helsinki")
STATE_SLOT = "dialogue_state"


@lru_cache
def _catalogue() -> CatalogueAccess:
    return CatalogueAccess(get_settings())


@lru_cache
def _handoffs() -> HandoffClient:
    return HandoffClient(get_settings())


class ActionFailed(Exception):
    """An action could not answer. Rasa then says nothing, and the api apologises."""


def read_turn(tracker: Tracker) -> Turn:
    """The turn that the tracker's latest message opens.

    The state sent along by the api wins; the slot serves ``rasa shell``, where there is no api.
    """
    message: Mapping[str, Any] = tracker.latest_message or {}
    metadata = message.get("metadata") or {}
    document = metadata["state"] if "state" in metadata else tracker.get_slot(STATE_SLOT)
    intent = message.get("intent") or {}
    text = str(message.get("text") or "")
    return Turn(
        state=DialogueState.read(document),
        intent=str(intent.get("name") or "nlu_fallback"),
        text=text,
        entities=[
            Entity(str(entity["entity"]), entity.get("value"))
            for entity in message.get("entities") or []
            if entity.get("entity")
        ],
        ranking=[
            (str(item["name"]), float(item["confidence"]))
            for item in message.get("intent_ranking") or []
            if item.get("name")
        ],
        clauses=[
            Clause(str(clause["intent"]), float(clause["confidence"]), str(clause.get("text") or ""))
            for clause in message.get("clauses") or []
            if clause.get("intent")
        ],
        is_button=text.startswith("/"),
        away=bool(metadata.get("away")),
        conversation_id=str(tracker.sender_id),
        number=metadata.get("turn"),
        today=datetime.now(HELSINKI).date(),
        catalogue=_catalogue(),
        handoffs=_handoffs(),
        retention_days=get_settings().retention_days,
    )


def utter(dispatcher: CollectingDispatcher, message: Message, *, plain: bool, in_shell: bool) -> None:
    """Hand one message to Rasa, which fills in the response's text from the domain."""
    params = dict(message.params)
    if in_shell and message.services:
        params["list"] = "\n".join(f"* {s['name']}: {' '.join(s['reasons'])}" for s in message.services)
    dispatcher.utter_message(
        response=wording(message.response, plain=plain),
        buttons=[{"title": button.title, "payload": button.payload} for button in message.buttons],
        **params,
    )
    if message.services and not in_shell:
        dispatcher.utter_message(json_message={"type": "services", "services": list(message.services)})


class TopicAction(Action):
    """Base of the actions: one turn from the tracker to messages and slots."""

    topic = ""

    def name(self) -> str:
        """The action's name in the domain."""
        return f"action_{self.topic}"

    async def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],  # noqa: ARG002
    ) -> list[dict[str, Any]]:
        """Answer the latest message."""
        turn = read_turn(tracker)
        try:
            await respond(turn)
        except Exception as error:
            # Neither the message nor the trace may carry what the resident wrote into a log.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("%s failed: %s at %s:%s", self.name(), type(error).__name__, place.name, place.lineno)
            raise ActionFailed(self.name()) from None
        in_shell = tracker.get_latest_input_channel() == "cmdline"
        for message in turn.messages:
            utter(dispatcher, message, plain=turn.state.plain, in_shell=in_shell)
        document = turn.state.write()
        if not in_shell:
            dispatcher.utter_message(json_message={"type": "state", "state": document})
        logger.debug("turn: intent %s, awaiting %s", turn.intent, turn.state.awaiting)
        return [
            *(SlotSet(question_id, turn.state.answers.get(question_id)) for question_id in questions()),
            SlotSet("awaiting", turn.state.awaiting),
            SlotSet(STATE_SLOT, document),
        ]


class ActionConversation(TopicAction):
    """Greetings, thanks, who and what this is, what it is not for, and what was not understood."""

    topic = "conversation"


class ActionSelfCheck(TopicAction):
    """The self-check: answers, and everything that steers it."""

    topic = "self_check"


class ActionRestart(TopicAction):
    """Start over. The name is Rasa's own for the intent ``restart``, which it would otherwise answer by itself."""

    topic = "restart"


class ActionServices(TopicAction):
    """Services and recommendations."""

    topic = "services"


class ActionPeople(TopicAction):
    """Reaching a person."""

    topic = "people"


class ActionPrivacy(TopicAction):
    """What is stored, and having it erased."""

    topic = "privacy"


class ActionSafety(TopicAction):
    """Crisis and danger."""

    topic = "safety"
