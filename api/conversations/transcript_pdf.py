"""The talk to keep as a tagged PDF: title, language and headings as PDF/UA-1 asks, in fonts that are embedded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typst

TEMPLATE = Path(__file__).parent / "templates" / "transcript.typ"


def render(content: Mapping[str, Any]) -> bytes:
    """The document for what ``api.conversations.transcript`` has put together.

    A talk with a character that no font here has, such as a picture of a face, comes tagged all the same, without the
    mark of PDF/UA-1, which forbids such characters.
    """
    services = [
        {**item, "linked": str(item["url"] or "").startswith("https://")} for item in content["recommendations"]
    ]
    inputs = {"talk": json.dumps({**content, "recommendations": services}, ensure_ascii=False)}
    try:
        return typst.compile(TEMPLATE, sys_inputs=inputs, pdf_standards=["ua-1"])
    except typst.TypstError:
        return typst.compile(TEMPLATE, sys_inputs=inputs)
