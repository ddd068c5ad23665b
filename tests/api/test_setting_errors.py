"""A setting that cannot be used is named, so that `make run` can say which in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.api.harness import make_settings

FULL = {"url": "http://a.example/hook", "payload": "full"}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"database_url": "mysql://host/name"}, "database_url"),
        ({"database_url": "var/tienviitta.db"}, "database_url"),
        ({"webhook_receivers": ["https://a.example/x", "https://a.example/x"]}, "webhook_receivers"),
        ({"webhook_receivers": [FULL], "environment": "production"}, "webhook_receivers"),
    ],
)
def test_the_setting_is_named(tmp_path: Path, values: dict[str, Any], name: str) -> None:
    with pytest.raises(ValidationError) as raised:
        make_settings(tmp_path, 1, **values)
    [error] = raised.value.errors()
    assert error["loc"][0] == name


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://h/n", "postgres://h/n", "postgresql+psycopg://h/n"])
def test_known_databases(tmp_path: Path, url: str) -> None:
    assert make_settings(tmp_path, 1, database_url=url).database_url == url


def test_a_full_receiver_without_tls_is_for_development(tmp_path: Path) -> None:
    assert make_settings(tmp_path, 1, webhook_receivers=[FULL]).webhook_receivers[0].carries_texts
