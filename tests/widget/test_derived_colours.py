"""What follows from the main colour where a city sets that alone: under the pointer, pressed, and around focus."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from api.pages import colours
from tests.widget.fake_api import Fake
from tests.widget.test_embedding import elsewhere


def embed(page: Page, fake: Fake, attributes: str) -> Locator:
    elsewhere(fake, page, f"<main><h1>Kunta</h1></main><tienviitta-chat {attributes}></tienviitta-chat>")
    launcher = page.locator(".launcher")
    expect(launcher).to_be_visible()
    return launcher


def hexed(css: str) -> str:
    """A computed colour, ``rgb(…)`` or ``color(srgb …)``, as ``#rrggbb``."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", css)][:3]
    return "#" + "".join(f"{round(n if css.startswith('rgb') else n * 255):02x}" for n in numbers)


def look(element: Locator, name: str) -> str:
    return hexed(str(element.evaluate("(e, name) => getComputedStyle(e)[name]", name)))


# #767676 takes white text (4.54:1), #777777 black (4.69:1; white is 4.48:1).
@pytest.mark.parametrize(
    "primary", ["#0f4c6e", "#7a0019", "#1d5b3a", "#767676", "#777777", "#ffd700", "#000000", "#ffffff"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_under_the_pointer_the_text_is_read_no_worse(page: Page, fake: Fake, primary: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    launcher = embed(page, fake, f"color-primary='{primary}'")
    text, before = look(launcher, "color"), look(launcher, "backgroundColor")
    assert before == primary
    launcher.hover()
    after = look(launcher, "backgroundColor")
    assert after == colours.strong(primary, text)
    assert colours.contrast(text, after) >= colours.contrast(text, before) >= colours.AA
    assert after != before or primary in {"#000000", "#ffffff"}, "black and white have nowhere to go"
    page.mouse.down()
    assert launcher.evaluate("e => getComputedStyle(e).boxShadow").endswith("inset")


def test_a_colour_for_the_pointer_that_the_city_has_set_is_kept(page: Page, fake: Fake) -> None:
    launcher = embed(page, fake, "color-primary='#7a0019' color-primary-strong='#54000f'")
    launcher.hover()
    assert look(launcher, "backgroundColor") == "#54000f"


# On the ground of the conversation, #8b8b8b is 3.02:1 and #8c8c8c 2.98:1.
@pytest.mark.parametrize(
    ("primary", "scheme", "ring"),
    [("#7a0019", "light", "#7a0019"), ("#8b8b8b", "light", "#8b8b8b"), ("#8c8c8c", "light", "#0b5a89"),
     ("#ffd700", "light", "#0b5a89"), ("#ffd700", "dark", "#ffd700"), ("#7a0019", "dark", "#8fd0f5")],
)  # fmt: skip
def test_the_mark_of_focus_has_the_main_colour_where_it_is_seen(
    page: Page, fake: Fake, primary: str, scheme: str, ring: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    launcher = embed(page, fake, f"color-primary='{primary}'")
    page.keyboard.press("Tab")
    expect(launcher).to_be_focused()
    surface = "#ffffff" if scheme == "light" else "#18242c"
    assert look(launcher, "outlineColor") == ring
    assert hexed(launcher.evaluate("e => getComputedStyle(e).boxShadow")) == surface, "between the ring and the site"
    assert colours.contrast(ring, surface) >= 3
    page.keyboard.press("Enter")
    field = page.get_by_label("Viestisi")
    expect(field).to_be_focused()
    assert look(field, "outlineColor") == ring
