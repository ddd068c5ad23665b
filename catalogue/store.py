"""The catalogue in the database: saved whole, loaded whole, with a revision that tells whether it changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalogue.diff import Diff, diff
from catalogue.models import Catalogue, Model, Municipality, Rule, Service
from catalogue.tables import ImportedRow, MunicipalityRow, OverrideRow, RevisionRow, RuleRow, ServiceRow

_COMPUTED = {"url", "phone"}


def _data(item: Model) -> dict[str, Any]:
    return item.model_dump(mode="json", exclude=_COMPUTED)


def revision(session: Session) -> str:
    """The revision of the stored catalogue, one cheap query; "" when nothing was saved yet."""
    query = select(RevisionRow.revision).order_by(RevisionRow.id.desc()).limit(1)
    return session.scalar(query) or ""


def load_content_part(session: Session) -> Catalogue:
    """The stored catalogue without imported services; empty when nothing was saved yet."""
    facts = session.scalar(select(RevisionRow.facts).order_by(RevisionRow.id.desc()).limit(1))
    services = session.scalars(select(ServiceRow.data).order_by(ServiceRow.position))
    rules = session.scalars(select(RuleRow.data).order_by(RuleRow.position))
    municipalities = session.scalars(select(MunicipalityRow.data).order_by(MunicipalityRow.position))
    return Catalogue(
        services=tuple(Service.model_validate(row) for row in services),
        rules=tuple(Rule.model_validate(row) for row in rules),
        municipalities=tuple(Municipality.model_validate(row) for row in municipalities),
        facts=facts or {},
    )


def load(session: Session) -> Catalogue:
    """The stored catalogue with the services that were imported and not archived, local overrides applied."""
    content = load_content_part(session)
    overrides = {row.service_id: row.data for row in session.scalars(select(OverrideRow))}
    imported = [
        Service.model_validate({**row.data, **overrides.get(row.service_id, {})})
        for row in session.scalars(
            select(ImportedRow).where(ImportedRow.archived_at.is_(None)).order_by(ImportedRow.service_id)
        )
    ]
    if not imported:
        return content
    return Catalogue(
        services=(*content.services, *imported),
        rules=content.rules,
        municipalities=content.municipalities,
        facts=content.facts,
    )


def save(session: Session, catalogue: Catalogue) -> Diff:
    """Make the stored content equal to this catalogue, and tell what changed. Imported services stay as they are.

    The same catalogue again changes nothing and adds no revision. The caller commits.
    """
    latest = session.scalar(select(RevisionRow.changes).order_by(RevisionRow.id.desc()).limit(1))
    if latest is not None and latest.get("content") == catalogue.revision:
        return Diff()
    changes = diff(load_content_part(session), catalogue)
    for table in (ServiceRow, RuleRow, MunicipalityRow):
        session.execute(delete(table))
    session.add_all(
        ServiceRow(
            id=s.id,
            position=position,
            group=s.group,
            name=s.name,
            valid_from=s.valid_from,
            valid_to=s.valid_to,
            checked_on=s.checked_on,
            data=_data(s),
        )
        for position, s in enumerate(catalogue.services)
    )
    session.add_all(RuleRow(id=r.id, position=i, data=_data(r)) for i, r in enumerate(catalogue.rules))
    session.add_all(MunicipalityRow(id=m.id, position=i, data=_data(m)) for i, m in enumerate(catalogue.municipalities))
    session.flush()
    note_change(session, changes, content=catalogue.revision, facts=catalogue.facts)
    return changes


def note_change(
    session: Session, changes: Diff, content: str | None = None, facts: dict[str, Any] | None = None
) -> None:
    """Write a new revision for what is now in the tables, so that every process loads it again.

    Args:
        session: the open session; the changes were flushed.
        changes: what changed.
        content: revision of the content that was saved; None when only imported services changed.
        facts: the facts that were saved with the content.
    """
    previous = session.scalar(select(RevisionRow).order_by(RevisionRow.id.desc()).limit(1))
    if content is None:
        content = str(previous.changes.get("content", "")) if previous else ""
    if facts is None:
        facts = previous.facts if previous else {}
    rows = select(ImportedRow.digest).where(ImportedRow.archived_at.is_(None)).order_by(ImportedRow.service_id)
    imported = [*session.scalars(rows), *map(str, session.scalars(select(OverrideRow.data)))]
    combined = hashlib.sha256("\n".join([content, *imported]).encode()).hexdigest()[:16] if imported else content
    session.add(
        RevisionRow(
            revision=combined,
            saved_at=dt.datetime.now(dt.UTC),
            facts=facts,
            changes={**changes.summary(), "content": content, "items": [str(change) for change in changes.changes]},
        )
    )
    session.flush()
