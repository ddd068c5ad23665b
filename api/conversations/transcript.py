"""The talk for the resident to keep: JSON, plain text, or a page of its own. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from api.conversations import transcript_pdf
from api.conversations.schemas import Talk
from api.handoff.opening_hours import HELSINKI
from api.handoff.summaries import of_answers
from api.texts import node, say

_pages = Environment(
    loader=PackageLoader("api.conversations", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _clock(at: datetime) -> str:
    local = at.astimezone(HELSINKI)
    return f"{local.day}.{local.month}.{local.year} klo {local.hour}.{local.minute:02d}"


def _recommendations(talk: Talk) -> list[dict[str, Any]]:
    """Name, summary, address, number and reasons of each recommended service, as far as they are there."""
    rows = []
    for item in talk.recommendations:
        if not isinstance(item, dict):
            continue
        inner = item.get("service")
        card = inner if isinstance(inner, dict) else item
        reasons = [
            reason.get("text") if isinstance(reason, dict) else str(reason) for reason in item.get("reasons") or []
        ]
        rows.append(
            {
                "name": str(card.get("name") or ""),
                "summary": card.get("summary"),
                "url": card.get("url"),
                "phone": card.get("phone"),
                "reasons": [reason for reason in reasons if reason],
            }
        )
    return rows


def _content(talk: Talk, made_at: datetime) -> dict[str, Any]:
    senders = node("transcript.senders")
    return {
        "title": say("transcript.title"),
        "made": say("transcript.made", at=_clock(made_at)),
        "words": {
            key: say(f"transcript.{key}") for key in ("talk", "answers", "recommendations", "why", "phone", "url")
        },
        "no_answers": say("transcript.no_answers"),
        "note": say("transcript.note"),
        "messages": [
            {
                "who": senders[message.sender],
                "at": _clock(message.at),
                "text": message.text,
                "services": [str(service.get("name") or "") for service in message.services],
            }
            for message in talk.messages
        ],
        "areas": of_answers(talk.answers),
        "recommendations": _recommendations(talk),
    }


def as_json(talk: Talk, made_at: datetime) -> dict[str, Any]:
    """Everything, under the names of the contract."""
    document = talk.model_dump(mode="json")
    return {"made_at": made_at.isoformat().replace("+00:00", "Z"), **document}


def as_text(talk: Talk, made_at: datetime) -> str:
    """Plain text."""
    content = _content(talk, made_at)
    words = content["words"]
    lines = [content["title"], content["made"], "", words["talk"].upper(), ""]
    for message in content["messages"]:
        lines += [f"{message['who']} ({message['at']}):", message["text"]]
        lines += [f"  - {name}" for name in message["services"]]
        lines.append("")
    lines += [words["answers"].upper(), ""]
    for area in content["areas"]:
        lines += [area["area"], *[f"  {item['question']}: {item['answer']}" for item in area["items"]], ""]
    if not content["areas"]:
        lines += [content["no_answers"], ""]
    if content["recommendations"]:
        lines += [words["recommendations"].upper(), ""]
        for item in content["recommendations"]:
            lines.append(item["name"])
            lines += [f"  {item['summary']}"] if item["summary"] else []
            lines += [f"  {words['why']}: {reason}" for reason in item["reasons"]]
            lines += [f"  {words[key]}: {item[key]}" for key in ("phone", "url") if item[key]]
            lines.append("")
    lines.append(content["note"])
    return "\n".join(lines) + "\n"


def as_html(talk: Talk, made_at: datetime) -> str:
    """A page that stands by itself."""
    return _pages.get_template("transcript.html").render(_content(talk, made_at))


def as_pdf(talk: Talk, made_at: datetime) -> bytes:
    """A tagged document for printing and for screen readers."""
    return transcript_pdf.render(_content(talk, made_at))
