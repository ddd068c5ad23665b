"""Filling in the texts of the responses, and nothing else of them.

Rasa's own generator also looks for placeholders in the payloads of buttons, where `{"age": 30}` is JSON. It finds no
such slot and writes an error to the log, with every slot's value: what a resident answered.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class TextResponses(TemplatedNaturalLanguageGenerator):
    """The domain's responses, their texts filled with what the action gave (never with slots)."""

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)

    def _fill_response(
        self, response: dict[str, Any], filled_slots: dict[str, Any] | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        text = response.get("text")
        if text:
            response["text"] = PLACEHOLDER.sub(lambda found: str(kwargs.get(found[1], found[0])), text)
        return response
