"""A Chatwoot that keeps to the recorded contract, and to nothing else: an unknown call or field is an error."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.api.harness import Json, Server, free_port

CONTRACT: Json = yaml.safe_load(Path(__file__).with_name("contract.yml").read_text("utf-8"))
INBOX = "a1B2c3D4e5F6"
KINDS = {"integer": int, "string": (str, type(None)), "array": list, "object": dict}


@dataclass
class Desk:
    """An installation. ``lose`` names operations that are carried out and whose answer is then lost."""

    port: int = field(default_factory=free_port)
    identity_key: str | None = None
    contacts: dict[str, Json] = field(default_factory=dict)
    conversations: list[Json] = field(default_factory=list)
    messages: list[Json] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What broke the contract."""
    lose: list[str] = field(default_factory=list)
    down: bool = False
    _server: Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Desk:
        methods = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        self._server = Server(Starlette(routes=[Route("/{path:path}", self._serve, methods=methods)]), self.port)
        self._server.start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()

    async def _serve(self, request: Request) -> Response:
        if self.down:
            return Response(status_code=502)
        call, values = self._matched(request)
        if call is None:
            self.wrong.append(f"{request.method} {request.url.path} is not in the contract")
            return JSONResponse({"error": "no such call"}, 404)
        body: Json = await request.json() if await request.body() else {}
        extra = (set(body) - set(call["takes"])) | (set(request.query_params) - set(call.get("query", [])))
        if extra:
            self.wrong.append(f"{call['operation']} does not take {sorted(extra)}")
        self.called.append(call["operation"])
        status, answer = self._answer(call["operation"], values, body, dict(request.query_params))
        if status not in call["statuses"]:
            self.wrong.append(f"{call['operation']} answered {status}")
        if status == 200:
            self._check(call["answer"], answer)
        if call["operation"] in self.lose:
            self.lose.remove(call["operation"])
            return Response(status_code=504)
        return JSONResponse(answer, status)

    def _matched(self, request: Request) -> tuple[Json | None, dict[str, str]]:
        for call in CONTRACT["calls"]:
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", CONTRACT["base"] + call["path"])
            found = re.fullmatch(pattern, request.url.path)
            if found and call["method"] == request.method:
                return call, found.groupdict()
        return None, {}

    def _check(self, kind: Any, answer: Any) -> None:
        """The stand-in itself keeps to the contract, or it would prove nothing."""
        documents = answer if isinstance(kind, list) else [answer]
        for document in documents:
            for name, of in CONTRACT["answers"][kind[0] if isinstance(kind, list) else kind].items():
                if not isinstance(document.get(name), KINDS[of]):
                    self.wrong.append(f"{kind}.{name} is {document.get(name)!r}")

    def _answer(self, operation: str, values: dict[str, str], body: Json, query: dict[str, str]) -> tuple[int, Any]:
        if values["inbox_identifier"] != INBOX:
            return 401, {"error": "no such inbox"}
        if operation == "create-a-contact":
            return self._create_contact(body)
        contact = self.contacts.get(values["contact_identifier"])
        if contact is None:
            return 404, {"error": "no such contact"}
        if operation == "get-details-of-a-contact":
            return 200, contact
        mine = [one for one in self.conversations if one["contact"]["source_id"] == contact["source_id"]]
        if operation == "list-all-contact-conversations":
            return 200, mine
        if operation == "create-a-conversation":
            number = len(self.conversations) + 1
            created = {"id": number, "inbox_id": 1, "status": "open", "messages": [], "contact": contact}
            self.conversations.append(created)
            return 200, created
        found = next((one for one in mine if one["id"] == int(values["conversation_id"])), None)
        if found is None:
            return 404, {"error": "no such conversation"}
        if operation == "resolve-conversation":
            found["status"] = "resolved"
            return 200, found
        if operation == "create-a-message":
            found["status"] = "open"
            return 200, self.write(found["id"], body["content"])
        before = int(query.get("before", 10**9))
        there = [one for one in self.messages if one["conversation_id"] == found["id"] and one["id"] < before]
        return 200, there[-CONTRACT["messages_at_a_time"] :]

    def _create_contact(self, body: Json) -> tuple[int, Any]:
        if self.identity_key is not None:
            wanted = hmac.new(self.identity_key.encode(), str(body.get("identifier")).encode(), hashlib.sha256)
            if body.get("identifier_hash") != wanted.hexdigest():
                return 401, {"error": "identity"}
        phone = body.get("phone_number")
        if phone is not None and not re.fullmatch(r"\+[1-9]\d{1,14}", phone):
            return 422, {"message": "Phone number should be in e164 format"}
        source_id = body.get("source_id") or secrets.token_hex(8)
        contact = self.contacts.setdefault(
            source_id,
            {
                "id": len(self.contacts) + 1, "source_id": source_id, "name": body.get("name"),
                "email": body.get("email"), "phone_number": phone, "pubsub_token": secrets.token_hex(8),
            },
        )  # fmt: skip
        return 200, contact

    def write(self, conversation: int, content: str) -> Json:
        """A message, also one by an agent."""
        message = {
            "id": len(self.messages) + 1, "content": content, "message_type": 0, "content_type": "text",
            "created_at": 1, "conversation_id": conversation,
        }  # fmt: skip
        self.messages.append(message)
        return message

    @property
    def texts(self) -> list[str]:
        return [message["content"] for message in self.messages]
