"""Every dialogue of this folder, through the trained model, the actions and the api as they run."""

from __future__ import annotations

import httpx
import pytest

from tests.dialogues.conftest import SignedInAdviser
from tests.dialogues.dialogue_format import EXPECTED_FAILURES, Dialogue, files, load_all, load_expected_failures
from tests.dialogues.player import Mismatch, Player

DIALOGUES = load_all(files())
KNOWN_FAILURES = load_expected_failures(EXPECTED_FAILURES, [dialogue.name for dialogue in DIALOGUES])

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("dialogue", [pytest.param(d, id=d.name) for d in DIALOGUES])
def test_dialogue(dialogue: Dialogue, http: httpx.Client, adviser: SignedInAdviser) -> None:
    known = KNOWN_FAILURES.get(dialogue.name)
    mismatch = None
    try:
        Player(http, adviser).play(dialogue)
    except Mismatch as found:
        mismatch = str(found)
    if known is not None and mismatch is not None:
        pytest.xfail(known.reason)
    if known is not None:
        pytest.fail(f"{dialogue.name} passes now: remove it from {EXPECTED_FAILURES.name}", pytrace=False)
    if mismatch is not None:
        pytest.fail(mismatch, pytrace=False)
