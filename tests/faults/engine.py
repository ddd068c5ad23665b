"""A stand-in for Rasa as a process, quick to start and to kill: ``python -m tests.faults.engine PORT [ACTIONS]``.

Alone it echoes, as the engine of ``tests/api/harness.py`` does. With the address of an action server it does what Rasa
does but for understanding: a button leads by the rules in ``data/rules`` to its action, a text is not understood.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.api.bot import Json, echo

LONGEST_S = 0.04
"""An answer takes up to this long, so that there is a time to be killed in."""


def rules() -> dict[str, str]:
    """From intent to action, as the rules say."""
    found: dict[str, str] = {}
    for path in sorted(Path("data/rules").glob("*.yml")):
        for rule in yaml.safe_load(path.read_text("utf-8")).get("rules", []):
            steps = {key: value for step in rule["steps"] for key, value in step.items()}
            if "intent" in steps and "action" in steps:
                found[steps["intent"]] = steps["action"]
    return found


def understood(text: str) -> tuple[str, list[Json]]:
    """Intent and entities of a payload; of a text, that it was not understood."""
    if not text.startswith("/"):
        return "nlu_fallback", []
    name, brace, rest = text[1:].partition("{")
    values: Json = json.loads(brace + rest) if brace else {}
    return name, [{"entity": key, "value": value} for key, value in values.items()]


async def by_actions(http: httpx.AsyncClient, actions: dict[str, str], body: Json) -> list[Any]:
    """What the action server answers, joined as Rasa joins it."""
    intent, entities = understood(body["message"])
    message = {
        "text": body["message"],
        "intent": {"name": intent, "confidence": 1.0},
        "intent_ranking": [{"name": intent, "confidence": 1.0}],
        "entities": entities,
        "metadata": body["metadata"],
    }
    tracker = {
        "sender_id": body["sender"],
        "slots": {},
        "latest_message": message,
        "latest_input_channel": "rest",
        "events": [],
        "paused": False,
    }
    call = {"next_action": actions[intent], "sender_id": body["sender"], "tracker": tracker, "version": "3.6.21"}
    try:
        answer = await http.post("/webhook", json=call)
    except httpx.HTTPError:
        return []
    if answer.status_code != httpx.codes.OK:
        return []
    elements: list[Any] = []
    for response in answer.json()["responses"]:
        if response.get("custom"):
            elements.append({"custom": response["custom"]})
        else:
            text = response.get("text") or response.get("response") or ""
            elements.append({"text": text, "buttons": response.get("buttons") or []})
    return elements


def app(actions_url: str | None) -> Starlette:
    known = rules() if actions_url else {}
    http = httpx.AsyncClient(base_url=actions_url or "http://127.0.0.1:9", timeout=10, trust_env=False)

    async def webhook(request: Request) -> Response:
        body = json.loads(await request.body())
        await asyncio.sleep(random.uniform(0, LONGEST_S))
        return JSONResponse(echo(body) if actions_url is None else await by_actions(http, known, body))

    async def parse(_request: Request) -> Response:
        return JSONResponse({"intent": {"name": "thank", "confidence": 0.9}, "intent_ranking": [], "entities": []})

    async def status(_request: Request) -> Response:
        return JSONResponse({"ok": True})

    return Starlette(
        routes=[
            Route("/webhooks/rest/webhook", webhook, methods=["POST"]),
            Route("/model/parse", parse, methods=["POST"]),
            Route("/status", status),
            Route("/health", status),
        ]
    )


if __name__ == "__main__":
    uvicorn.run(
        app(sys.argv[2] if len(sys.argv) > 2 else None), host="127.0.0.1", port=int(sys.argv[1]), log_level="critical"
    )
