"""One catalogue for all tests of this folder: the content that comes with the program."""

from __future__ import annotations

import pytest

from catalogue.loader import load_content
from catalogue.models import Catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_content()
