"""No log of any process holds what a resident wrote or answered."""

from __future__ import annotations

import pytest

from tests.conftest import Stack
from tests.system.people import Resident

pytestmark = pytest.mark.stack


def test_logs_hold_neither_texts_nor_answers(stack: Stack):
    resident = Resident(stack.url)
    resident.say("aloitetaan")
    resident.say("no kyllähän minä töihin haluaisin, entinen lasinpuhaltajamestari")
    resident.say("en tiedä")
    resident.say("lasinpuhaltajamestari jäi ilman töitä ja selkä meni")
    logs = {path.name: path.read_text(errors="replace") for path in (stack.settings.var_dir / "log").glob("*.log")}
    assert {"engine.log", "actions.log", "api.log"} <= set(logs)
    for name, text in logs.items():
        for secret in ("lasinpuhaltaja", '"wants_work', "'wants_work'", '"locals"'):
            assert secret not in text, f"{secret} stands in {name}"
