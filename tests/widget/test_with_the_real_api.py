"""The widget before the real api: policies, headers, a site that is allowed and one that is not, and the PDF."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from api.database import upgrade
from api.pages import bundle
from tests.api.harness import Api, FakeEngine, Server, free_port, make_settings, serve
from tests.widget.conftest import choose, say
from tests.widget.fake_api import Fake


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, server: Fake) -> Iterator[Api]:
    engine = FakeEngine(free_port())
    behind = Server(engine.app(), engine.port)
    behind.start()
    settings = make_settings(
        tmp_path_factory.mktemp("var"), engine.port, allowed_origins=[f"http://localhost:{server.port}"]
    )
    upgrade(settings)
    running = serve(settings, engine)
    running.server.start()
    yield running
    running.server.stop()
    engine.release.set()
    behind.stop()


def test_a_talk_is_kept_as_pdf(new_context: Callable[..., BrowserContext], real: Api) -> None:
    page = new_context(base_url=real.url).new_page()
    page.goto("/chat")
    choose(page, "Kyllä")
    say(page, "Öljyä ja työtä, kiitos")
    expect(page.get_by_text("Sanoit: Öljyä ja työtä, kiitos").first).to_be_visible()
    choose(page, "Valikko")
    with page.expect_download() as download:
        choose(page, "Tallenna keskustelu PDF:nä")
    pdf = PdfReader(Path(download.value.path()))
    assert pdf.metadata is not None
    assert pdf.metadata.title == "Keskustelu Tienviitan kanssa"
    assert "Öljyä ja työtä, kiitos" in "".join(sheet.extract_text() for sheet in pdf.pages)


def embed(page: Page, fake: Fake, real: Api, host: str) -> None:
    """A city's page with the pinned script of the real api, under a strict policy."""
    script = bundle.widget()
    fake.host_page = (
        f"<!doctype html><html lang='fi'><title>Kunta</title><h1>Kunta</h1><script type='module' "
        f"src='{real.url}/{script.name}' integrity='{script.integrity}' crossorigin='anonymous'></script>"
        f"<tienviitta-chat><a href='{real.url}/chat'>Avaa chatti</a></tienviitta-chat></html>",
        f"default-src 'self'; script-src {real.url}; connect-src {real.url}",
    )
    page.goto(f"http://{host}:{fake.port}/host")


def test_a_site_that_is_allowed_embeds_it(page: Page, fake: Fake, real: Api) -> None:
    embed(page, fake, real, "localhost")
    page.locator(".launcher").click()
    say(page, "Hei toiselta sivulta")
    expect(page.get_by_text("Sanoit: Hei toiselta sivulta").first).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sanoit: Hei toiselta sivulta").first).to_be_visible()


def test_a_site_that_is_not_allowed_shows_its_own_link(page: Page, fake: Fake, real: Api) -> None:
    embed(page, fake, real, "127.0.0.1")
    expect(page.get_by_role("link", name="Avaa chatti")).to_be_visible()
    expect(page.locator(".launcher")).to_have_count(0)
