"""The accessibility statement has the parts that Finnish law asks for; the privacy page tells the settings' values."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from benchmarks.widget_peers.__main__ import table
from settings import ROOT


def test_the_accessibility_statement_has_every_part(page: Page) -> None:
    page.goto("/accessibility")
    headings = page.get_by_role("main").get_by_role("heading", level=2).all_inner_texts()
    assert headings == [
        "Digipalvelun saavutettavuuden tila", "Ei-saavutettava sisältö", "Huomasitko puutteen? Kerro se meille",
        "Saavutettavuuden valvonta", "Miten saavutettavuus on arvioitu",
    ]  # fmt: skip
    main = page.get_by_role("main")
    for part in ("306/2019", "EN 301 549", "täyttää saavutettavuusvaatimukset osittain", "14 päivän kuluessa",
                 "Seloste on laadittu 22.11.2026"):  # fmt: skip
        expect(main).to_contain_text(part)
    feedback = main.get_by_role("link", name="saavutettavuus@example.org")
    expect(feedback).to_have_attribute("href", "mailto:saavutettavuus@example.org")
    expect(main.get_by_role("link", name="saavutettavuusvaatimukset.fi")).to_have_attribute(
        "href", "https://saavutettavuusvaatimukset.fi"
    )


def test_the_privacy_page_tells_what_why_and_how_long(page: Page) -> None:
    page.goto("/privacy")
    rows = page.get_by_role("table").get_by_role("row").all_inner_texts()
    wanted = ["Kuinka pitkään", "30 päivää", "90 päivää", "21 päivää", "Yhtä kauan"]
    assert [part for row, part in zip(rows, wanted, strict=True) if part in row] == wanted
    expect(page.get_by_role("heading", name="Näin poistat keskustelun")).to_be_visible()


def test_the_table_in_the_docs_is_what_was_measured() -> None:
    measured = json.loads((ROOT / "benchmarks" / "results" / "widget_peers.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
    assert len(measured["widgets"]) == 6
    assert table(measured["widgets"]) in page
    assert measured["measured_on"] in page
