"""Imported services in the database: idempotent, with local decisions kept apart from the imported record."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalogue import store
from catalogue.contract import contract
from catalogue.diff import Change, Diff
from catalogue.models import Service
from catalogue.ptv.convert import Imported
from catalogue.tables import ImportedRow, OverrideRow

OVERRIDES = Path(__file__).resolve().parent / "content" / "overrides.yml"
_FIXED = {"id", "sources"}
"""Fields that no override may change: they say where the record comes from."""


def _data(service: Service) -> dict[str, Any]:
    return service.model_dump(mode="json", exclude={"url", "phone"})


def _digest(data: Mapping[str, Any]) -> str:
    """Of what the record says, without the day on which it was fetched."""
    content = {key: value for key, value in data.items() if key != "sources"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def save_imported(
    session: Session,
    origin: str,
    items: Iterable[Imported],
    fetched_at: dt.datetime,
    complete: bool,
) -> Diff:
    """Store imported services and tell what changed. The caller commits.

    The same records again change nothing. A record that is no longer published, or is missing from a complete import,
    is archived: it stays in the table and leaves the catalogue, and comes back when it is published again.

    Args:
        session: the open session.
        origin: the other catalogue, e.g. `ptv`.
        items: converted records.
        fetched_at: when they were read (UTC).
        complete: whether what is missing has vanished.
    """
    rows = {row.source_id: row for row in session.scalars(select(ImportedRow).where(ImportedRow.origin == origin))}
    changes: list[Change] = []
    seen: set[str] = set()
    for item in items:
        seen.add(item.source_id)
        row = rows.get(item.source_id)
        data = _data(item.service)
        digest = _digest(data)
        if not item.published:
            if row is not None and row.archived_at is None:
                row.archived_at = fetched_at
                changes.append(Change(kind="palvelu", id=row.service_id, change="removed"))
            continue
        if row is None:
            row = ImportedRow(origin=origin, source_id=item.source_id, service_id=item.service.id)
            session.add(row)
            changes.append(Change(kind="palvelu", id=item.service.id, change="added"))
        elif row.archived_at is not None:
            changes.append(Change(kind="palvelu", id=row.service_id, change="added"))
        elif row.digest != digest:
            fields = tuple(key for key in data if key != "sources" and row.data.get(key) != data[key])
            changes.append(Change(kind="palvelu", id=row.service_id, change="changed", fields=fields))
        else:
            row.fetched_at = fetched_at
            continue
        row.fetched_at, row.modified, row.archived_at = fetched_at, item.modified, None
        row.digest, row.data = digest, data
    if complete:
        for source_id, row in rows.items():
            if source_id not in seen and row.archived_at is None:
                row.archived_at = fetched_at
                changes.append(Change(kind="palvelu", id=row.service_id, change="removed"))
    session.flush()
    result = Diff(changes=tuple(changes))
    if result:
        store.note_change(session, result)
    return result


class OverrideError(ValueError):
    """The file of overrides cannot be used; the message names file and service, in Finnish."""


def load_overrides(path: Path = OVERRIDES) -> dict[str, dict[str, Any]]:
    """Fields by service id, from the file.

    Raises:
        OverrideError: for a broken file, an unknown field or group, or a value that the field cannot have.
    """
    if not path.exists():
        return {}
    try:
        data = YAML(typ="safe", pure=True).load(path) or {}
    except YAMLError as error:
        raise OverrideError(f"{path.name}: YAML on rikki: {error}") from error
    if not isinstance(data, dict):
        raise OverrideError(f"{path.name}: tiedoston pitää olla muotoa tunnus: {{kenttä: arvo}}.")
    checked: dict[str, dict[str, Any]] = {}
    for service_id, fields in data.items():
        if not isinstance(fields, dict):
            raise OverrideError(f"{path.name}: kohdan {service_id} pitää olla muotoa {{kenttä: arvo}}.")
        forbidden = set(fields) & _FIXED or set(fields) - set(Service.model_fields)
        if forbidden:
            raise OverrideError(f"{path.name}: kohdan {service_id} kenttää {sorted(forbidden)[0]} ei voi muuttaa.")
        if "group" in fields and fields["group"] not in contract().groups:
            raise OverrideError(f"{path.name}: kohdan {service_id} ryhmää {fields['group']!r} ei ole.")
        example = {
            "id": "x", "name": "x", "group": "guidance", "provider": "x", "summary": "x", "what": "x",
            "checked_on": "2026-01-01", "sources": [{"record": "x"}],
        }  # fmt: skip
        try:
            valid = Service.model_validate({**example, **fields})
        except ValidationError as error:
            detail = error.errors()[0]
            field = ".".join(map(str, detail["loc"]))
            raise OverrideError(f"{path.name}: kohdan {service_id} kenttä {field}: {detail['msg']}") from error
        checked[str(service_id)] = valid.model_dump(mode="json", include=set(fields))
    return checked


def save_overrides(session: Session, overrides: Mapping[str, Mapping[str, Any]]) -> Diff:
    """Make the stored overrides equal to these, and tell what changed. The caller commits."""
    before = {row.service_id: row.data for row in session.scalars(select(OverrideRow))}
    after = {service_id: dict(fields) for service_id, fields in overrides.items()}
    if before == after:
        return Diff()
    session.execute(delete(OverrideRow))
    session.add_all(OverrideRow(service_id=i, data=d) for i, d in after.items())
    session.flush()
    changes = [
        Change(
            kind="oma ratkaisu",
            id=service_id,
            change="added" if service_id not in before else "removed" if service_id not in after else "changed",
            fields=tuple(after.get(service_id, {})),
        )
        for service_id in sorted({*before, *after})
        if before.get(service_id) != after.get(service_id)
    ]
    result = Diff(changes=tuple(changes))
    store.note_change(session, result)
    return result
