"""The real service: what was said lies readable in no file, can be taken along, and is gone when asked for."""

from __future__ import annotations

import pytest

from tests.conftest import Stack
from tests.system.people import Resident

pytestmark = pytest.mark.stack

PLANTED = (
    "lasinpuhaltajamestari", "Kullervo Kuutamo", "131052-308T", "0401234567", "Vesijärvenkatu 11", "kuutamo@example.fi",
)  # fmt: skip


def test_nothing_that_was_said_lies_readable_in_any_file(stack: Stack) -> None:
    resident = Resident(stack.url)
    resident.say("olin lasinpuhaltajamestari, hetu 131052-308T, asun Vesijärvenkatu 11 A 4")
    resident.say("numeroni on 0401234567 ja kuutamo@example.fi")
    resident.ask_for_a_person("Kullervo Kuutamo")
    resident.say("lasinpuhaltajamestari odottaa")
    resident.http.post(
        f"{resident.path}/feedback",
        json={"helped": "yes", "text": "lasinpuhaltajamestari kiittää"},
        headers=resident.headers,
    )
    files = {path.name: path.read_bytes() for path in stack.settings.var_dir.rglob("*") if path.is_file()}
    assert {"tienviitta.db", "engine.log", "actions.log", "api.log"} <= set(files)
    assert resident.id.encode() in b"".join(files.values()), "the files were read"
    for name, content in files.items():
        for words in (*PLANTED, resident.token):
            for encoding in ("utf-8", "utf-16-le"):
                assert words.encode(encoding) not in content, f"{words} stands in {name}"
    resident.http.delete(resident.path, headers=resident.headers)


def test_a_talk_is_taken_along_and_erased_in_words(stack: Stack) -> None:
    resident = Resident(stack.url)
    resident.say("olin lasinpuhaltajamestari")
    resident.say("haluan tietoni itselleni")
    assert "itsellesi" in resident.text
    assert "lasinpuhaltajamestari" in resident.get("/transcript?format=txt").text
    resident.say("poista kaikki tietoni")
    assert resident.answer["awaiting"] == "confirm_erasure", resident.text
    resident.press('/answer{"confirm_erasure": "yes"}')
    assert resident.get().status_code == 401
