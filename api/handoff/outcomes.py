"""How a talk with an adviser can end, and the ready replies: what the console offers, each list in one place.

Outcomes are in ``api/texts.yml``: the adviser chooses a ``label``, the resident is told ``told``. Ready replies are in
a YAML file that a city may replace (``TIENVIITTA_READY_REPLIES_FILE``); a change of the file counts at once.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from api.texts import node

log = logging.getLogger(__name__)

BUNDLED = Path(__file__).with_name("ready_replies.yml")
MOST_REPLIES = 100


class ReadyReply(BaseModel):
    """A text that an adviser can put into the reply and change before sending."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=80)
    text: str = Field(min_length=1, max_length=2000)


_Replies = TypeAdapter(list[ReadyReply])
_read: dict[Path, tuple[float, list[ReadyReply]]] = {}


def outcomes() -> dict[str, dict[str, str]]:
    """Outcomes by id, in the order in which they are offered: what advisers see, what residents are told."""
    found: dict[str, dict[str, str]] = node("outcomes")
    return found


def told(outcome: str) -> str | None:
    """What a resident is told of an outcome; None for one that tells nothing by itself."""
    return outcomes().get(outcome, {}).get("told")


def ready_replies(path: Path | None) -> list[ReadyReply]:
    """The ready replies of a file, or the bundled ones; read again when the file has changed.

    A file that has become unusable while the service runs does not take the replies away: those that were read last
    stay, and the log says what is wrong.
    """
    path = path or BUNDLED
    try:
        return read_replies(path)
    except ValueError as error:
        log.error("ready replies", extra={"reason": str(error)})
        known = _read.get(path)
        return known[1] if known is not None else read_replies(BUNDLED)


def read_replies(path: Path) -> list[ReadyReply]:
    """The ready replies that stand in a file.

    Raises:
        ValueError: with the file and what in it cannot be used.
    """
    try:
        changed = path.stat().st_mtime
        known = _read.get(path)
        if known is not None and known[0] == changed:
            return known[1]
        loaded: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        replies = _Replies.validate_python(loaded or [])
    except (OSError, YAMLError) as error:
        raise ValueError(f"{path}: {error}") from None
    except ValidationError as error:
        told_ = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise ValueError(f"{path}: {'; '.join(told_)}") from None
    if len(replies) > MOST_REPLIES:
        raise ValueError(f"{path}: more than {MOST_REPLIES} replies; nobody finds one among so many")
    _read[path] = (changed, replies)
    return replies
