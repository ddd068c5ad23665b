"""``./tienviitta deliveries``: what is dead is seen, and sent again, without a word about a resident."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.context import Context
from api.deliveries import cli
from cli.__main__ import app
from settings import Settings
from tests.api.harness import make_settings
from tests.api.outbox import Outbox, Receiver

runner = CliRunner()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def settings(tmp_path: Path, new_database: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shutil.copy(new_database, tmp_path / "tienviitta.db")
    made = make_settings(tmp_path, 1, webhook_receivers=[{"url": receiver.url, "name": "desk", "payload": "full"}])
    monkeypatch.setattr(cli, "get_settings", lambda: made)
    return made


def deliver(settings: Settings, *, events: int = 0) -> None:
    async def run() -> None:
        outbox = Outbox(Context.of(settings))
        for _ in range(events):
            await outbox.tell(name="Matti", reason="selkä")
        await outbox.deliver()
        await outbox.close()

    asyncio.run(run())


def run(*words: str, code: int = 0) -> str:
    result = runner.invoke(app, ["deliveries", *words], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_with_nothing_there_it_says_so(settings: Settings) -> None:
    assert run("list") == "None.\n"
    assert "desk" in run("receivers")


def test_a_receiver_that_is_gone_is_seen_switched_on_and_told_again(settings: Settings, receiver: Receiver) -> None:
    receiver.statuses = [410]
    receiver.start()
    deliver(settings, events=1)
    listed = run("list", "--state", "dead")
    assert "desk" in listed
    assert "410" in listed
    assert "off since" in run("receivers")
    [entry] = json.loads(run("list", "--json"))
    assert (entry["state"], entry["last_outcome"], entry["receiver"]) == ("dead", "410", "desk")
    for word in ("Matti", "selkä"):
        assert word not in listed + json.dumps(entry)

    assert "enable desk" in run("replay", str(entry["id"]))
    deliver(settings)
    assert json.loads(run("list", "--json"))[0]["last_outcome"] == "disabled"

    assert "desk is on" in run("enable", "desk")
    run("enable", "desk", code=1)
    assert "1 to be sent again" in run("replay", "--all")
    deliver(settings)
    assert run("list") == "None.\n"
    assert receiver.ids == [entry["webhook_id"]] * 2
    body = json.loads(receiver.got[-1][1])
    assert body["data"]["name"] == "Matti"


def test_what_waits_for_its_time_can_be_tried_at_once(settings: Settings, receiver: Receiver) -> None:
    deliver(settings, events=2)
    assert [one["attempts"] for one in json.loads(run("list", "--json", "--state", "waiting"))] == [1, 1]
    receiver.start()
    deliver(settings)
    assert receiver.got == [], "not before its time"
    assert "2 due now" in run("retry", "--receiver", "desk")
    deliver(settings)
    assert len(json.loads(run("list", "--json", "--state", "delivered"))) == 2


@pytest.mark.parametrize("command", ["retry", "replay"])
def test_which_ones_must_be_said(settings: Settings, command: str) -> None:
    assert "--all" in run(command, code=1)
