"""What can be called next, for the description: with the id and the token of the talk that was just begun."""

from __future__ import annotations

from typing import Any

_TALK = {"path.conversation_id": "$response.body#/id", "header.authorization": "Bearer {$response.body#/token}"}
_AGAIN = {
    "path.conversation_id": "$request.path.conversation_id",
    "header.authorization": "$request.header.authorization",
}
_ROOT = "#/paths/~1api~1v1~1conversations~1{conversation_id}"


def _link(path: str, method: str, parameters: dict[str, str], description: str) -> dict[str, Any]:
    return {"operationRef": f"{_ROOT}{path}/{method}", "parameters": parameters, "description": description}


def _links(parameters: dict[str, str]) -> dict[str, Any]:
    return {
        "say": _link("~1messages", "post", parameters, "Say something in this talk."),
        "read": _link("", "get", parameters, "Read this talk."),
        "keep": _link("~1transcript", "get", parameters, "Take this talk along."),
        "rate": _link("~1feedback", "post", parameters, "Say whether it helped."),
        "erase": _link("", "delete", parameters, "Erase this talk."),
    }


BEGUN: dict[int | str, dict[str, Any]] = {201: {"description": "The talk has begun.", "links": _links(_TALK)}}
"""After a talk was begun."""
SAID: dict[int | str, dict[str, Any]] = {200: {"description": "Every reply to this message.", "links": _links(_AGAIN)}}
"""After something was said in it."""
