"""The command that checks a city's colours says what the widget will do with them."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from api.pages import bundle, colours
from api.pages.cli import app


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#fff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48), ("#767676", "#fff", 4.54)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert round(colours.contrast(one, other), 2) == round(colours.contrast(other, one), 2) == ratio


def test_our_own_colours_can_be_read_in_both_schemes() -> None:
    code, output = run("colours")
    assert code == 0
    assert output.count("ok") == 2 * len(colours.pairs()) >= 18


@pytest.mark.parametrize(
    ("chosen", "code"),
    [("primary=#767676", 0), ("primary=#777777", 1), ("accent=#ffc845", 0), ("accent=#14232b", 1), ("primary=red", 2),
     ("primary", 2), ("nothing=#000000", 2)],
)  # fmt: skip
def test_a_citys_colours(chosen: str, code: int) -> None:
    assert run("colours", chosen)[0] == code


@pytest.mark.parametrize(
    ("primary", "on", "strong"),
    [("#ffffff", "#000000", "#ffffff"), ("#000000", "#ffffff", "#000000"), ("#646464", "#ffffff", "#4a4a4a"),
     ("#9b9b9b", "#000000", "#b5b5b5")],
)  # fmt: skip
def test_under_the_pointer_the_main_colour_moves_away_from_its_text(primary: str, on: str, strong: str) -> None:
    """By 26 hundredths: 100 to 74, and 155 to 155 + 26."""
    assert colours.strong(primary, on) == strong
    own = {"--tv-primary": primary, "--tv-on-primary": on}
    [pair] = [pair for pair in colours.check(own, "light") if pair.name == "--tv-primary-strong"]
    assert pair.ratio == colours.contrast(strong, on)
    [own_strong] = [
        pair
        for pair in colours.check({**own, "--tv-primary-strong": on}, "light")
        if pair.name == "--tv-primary-strong"
    ]
    assert own_strong.ratio == 1.0


def test_what_a_site_copies() -> None:
    script = bundle.widget()
    _, plain = run("embed", "--server", "https://chat.kunta.example/")
    assert 'src="https://chat.kunta.example/widget.js"' in plain
    _, pinned = run("embed", "--server", "https://chat.kunta.example", "--pinned")
    assert f'src="https://chat.kunta.example/{script.name}"' in pinned
    assert f'integrity="{script.integrity}"' in pinned
