"""Which wording of a response is said: the ordinary one, or the plainer one to those who asked for it.

Every response that asks or recommends has a second, simpler wording by name: ``utter_ask_age`` has
``utter_simple_age``, ``utter_first_step`` has ``utter_simple_first_step``. A test sees to it that none lacks it.
"""

from __future__ import annotations

from functools import lru_cache

import yaml

from settings import ROOT

FOLDER = ROOT / "bot" / "domain" / "responses"


@lru_cache
def responses() -> frozenset[str]:
    """The names of the domain's responses."""
    return frozenset(
        name for path in FOLDER.glob("*.yml") for name in yaml.safe_load(path.read_text(encoding="utf-8"))["responses"]
    )


def simple_name(response: str) -> str:
    """What the simpler wording of ``response`` is called, whether or not there is one."""
    return f"utter_simple_{response.removeprefix('utter_').removeprefix('ask_').removeprefix('simple_')}"


def wording(response: str, *, plain: bool) -> str:
    """The response to say: the simpler wording for those who want it, where there is one."""
    simple = simple_name(response)
    return simple if plain and simple in responses() else response
