"""The talk as PDF: Finnish letters, title, language, tags; and text that is never markup."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from api.conversations import transcript
from api.conversations.schemas import Talk

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def document(said: str, **service: Any) -> PdfReader:
    card = {"id": "x", "name": "Työkyvyn arviointi", "summary": "Lyhyesti.", "url": None, "phone": None, **service}
    talk = Talk.model_validate(
        {
            "id": "t", "status": "bot", "awaiting": None, "handoff": None, "progress": None,
            "answers": {"wants_work": "yes", "work_ability_score": 5},
            "recommendations": [{"service": card, "group": "assessment", "rank": 1,
                                 "reasons": [{"text": "Arvioit työkyvyksesi 5.", "rule": "r", "source": "s"}]}],
            "messages": [
                {"seq": 1, "sender": "resident", "text": said, "at": NOW, "buttons": [], "services": []},
                {"seq": 2, "sender": "bot", "text": "Nämä voivat sopia.", "at": NOW, "buttons": [], "services": [card]},
            ],
        }
    )  # fmt: skip
    return PdfReader(io.BytesIO(transcript.as_pdf(talk, NOW)))


def printed(pdf: PdfReader) -> str:
    return "\n".join(sheet.extract_text() for sheet in pdf.pages)


def tags(pdf: PdfReader) -> list[str]:
    """The structure elements in reading order."""
    found: list[str] = []

    def walk(node: Any) -> None:
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(str(node["/S"]))
            walk(node.get("/K", []))

    walk(pdf.trailer["/Root"]["/StructTreeRoot"])
    return found


def is_pdf_ua(pdf: PdfReader) -> bool:
    return b"<pdfuaid:part>1</pdfuaid:part>" in pdf.trailer["/Root"]["/Metadata"].get_data()


def test_a_screen_reader_is_told_title_language_and_structure() -> None:
    pdf = document("Öljyä, åå ja šakki – ”näin”.\nToinen rivi.", url="https://example.org/a", phone="010 000 0000")
    root = pdf.trailer["/Root"]
    assert root["/Lang"] == "fi-FI"
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Keskustelu Tienviitan kanssa"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/MarkInfo"]["/Marked"]
    assert is_pdf_ua(pdf)
    headings = [tag for tag in tags(pdf) if tag in {"/Title", "/H1", "/H2", "/P"} and tag != "/P"]
    assert headings.count("/H1") == 3, "services, answers, talk"
    assert headings.count("/H2") == 3, "one service, two areas"
    assert "/Link" in tags(pdf)
    assert "/L" in tags(pdf)
    text = printed(pdf)
    for part in ("Öljyä, åå ja šakki – ”näin”.", "Toinen rivi.", "Työkyvyn arviointi", "Arvioit työkyvyksesi 5.",
                 "010 000 0000", "22.11.2026 klo 18.00"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    "said",
    ["#sys.inputs.talk", "*ei* _lihavaa_ $x$ `koodi`", "= Otsikko // ei", '#read("/etc/passwd")', "\\ @viite <a>"],
)
def test_what_somebody_wrote_is_never_markup(said: str) -> None:
    pdf = document(said)
    assert said in printed(pdf)
    assert tags(pdf).count("/H1") == 3


def test_only_https_is_linked() -> None:
    pdf = document("Hei", url="javascript:alert(1)")
    assert "/Link" not in tags(pdf)
    assert "javascript:alert(1)" in printed(pdf)


@pytest.mark.parametrize("said", ["Hyvä \U0001f642 juttu", "\u4f60\u597d", "a\x01b\u202ec", "", "ä" * 2000, "\n" * 300])
def test_odd_characters_do_not_cost_the_document(said: str) -> None:
    pdf = document(said)
    assert "Nämä voivat sopia." in printed(pdf)
    assert tags(pdf).count("/H1") == 3
