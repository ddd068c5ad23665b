"""Signing in through a real provider in Chromium, and the pages behind it: keyboard alone, axe, narrow and wide."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from api.advisers import audit
from api.conversations.models import Conversation, Feedback
from api.database import now, sync_session, upgrade
from api.handoff.models import Handoff
from api.main import create_app
from settings import Settings
from tests.api.harness import Server, free_port, make_settings
from tests.waiting import eventually

SHOTS = os.environ.get("TIENVIITTA_SHOTS")
"""A folder for screenshots, for people who want to look."""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    users = [
        {"sub": "sirpa", "given_name": "Sirpa", "preferred_username": "sirpa", "groups": ["esihenkilot"]},
        {"sub": "eero", "given_name": "Eero", "preferred_username": "eero", "groups": ["sisallot"]},
        {"sub": "vieras", "given_name": "Vieras", "preferred_username": "vieras", "groups": []},
    ]
    words = [word for user in users for word in ("--user-claims", json.dumps(user))]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, "the provider stopped"
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            return False
        return True

    eventually(answers, lambda: "the provider did not start")
    yield url
    process.kill()
    process.wait()


def _history(session: Session) -> None:
    """Nine days of requests, as figures need them."""
    for number in range(180):
        at = now() - timedelta(days=number % 9, seconds=120)
        talk = Conversation(id=str(uuid.uuid4()), token_hash=uuid.uuid4().hex, created_at=at, changed_at=at)
        status = ("closed", "closed", "closed", "closed", "cancelled", "timed_out", "closed", "closed")[number % 8]
        handoff = Handoff(
            id=str(uuid.uuid4()), conversation_id=talk.id, requested_at=at, queued_at=at, status=status, from_seq=0,
            kind="callback" if number % 5 == 0 else "chat", consent_scope="summary",
            outcome=("informed", "service_agreed", "referred")[number % 3] if status == "closed" else None,
            accepted_at=at + timedelta(seconds=20 + 5 * number) if status == "closed" else None,
        )  # fmt: skip
        helped = ("yes", "yes", "partly", "no")[number % 4]
        session.add(talk)
        session.flush()
        session.add_all([handoff, Feedback(conversation_id=talk.id, about="adviser", helped=helped, at=at)])
    audit.audit(session, audit.SIGN_OUT, adviser_id=1)


@pytest.fixture(scope="module")
def city(provider: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    settings = make_settings(
        tmp_path_factory.mktemp("city"), free_port(), oidc_issuer=provider, oidc_client_id="tienviitta",
        oidc_client_secret="s", oidc_roles={"esihenkilot": "supervisor", "sisallot": "editor"},
    )  # fmt: skip
    upgrade(settings)
    with sync_session(settings) as session:
        _history(session)
    server = Server(create_app(settings), settings.port)
    server.start()
    yield settings
    server.stop()


@pytest.fixture
def page(browser: Browser, city: Settings) -> Iterator[Page]:
    broken: list[str] = []
    context = browser.new_context(base_url=city.url, viewport={"width": 1280, "height": 860}, locale="fi-FI")
    shown = context.new_page()
    shown.on("pageerror", lambda error: broken.append(str(error)))
    shown.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    yield shown
    context.close()
    assert broken == []


def look(page: Page, name: str) -> None:
    """Nothing that axe objects to, and nothing that is wider than the window, at both widths."""
    page.wait_for_load_state()
    for width, height in ((1280, 860), (320, 640)):
        page.set_viewport_size({"width": width, "height": height})
        found: dict[str, Any] = Axe().run(page).response
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{width}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 860})


def sign_in_by_keyboard(page: Page, subject: str) -> None:
    page.goto("/adviser")
    way = page.get_by_role("link", name="Kirjaudu kaupungin tunnuksella")
    expect(way).to_be_visible()
    expect(page.get_by_label("Käyttäjätunnus")).to_be_focused()
    for _ in range(6):
        if way.evaluate("link => link === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    expect(way).to_be_focused()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name=subject)
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")


def test_a_supervisor_signs_in_reads_the_figures_and_signs_out(page: Page, provider: str) -> None:
    page.goto("/adviser")
    expect(page.get_by_label("Käyttäjätunnus")).to_be_focused()
    look(page, "sign-in")
    sign_in_by_keyboard(page, "sirpa")
    expect(page.get_by_role("heading", level=1, name="Neuvojan työpöytä")).to_be_visible()
    expect(page.locator(".who")).to_have_text("Sirpa")
    page.get_by_role("link", name="Luvut").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Luvut")).to_be_visible()
    expect(page.locator(".drawing .bar-mark").nth(3)).to_be_attached()
    look(page, "figures")
    page.get_by_role("link", name="7 päivää").press("Enter")
    expect(page.get_by_role("link", name="7 päivää")).to_have_attribute("aria-current", "true")
    expect(page.locator("#requests ~ .scroll tbody tr")).to_have_count(7)
    page.get_by_role("link", name="90 päivää").press("Enter")
    expect(page.get_by_role("link", name="90 päivää")).to_have_attribute("aria-current", "true")
    look(page, "figures-90")
    with page.expect_download() as download:
        page.get_by_role("link", name="Lataa taulukkona").press("Enter")
    assert download.value.suggested_filename == "tienviitta-luvut-90.csv"
    out = page.get_by_role("button", name="Kirjaudu ulos")
    out.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{provider}/**")
    page.goto("/adviser/figures")
    expect(page.get_by_role("link", name="Kirjaudu kaupungin tunnuksella")).to_be_visible()


def test_an_editor_sees_what_they_keep_and_nothing_else(page: Page) -> None:
    sign_in_by_keyboard(page, "eero")
    expect(page.get_by_role("heading", level=1, name="Sisällöt")).to_be_visible()
    expect(page.get_by_role("link", name="Luvut")).to_have_count(0)
    look(page, "material")
    page.goto("/adviser/figures")
    expect(page.get_by_text("Tunnuksellasi ei ole oikeutta tähän.")).to_be_visible()
    look(page, "turned-away")


def test_who_has_no_role_is_told_why(page: Page) -> None:
    sign_in_by_keyboard(page, "vieras")
    expect(page.get_by_role("heading", level=1, name="Kirjautuminen ei onnistunut")).to_be_visible()
    expect(page.get_by_text("Pyydä oikeutta esihenkilöltäsi")).to_be_visible()
    look(page, "no-role")
    page.get_by_role("link", name="Takaisin kirjautumissivulle").press("Enter")
    expect(page.get_by_label("Käyttäjätunnus")).to_be_visible()
