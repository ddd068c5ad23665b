"""Structured logs: one JSON object a line, without texts, tokens or names."""

from __future__ import annotations

import hashlib
import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, event, and the fields given in ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. An exception is given by its type alone: its message may quote a resident."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Log the api to standard error in JSON, from ``level`` on."""
    logger = logging.getLogger("api")
    if not any(isinstance(handler.formatter, JsonFormatter) for handler in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = True
    # Addresses in access logs name talks; the api logs its requests itself, by route.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("httpx").setLevel(logging.WARNING)


def alias(identifier: str) -> str:
    """A short name for a talk in the log, from which its identifier cannot be told: logs outlive an erasure."""
    return hashlib.sha256(identifier.encode()).hexdigest()[:10]
