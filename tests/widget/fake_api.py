"""A small stand-in for the api that speaks contract/api.md over real HTTP, for tests of the pages.

It serves the real templates and static files, and a scripted bot. Tests steer it through :class:`Fake`:
say something as an adviser, lose a conversation, answer with an error. Nothing is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from api.handoff import outcomes
from api.pages import bundle
from tests.ports import free_port
from tests.waiting import LIMIT_S, eventually

API = Path(__file__).resolve().parents[2] / "api"
CSP = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors *"
Json = dict[str, Any]

YES_NO = [("Kyllä", "/affirm"), ("Ei", "/deny"), ("En ole varma", "/unsure"), ("Ohita", "/skip")]
SCORES = [(str(n), f"/score_{n}") for n in range(11)] + [("Ohita kysymys", "/skip")]
GREETING = (
    "Hei. Olen palvelubotti, siis kone enkä ihminen. Autan sinua löytämään palvelun, joka voi sopia tilanteeseesi. "
    "En tee päätöksiä.\n\nKeskustelu poistetaan 30 päivän kuluttua. Voit pyytää ihmisen mukaan missä kohdassa tahansa."
)
SERVICES: list[Json] = [
    {
        "id": "uravalmennus", "name": "Uravalmennus", "group": "coaching",
        "summary": "Valmentaja auttaa sinua löytämään tavoitteen ja tekemään suunnitelman, jolla pääset sitä kohti.",
        "url": "https://example.org/uravalmennus", "phone": None,
        "reasons": ["Haluat töihin, mutta et vielä tiedä, millaisiin.", "Toivoit apua työnhaun taitoihin."],
    },
    {
        "id": "tyokyvyn-arviointi", "name": "Työkyvyn arviointi", "group": "assessment",
        "summary": "Ammattilainen selvittää kanssasi, millainen työ sopii terveyteesi ja jaksamiseesi.",
        "url": "https://example.org/arviointi", "phone": "010 000 0000",
        "reasons": ["Arvioit työkyvyksesi 5. Kun arvio on 7 tai alle, tilannetta kannattaa selvittää tarkemmin."],
    },
]  # fmt: skip
SCRIPT: list[tuple[str, list[tuple[str, str]], str | None, tuple[str, int] | None]] = [
    ("Aloitetaan. Haluatko töihin?", YES_NO, "wants_work", ("motivation", 1)),
    ("Kiitos. Minkä numeron antaisit työkyvyllesi? 0 tarkoittaa, että et pysty työhön. 10 tarkoittaa, että työkykysi "
     "on parhaimmillaan.", SCORES, "work_ability_score", ("health_and_social", 2)),
    ("Kiitos, kun kerroit. Onko sinulla osaamista, jota voit käyttää työssä?", YES_NO, "has_usable_skills",
     ("skills", 3)),
]  # fmt: skip

CORRECTIONS = [
    "Haluatko työhön", "Tavoitteena tavallinen palkkatyö", "Koetko olevasi työkykyinen",
    "Oma arviosi työkyvystäsi (0–10)", "Onko elämäntilanteessasi tilaa työlle", "Osaamista, jota voit käyttää työssä",
    "Sujuvatko työelämän tavat", "Ikä vuosina", "Kotikunta", "Työttömyyden kesto kuukausina",
]  # fmt: skip


@dataclass
class Talk:
    """One conversation."""

    id: str
    token: str
    status: str = "bot"
    step: int = 0
    messages: list[Json] = field(default_factory=list)
    answered: dict[str, Json] = field(default_factory=dict)
    awaiting: str | None = None
    progress: Json | None = None
    handoff: Json | None = None
    listeners: list[asyncio.Queue[tuple[str, Json]]] = field(default_factory=list)
    feedback: Json | None = None
    deleted: bool = False

    def add(self, sender: str, text: str, **more: Any) -> Json:
        message: Json = {
            "seq": len(self.messages) + 1, "sender": sender, "text": text, "at": datetime.now(UTC).isoformat(),
            "buttons": [], "services": [], **more,
        }  # fmt: skip
        self.messages.append(message)
        return message


@dataclass
class Fake:
    """The running stand-in, its state, and what a test may do to it. Methods may be called from any thread."""

    port: int = 0
    origin: str = ""
    talks: dict[str, Talk] = field(default_factory=dict)
    seen: list[Json] = field(default_factory=list)
    """Every body of a resident's message, in the order in which they came."""
    requests: list[str] = field(default_factory=list)
    fail: Callable[[str, str], Response | None] = lambda _method, _path: None
    """Called for each request with method and path; an answer of its own replaces the real one."""
    delay_s: float = 0.0
    """How long the bot thinks."""
    streams: bool = True
    """False: event streams are refused, as by a proxy that does not let them through."""
    host_page: tuple[str, str] = ("", CSP)
    """HTML and policy of `/host`, the page of a site that embeds the widget."""
    signed_in: bool = False
    csrf: str = "csrf-1"
    handoffs: dict[str, Json] = field(default_factory=dict)
    adviser_listeners: list[asyncio.Queue[tuple[str, Json]]] = field(default_factory=list)
    adviser_calls: list[tuple[str, str, Json]] = field(default_factory=list)
    colleagues: list[Json] = field(default_factory=list)
    presence: list[str] = field(default_factory=list)
    """The methods of the signs of life that came."""
    _loop: asyncio.AbstractEventLoop | None = None
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    # What tests do ------------------------------------------------------------------------------

    @property
    def talk(self) -> Talk:
        """The newest conversation."""
        return list(self.talks.values())[-1]

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(LIMIT_S)

    def say(self, sender: str, text: str, **more: Any) -> None:
        """Say something in the newest conversation, unasked, as the bot or an adviser."""

        async def work() -> None:
            await self._publish(self.talk, "message", self.talk.add(sender, text, **more))

        self.run(work())

    def set_status(self, status: str, **handoff: Any) -> None:
        async def work() -> None:
            talk = self.talk
            talk.status = status
            base: Json = {"id": "h1", "place": None, "estimate_s": None, "urgent": None, "callback": None}
            talk.handoff = {**(talk.handoff or base), "status": status, **handoff}
            await self._publish(talk, "status", self._state(talk))

        self.run(work())

    def type_as_adviser(self) -> None:
        """To whoever listens: nobody is told later."""
        eventually(lambda: self.talk.listeners)
        self.run(self._publish(self.talk, "typing", {"sender": "adviser"}))

    def adviser_event(self, event: str, data: Json) -> None:
        """To whoever listens: nobody is told later."""
        eventually(lambda: self.adviser_listeners)

        async def work() -> None:
            for queue in self.adviser_listeners:
                await queue.put((event, data))

        self.run(work())

    def reset(self) -> None:
        self.talks.clear()
        self.seen.clear()
        self.requests.clear()
        self.adviser_calls.clear()
        self.adviser_listeners.clear()
        self.colleagues.clear()
        self.presence.clear()
        self.fail = lambda _method, _path: None
        self.delay_s = 0.0
        self.streams = True
        self.host_page = ("", CSP)
        self.signed_in = False
        self.handoffs = sample_handoffs()

    # Serving ------------------------------------------------------------------------------------

    def start(self) -> Fake:
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            self.app(),
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            timeout_graceful_shutdown=1,
            lifespan="off",
        )
        self._server = uvicorn.Server(config)

        def serve() -> None:
            self._loop = asyncio.new_event_loop()
            assert self._server is not None
            self._loop.run_until_complete(self._server.serve())
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.wait(left))
            self._loop.close()

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        eventually(lambda: self._server is not None and self._server.started, lambda: "the stand-in did not start")
        self.reset()
        return self

    def stop(self) -> None:
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(LIMIT_S)

    async def _publish(self, talk: Talk, event: str, data: Json) -> None:
        for queue in talk.listeners:
            await queue.put((event, data))

    def app(self) -> Any:
        pages = Environment(loader=FileSystemLoader(API / "templates"), autoescape=True)
        settings_public = {
            "public_url": "https://chat.example", "feedback_email": "saavutettavuus@example.org", "retention_days": 30,
            "handoff_retention_days": 90, "contact_retention_days": 21, "version": "0.1.0",
        }  # fmt: skip

        def page(name: str) -> Callable[[Request], Awaitable[Response]]:
            async def serve(_request: Request) -> Response:
                html = pages.get_template(name).render(settings_public=settings_public)
                return Response(html, media_type="text/html", headers={"Content-Security-Policy": CSP})

            return serve

        async def widget(_request: Request) -> Response:
            script = bundle.widget()
            headers = {"Content-Encoding": "gzip", "Cache-Control": "no-cache"}
            return Response(script.gzipped, media_type="text/javascript", headers=headers)

        async def host(_request: Request) -> Response:
            html, policy = self.host_page
            return Response(html, media_type="text/html", headers={"Content-Security-Policy": policy})

        root = "/api/v1/conversations"
        app = Starlette(
            routes=[
                *(
                    Route(path, page(name))
                    for path, name in {
                        "/": "demo.html", "/chat": "chat.html", "/adviser": "adviser.html", "/privacy": "privacy.html",
                        "/accessibility": "accessibility.html",
                    }.items()
                ),
                Route("/widget.js", widget),
                Route(f"/{bundle.widget().name}", widget),
                Route("/host", host),
                Mount("/static", StaticFiles(directory=API / "static")),
                Route(root, self._create, methods=["POST"]),
                Route(root + "/{id}", self._with_talk(self._one), methods=["GET", "DELETE"]),
                Route(root + "/{id}/messages", self._with_talk(self._message), methods=["POST"]),
                Route(root + "/{id}/events", self._with_talk(self._events)),
                Route(root + "/{id}/transcript", self._with_talk(self._transcript)),
                Route(root + "/{id}/handoff/cancel", self._with_talk(self._cancel), methods=["POST"]),
                Route(root + "/{id}/typing", self._with_talk(self._typing), methods=["POST"]),
                Route(root + "/{id}/feedback", self._with_talk(self._feedback), methods=["POST"]),
                Route("/adviser/api/session", self._session, methods=["GET", "POST", "DELETE"]),
                Route("/adviser/api/handoffs", self._adviser(self._handoffs)),
                Route("/adviser/api/handoffs/{id}", self._adviser(self._handoff)),
                Route("/adviser/api/handoffs/{id}/{action}", self._adviser(self._handoff_action), methods=["POST"]),
                Route("/adviser/api/choices", self._adviser(self._choices)),
                Route("/adviser/api/colleagues", self._adviser(self._colleagues)),
                Route("/adviser/api/presence", self._adviser(self._presence), methods=["POST", "DELETE"]),
                Route("/api/v1/services", self._services),
                Route("/adviser/api/events", self._adviser(self._adviser_events)),
            ]
        )  # fmt: skip

        async def outer(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                self.requests.append(f"{scope['method']} {scope['path']}")
                replaced = self.fail(scope["method"], scope["path"])
                if replaced is not None:
                    await replaced(scope, receive, send)
                    return
            await app(scope, receive, send)

        return CORSMiddleware(outer, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])

    # Chat ---------------------------------------------------------------------------------------

    def _state(self, talk: Talk) -> Json:
        return {"status": talk.status, "awaiting": talk.awaiting, "progress": talk.progress, "handoff": talk.handoff}

    async def _create(self, _request: Request) -> Response:
        talk = Talk(id=uuid.uuid4().hex, token=uuid.uuid4().hex)
        self.talks[talk.id] = talk
        buttons = [
            {"title": "Aloitetaan", "payload": "/start"},
            {"title": "Mitä minusta tallennetaan?", "payload": "/privacy"},
        ]
        talk.add("bot", GREETING, buttons=buttons)
        return JSONResponse({"id": talk.id, "token": talk.token, "messages": talk.messages, **self._state(talk)}, 201)

    def _with_talk(
        self, handler: Callable[[Request, Talk], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            talk = self.talks.get(request.path_params["id"])
            if talk is None or talk.deleted:
                return problem(404, "Keskustelua ei löydy.")
            if request.headers.get("authorization") != f"Bearer {talk.token}":
                return problem(401, "Sinulla ei ole oikeutta tähän keskusteluun.")
            return await handler(request, talk)

        return serve

    async def _one(self, request: Request, talk: Talk) -> Response:
        if request.method == "DELETE":
            talk.deleted = True
            return Response(status_code=204)
        body = {"id": talk.id, "answers": {}, "recommendations": None, "messages": talk.messages, **self._state(talk)}
        return JSONResponse(body)

    async def _message(self, request: Request, talk: Talk) -> Response:
        body = await request.json()
        self.seen.append(body)
        if body["client_id"] in talk.answered:
            return JSONResponse(talk.answered[body["client_id"]])
        text = body.get("text") or next(
            (b["title"] for m in talk.messages for b in m["buttons"] if b["payload"] == body["payload"]), ""
        )
        if len(text) > 2000:
            return problem(422, "Viesti on liian pitkä.")
        own = talk.add("resident", text, client_id=body["client_id"])
        await self._publish(talk, "message", own)
        await asyncio.sleep(self.delay_s)
        replies = [] if talk.status in {"queued", "accepted"} else self._reply(talk, text)
        for reply in replies:
            await self._publish(talk, "message", reply)
        answer = {"messages": replies, **self._state(talk)}
        talk.answered[body["client_id"]] = answer
        return JSONResponse(answer)

    def _reply(self, talk: Talk, text: str) -> list[Json]:
        if "ihmisen" in text:
            talk.status = "queued"
            talk.handoff = {
                "id": "h1", "status": "queued", "place": 2, "estimate_s": 300, "urgent": None, "callback": None
            }  # fmt: skip
            return [talk.add("system", "Pyyntösi on välitetty neuvojalle.")]
        if text == "Korjaan vastausta":
            offered = [{"title": title, "payload": f"/correct_{number}"} for number, title in enumerate(CORRECTIONS)]
            return [talk.add("bot", "Minkä vastauksen haluat muuttaa?", buttons=offered)]
        if talk.step < len(SCRIPT):
            question, buttons, awaiting, progress = SCRIPT[talk.step]
            talk.step += 1
            talk.awaiting = awaiting
            talk.progress = progress and {"area": progress[0], "index": progress[1], "of": 3}
            offered = [{"title": title, "payload": payload} for title, payload in buttons]
            return [talk.add("bot", question, buttons=offered)]
        talk.awaiting, talk.progress = None, None
        return [
            talk.add("bot", "Kiitos vastauksistasi. Nämä palvelut voivat sopia sinulle.", services=SERVICES),
            talk.add("bot", "Aloita uravalmennuksesta. Haluatko, että neuvoja auttaa sinua eteenpäin?",
                     buttons=[{"title": "Haluan jutella ihmisen kanssa", "payload": "/human"},
                              {"title": "Korjaan vastausta", "payload": "/correct"}]),
        ]  # fmt: skip

    async def _events(self, request: Request, talk: Talk) -> Response:
        wait = request.query_params.get("wait")
        queue: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        if wait is not None:
            after = int(request.query_params.get("after", 0))
            talk.listeners.append(queue)
            if not [m for m in talk.messages if m["seq"] > after]:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(queue.get(), min(float(wait), 3))
            talk.listeners.remove(queue)
            messages = [m for m in talk.messages if m["seq"] > after]
            return JSONResponse({"messages": messages, **self._state(talk)})
        if not self.streams:
            return problem(503, "Tapahtumia ei voi seurata juuri nyt.")
        after = int(request.headers.get("last-event-id", 0))
        for message in talk.messages:
            if message["seq"] > after:
                queue.put_nowait(("message", message))
        # As the api does: where the talk stands, though it was told before anybody listened.
        queue.put_nowait(("status", self._state(talk)))
        talk.listeners.append(queue)
        return StreamingResponse(stream(queue, talk.listeners), media_type="text/event-stream")

    async def _transcript(self, request: Request, talk: Talk) -> Response:
        lines = [f"{m['sender']}: {m['text']}" for m in talk.messages]
        if request.query_params.get("format") == "html":
            html = (
                "<!doctype html><title>Keskustelu</title><style>h1 { color: green }</style>"
                "<h1>Keskustelu</h1><script>document.title='bad'</script>"
                "<a href='javascript:alert(1)'>x</a><img src='x'>"
            )
            return Response(html + f"<p>{len(lines)} viestiä</p>", media_type="text/html")
        if request.query_params.get("format") == "pdf":
            return Response(b"%PDF-1.7 " + str(len(lines)).encode(), media_type="application/pdf")
        return PlainTextResponse("\n".join(lines))

    async def _cancel(self, _request: Request, talk: Talk) -> Response:
        talk.status, talk.handoff = "bot", None
        message = talk.add("system", "Odotus on peruttu. Voit jatkaa botin kanssa.")
        return JSONResponse({"messages": [message], **self._state(talk)})

    async def _typing(self, _request: Request, _talk: Talk) -> Response:
        return Response(status_code=204)

    async def _feedback(self, request: Request, talk: Talk) -> Response:
        talk.feedback = await request.json()
        return Response(status_code=204)

    # Advisers -----------------------------------------------------------------------------------

    async def _session(self, request: Request) -> Response:
        who = {"username": "neuvoja", "display_name": "Maija Malli", "role": "adviser", "csrf_token": self.csrf}
        if request.method == "POST":
            body = await request.json()
            if body.get("password") != "salasana":
                return problem(401, "Käyttäjätunnus tai salasana on väärä.")
            self.signed_in = True
            return JSONResponse(who)
        if request.method == "DELETE":
            self.signed_in = False
            return Response(status_code=204)
        return JSONResponse(who) if self.signed_in else problem(401, "Kirjaudu sisään.")

    def _adviser(self, handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            if not self.signed_in:
                return problem(401, "Kirjaudu sisään.")
            if request.method == "POST" and request.headers.get("x-csrf-token") != self.csrf:
                return problem(403, "Istunto on vanhentunut. Lataa sivu uudelleen.")
            return await handler(request)

        return serve

    async def _handoffs(self, request: Request) -> Response:
        view = request.query_params.get("view", "open")
        keep = {"open": {"queued", "accepted"}, "callbacks": {"callback_requested"}, "closed": {"closed"}}[view]
        items = [h for h in self.handoffs.values() if h["status"] in keep]
        short = [{k: v for k, v in h.items() if k not in {"messages", "summary", "recommendations"}} for h in items]
        return JSONResponse({"items": short})

    async def _handoff(self, request: Request) -> Response:
        found = self.handoffs.get(request.path_params["id"])
        return JSONResponse(found) if found else problem(404, "Pyyntöä ei löydy.")

    async def _handoff_action(self, request: Request) -> Response:
        found = self.handoffs.get(request.path_params["id"])
        action = request.path_params["action"]
        if found is None:
            return problem(404, "Pyyntöä ei löydy.")
        body = json.loads(await request.body() or b"{}")
        self.adviser_calls.append((found["id"], action, body))
        if action == "accept":
            if found["accepted_by"]:
                return problem(409, "Toinen neuvoja otti tämän juuri.")
            found.update(status="accepted", accepted_by="Maija Malli", accepted_by_me=True, place=None)
        elif action == "transfer":
            found.update(accepted_by=self.colleagues[0]["display_name"], accepted_by_me=False)
        elif action == "release":
            found.update(status="queued", accepted_by=None, accepted_by_me=False)
        elif action == "messages":
            message = {
                "seq": len(found["messages"]) + 1, "sender": "adviser", "text": body["text"],
                "at": datetime.now(UTC).isoformat(), "buttons": [], "services": [],
            }  # fmt: skip
            found["messages"].append(message)
            return JSONResponse(message)
        elif action == "notes":
            found["notes"] = [
                *found["notes"],
                {"at": "2026-11-22T10:10:00Z", "adviser": "Maija Malli", "text": body["text"]},
            ]
            return Response(status_code=204)
        elif action == "close":
            found.update(status="closed")
        elif action == "callback":
            found.update(status="closed" if body["result"] == "done" else "callback_requested")
        return JSONResponse(found)

    async def _choices(self, _request: Request) -> Response:
        offered = [{"id": key, "label": texts["label"]} for key, texts in outcomes.outcomes().items()]
        replies = [reply.model_dump() for reply in outcomes.ready_replies(None)]
        return JSONResponse({"outcomes": offered, "ready_replies": replies})

    async def _colleagues(self, _request: Request) -> Response:
        return JSONResponse({"items": self.colleagues})

    async def _presence(self, request: Request) -> Response:
        self.presence.append(request.method)
        return Response(status_code=204)

    async def _services(self, request: Request) -> Response:
        words = request.query_params["q"].casefold()
        found = [
            {**service, "urls": [{"url": service["url"]}], "contacts": []}
            for service in SERVICES
            if words in service["name"].casefold()
        ]
        return JSONResponse({"total": len(found), "items": found})

    async def _adviser_events(self, _request: Request) -> Response:
        queue: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        self.adviser_listeners.append(queue)
        return StreamingResponse(stream(queue, self.adviser_listeners), media_type="text/event-stream")


async def stream(
    queue: asyncio.Queue[tuple[str, Json]], listeners: list[asyncio.Queue[tuple[str, Json]]]
) -> AsyncIterator[str]:
    """Server-sent events from a queue, until the reader goes away."""
    try:
        yield ": open\n\n"
        while True:
            event, data = await queue.get()
            number = f"id: {data['seq']}\n" if "seq" in data else ""
            yield f"event: {event}\n{number}data: {json.dumps(data)}\n\n"
    finally:
        if queue in listeners:
            listeners.remove(queue)


def problem(status: int, title: str) -> Response:
    """A problem document."""
    return JSONResponse({"title": title, "status": status}, status, media_type="application/problem+json")


def sample_handoffs() -> dict[str, Json]:
    """Requests as the adviser sees them: one urgent, one ordinary, one held by another, one callback."""

    def message(seq: int, sender: str, text: str) -> Json:
        at = f"2026-11-22T10:0{seq}:00Z"
        return {"seq": seq, "sender": sender, "text": text, "at": at, "buttons": [], "services": []}

    def area(name: str, *items: tuple[str, str]) -> Json:
        return {"area": name, "items": [{"question": question, "answer": answer} for question, answer in items]}

    def request(number: int, **more: Any) -> Json:
        return {
            "id": f"h{number}", "status": "queued", "kind": "chat", "urgent": None, "name": None,
            "requested_at": "2026-11-22T10:00:00Z", "waiting_s": 60 * number, "place": number, "accepted_by": None,
            "accepted_by_me": False, "last_message_at": "2026-11-22T10:05:00Z", "unread": 0, "contact": None,
            "wished_time": None, "reason": None, "consent": {"scope": "transcript"}, "notes": [], "answers": {},
            "summary": [
                area("Motivaatio", ("Haluaa töihin", "Kyllä"), ("Tavoitteena avoimet työmarkkinat", "Ei ole varma")),
                area("Terveys ja arki", ("Oma arvio työkyvystä (0–10)", "5"),
                     ("Elämäntilanne sallii työn", "Ohitti kysymyksen")),
                area("Osaaminen", ("Osaamista, jota voi käyttää", "Kyllä")),
            ],
            "recommendations": [
                {"service": {key: s[key] for key in ("id", "name", "summary", "url", "phone")}, "group": s["group"],
                 "rank": rank, "reasons": [{"text": reason, "rule": "r", "source": "004"} for reason in s["reasons"]]}
                for rank, s in enumerate(SERVICES, 1)
            ],
            "messages": [message(1, "bot", GREETING),
                         message(2, "resident", "oon ollu kaks vuotta työtön ja selkä on kipeä"),
                         message(3, "bot", "Kiitos, kun kerroit. Kirjasin nämä."),
                         message(4, "resident", "Haluan jutella ihmisen kanssa")],
            **more,
        }  # fmt: skip

    items = [
        request(1, name="Sanna", unread=1),
        request(2, urgent="crisis", waiting_s=95, reason="Sanoi, ettei jaksa enää."),
        request(3, status="accepted", accepted_by="Pekka Esimerkki", name="Timo"),
        request(4, status="callback_requested", kind="callback", name="Aino", wished_time="huomenna aamupäivällä",
                contact={"phone": "+358 40 000 0000", "email": None}, consent={"scope": "summary"}, messages=[]),
    ]  # fmt: skip
    return {item["id"]: item for item in items}
