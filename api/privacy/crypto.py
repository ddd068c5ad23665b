"""Encryption at rest: column types whose content is unreadable in the database, its log and its backups."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import MultiFernet
from sqlalchemy import Dialect, Text, TypeDecorator

_keyring: MultiFernet | None = None


def configure(keyring: MultiFernet) -> None:
    """Set the keys of this process. The first encrypts, all decrypt."""
    global _keyring
    _keyring = keyring


def _keys() -> MultiFernet:
    if _keyring is None:
        raise RuntimeError("encryption keys were not configured")
    return _keyring


class EncryptedText(TypeDecorator[str]):
    """Text that is encrypted on its way into the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Encrypt."""
        return None if value is None else _keys().encrypt(value.encode("utf-8", "surrogatepass")).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Decrypt with whichever key fits."""
        return None if value is None else _keys().decrypt(value).decode("utf-8", "surrogatepass")


class EncryptedJSON(TypeDecorator[Any]):
    """A JSON document that is encrypted on its way into the database. None stays NULL. Not mutable in place."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Encrypt."""
        if value is None:
            return None
        return _keys().encrypt(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")).decode("ascii")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Decrypt with whichever key fits."""
        return None if value is None else json.loads(_keys().decrypt(value))
