"""docs/configuration.md, .env.example and deploy/ against the settings as they are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from docs.make_configuration import environment_names, render
from settings import ROOT, Settings

PAGE = (ROOT / "docs" / "configuration.md").read_text("utf-8")
ROW = re.compile(r"^\| (`TIENVIITTA_[^|]*) \| ([^|]*) \| (.+) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str]]:
    """Default and meaning of every setting in the page, by the name of the setting."""
    table = PAGE.partition("<!-- settings -->")[2].partition("<!-- /settings -->")[0]
    return {re.findall(r"\w+", names)[0]: (default.strip("` "), text) for names, default, text in ROW.findall(table)}


def known_names() -> set[str]:
    return {name for key, field in Settings.model_fields.items() for name in environment_names(key, field)}


def test_the_page_lists_every_setting_and_no_other() -> None:
    wanted = {f"TIENVIITTA_{name.upper()}" for name in Settings.model_fields}
    assert set(rows()) == wanted, "run `python -m docs.make_configuration`"


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_the_page_gives_the_right_default(name: str) -> None:
    shown, meaning = rows()[f"TIENVIITTA_{name.upper()}"]
    assert len(meaning) > 10
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    if default is None:
        assert shown == ""
    elif isinstance(default, bool | int | float | list):
        assert json.loads(shown) == default
    elif isinstance(default, Path):
        assert ROOT / shown == default
    else:
        assert shown == str(default)


def test_no_secret_has_a_default() -> None:
    secrets = [field for field in Settings.model_fields.values() if "SecretStr" in str(field.annotation)]
    assert len(secrets) >= 2
    assert all(not isinstance(field.default, SecretStr) for field in secrets)


def test_the_generator_would_change_nothing() -> None:
    assert render(PAGE) == PAGE


def test_the_generator_puts_a_wrong_default_right() -> None:
    wrong = PAGE.replace("| `8000` |", "| `8001` |")
    assert wrong != PAGE
    assert render(wrong) == PAGE


def test_the_generator_refuses_a_setting_without_a_meaning() -> None:
    lacking = re.sub(r"^\| `TIENVIITTA_HOST`.*\n", "", PAGE, flags=re.MULTILINE)
    assert lacking != PAGE
    with pytest.raises(ValueError, match="host"):
        render(lacking)


def test_the_page_explains_the_variables_of_the_commands() -> None:
    bootstrap = (ROOT / "launcher" / "bootstrap.py").read_text("utf-8")
    read = set(re.findall(r'environ\.get\("(TIENVIITTA_\w+?)_?"', bootstrap)) - {"TIENVIITTA_PYTHON"}
    environments = re.findall(r'^    "(\w+)": \("3', bootstrap, re.MULTILINE)
    read |= {f"TIENVIITTA_PYTHON_{name.upper()}" for name in environments}
    assert {"TIENVIITTA_CHROMIUM", "TIENVIITTA_PYTHON_ENGINE"} <= read
    assert [name for name in sorted(read) if f"`{name}`" not in PAGE] == []


def examples() -> list[tuple[str, str]]:
    """Every assignment to a setting in the example file and in the guide to production."""
    env = (ROOT / ".env.example").read_text("utf-8")
    guide = (ROOT / "deploy" / "README.md").read_text("utf-8")
    found = re.findall(r"^# (TIENVIITTA_\w+=.*)$", env, re.MULTILINE)
    found += re.findall(r"^ {4}(TIENVIITTA_\w+=.*)$", guide, re.MULTILINE)
    return [(line.partition("=")[0], line) for line in found]


def test_the_examples_name_settings_that_exist() -> None:
    assert len(examples()) > 15
    assert {name for name, _ in examples()} - known_names() == set()


# In the guide a secret is the name of the command that makes it.
USABLE = [(name, line) for name, line in examples() if not name.endswith(("_SECRET", "_KEYS"))]


@pytest.mark.parametrize(("name", "line"), USABLE)
def test_the_examples_can_be_used(name: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text(line + "\n")
    assert dotenv_values(file)[name]
    monkeypatch.delenv(name, raising=False)
    Settings(_env_file=file)  # type: ignore[call-arg]


def test_the_example_file_changes_nothing_until_a_line_is_uncommented() -> None:
    assert not dotenv_values(ROOT / ".env.example")


@pytest.mark.parametrize("unit", sorted((ROOT / "deploy" / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_the_units_start_what_exists(unit: Path) -> None:
    text = unit.read_text("utf-8")
    started = re.findall(r"^ExecStart=/opt/tienviitta/\.envs/(\w+)/bin/python -m ([\w.]+)", text, re.MULTILINE)
    assert len(started) == 1
    environment, module = started[0]
    assert (ROOT / "requirements" / f"{environment}.txt").exists()
    own = ROOT / module.replace(".", "/")
    assert module == "uvicorn" or (own / "__main__.py").exists() or own.with_suffix(".py").exists()
    for path in re.findall(r" (bot/\w+\.yml)", text):
        assert (ROOT / path).exists()
    hosts = re.findall(r"(?:--host|-i) (\S+)", text)
    assert all(host == "127.0.0.1" for host in hosts)


def test_the_engine_gets_no_secrets() -> None:
    engine = (ROOT / "deploy" / "systemd" / "tienviitta-engine.service").read_text("utf-8")
    assert "EnvironmentFile" not in engine
    assert "TIENVIITTA_" not in engine


def test_the_proxy_leads_to_the_api_alone() -> None:
    proxy = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    port = Settings.model_fields["port"].default
    assert set(re.findall(r"proxy_pass (\S+);", proxy)) == {f"http://127.0.0.1:{port}"}
