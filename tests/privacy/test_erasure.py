"""What is erased is gone from the files: the page, the index, the write-ahead log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from api.context import Context
from api.conversations.models import Conversation
from api.database import now, sync_session
from api.handoff.models import Handoff
from api.privacy import retention
from tests.api.harness import Api, FakeEngine, state
from tests.api.harness import text as said
from tests.privacy import commands
from tests.waiting import eventually


def files(folder: Path) -> bytes:
    content = b""
    for path in folder.iterdir():
        # SQLite takes its log away when nobody needs it.
        with contextlib.suppress(FileNotFoundError):
            content += path.read_bytes() if path.name.startswith("tienviitta.db") else b""
    return content


def stored(folder: Path, conversation_id: str) -> list[bytes]:
    """All that the database holds of a talk, as it lies there: ciphertexts and identifiers."""
    with sqlite3.connect(folder / "tienviitta.db") as connection:
        rows = connection.execute("SELECT text FROM messages WHERE conversation_id = ?", [conversation_id]).fetchall()
        rows += connection.execute("SELECT state FROM conversations WHERE id = ?", [conversation_id]).fetchall()
        rows += connection.execute(
            "SELECT summary FROM handoffs WHERE conversation_id = ?", [conversation_id]
        ).fetchall()
    return [conversation_id.encode(), *(row[0][20:60].encode() for row in rows if row[0])]


def gone(folder: Path, pieces: list[bytes]) -> None:
    """The erasure ends after the answer went out: look again until it has, within bounds."""

    def left() -> list[bytes]:
        content = files(folder)
        return [piece for piece in pieces if piece in content]

    eventually(lambda: not left(), lambda: f"{len(left())} of {len(pieces)} pieces are still in the files")


@pytest.mark.parametrize("how", ["button", "words", "worker"])
def test_nothing_of_an_erased_talk_is_left_in_the_files(
    own_api: Callable[..., Api], engine: FakeEngine, tmp_path: Path, how: str
) -> None:
    api = own_api()
    other, resident = api.resident(), api.resident()
    for number in range(30):
        resident.say(f"viesti {number} " + "pitkä " * 60)
    other.say("minä jään")
    if how == "worker":
        api.hand_over(resident.id, summary=[{"area": "a", "items": []}], answers={"age": 30})
        resident.press("/cancel_handoff")
    pieces = stored(tmp_path, resident.id)
    assert len(pieces) > 60
    assert all(piece in files(tmp_path) for piece in pieces)
    if how == "button":
        assert resident.http.delete(resident.path).status_code == 204
    elif how == "words":
        engine.script = lambda _: [said("Poistan kaiken."), state(command="erase")]
        resident.say("poista kaikki")
    else:
        with sync_session(api.settings) as session:
            session.execute(
                update(Conversation).where(Conversation.id == resident.id).values(changed_at=now() - timedelta(days=91))
            )
        commands_of_worker(api)
    gone(tmp_path, pieces)
    assert resident.http.get(resident.path).status_code == 401
    assert other.said_by("resident") == ["minä jään"]


def commands_of_worker(api: Api) -> None:
    async def erase() -> None:
        context = Context.of(api.settings)
        await retention.erase_expired(context)
        await context.close()

    asyncio.run(erase())


def test_contact_details_go_before_the_talk(own_api: Callable[..., Api]) -> None:
    api = own_api(contact_retention_days=10)
    old, fresh, still_open = (api.resident() for _ in range(3))
    for resident in (old, fresh, still_open):
        api.hand_over(resident.id, name="Matti", contact={"phone": "0401234567"}, wished_time="aamulla")
    for resident, days in ((old, 10.1), (fresh, 9.9)):
        resident.press("/cancel_handoff")
        with sync_session(api.settings) as session:
            session.execute(
                update(Handoff)
                .where(Handoff.conversation_id == resident.id)
                .values(ended_at=now() - timedelta(days=days))
            )
    commands_of_worker(api)
    with sync_session(api.settings) as session:
        kept = {row.conversation_id: (row.name, row.contact, row.wished_time) for row in session.query(Handoff)}
    assert kept[old.id] == (None, None, None)
    for resident in (fresh, still_open):
        assert kept[resident.id][0] == "Matti"
        assert kept[resident.id][2] == "aamulla"
    assert old.http.get(old.path).status_code == 200


def test_the_report_tells_what_is_kept_and_until_when(own_api: Callable[..., Api]) -> None:
    api = own_api(retention_days=7)
    residents = [api.resident() for _ in range(3)]
    residents[0].say("salainen kertomus")
    api.hand_over(residents[1].id, name="Matti Salainen")
    oldest = now() - timedelta(days=5)
    with sync_session(api.settings) as session:
        session.execute(update(Conversation).where(Conversation.id == residents[0].id).values(changed_at=oldest))
    rows = {row["kind"]: row for row in json.loads(commands.run(api.settings, "retention", "report", "--json"))}
    assert rows["talks"]["count"] == 2
    assert rows["talks"]["oldest"] == oldest.isoformat()
    assert rows["talks"]["until"] == (oldest + timedelta(days=7)).isoformat()
    assert rows["talks with an open request"]["count"] == 1
    assert rows["talks with an open request"]["until"] is None
    assert rows["names and contact details, open"]["count"] == 1
    assert rows["names and contact details"]["count"] == 0
    shown = commands.run(api.settings, "retention", "report")
    assert "7 days after the last change" in shown
    assert "Salainen" not in shown
    assert residents[0].id not in shown
