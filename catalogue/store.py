"""The catalogue in the database: saved whole, loaded whole, with a revision that tells whether it changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from catalogue.diff import Diff, diff
from catalogue.models import Catalogue, Model, Municipality, Rule, Service
from catalogue.tables import MunicipalityRow, RevisionRow, RuleRow, ServiceRow

_COMPUTED = {"url", "phone"}


def _data(item: Model) -> dict[str, Any]:
    return item.model_dump(mode="json", exclude=_COMPUTED)


def revision(session: Session) -> str:
    """The revision of the stored catalogue, one cheap query; "" when nothing was saved yet."""
    query = select(RevisionRow.revision).order_by(RevisionRow.id.desc()).limit(1)
    return session.scalar(query) or ""


def load(session: Session) -> Catalogue:
    """The stored catalogue; empty when nothing was saved yet."""
    facts = session.scalar(select(RevisionRow.facts).order_by(RevisionRow.id.desc()).limit(1))
    return Catalogue(
        services=tuple(
            Service.model_validate(row)
            for row in session.scalars(select(ServiceRow.data).order_by(ServiceRow.position))
        ),
        rules=tuple(
            Rule.model_validate(row) for row in session.scalars(select(RuleRow.data).order_by(RuleRow.position))
        ),
        municipalities=tuple(
            Municipality.model_validate(row)
            for row in session.scalars(select(MunicipalityRow.data).order_by(MunicipalityRow.position))
        ),
        facts=facts or {},
    )


def save(session: Session, catalogue: Catalogue) -> Diff:
    """Make the stored catalogue equal to this one, and tell what changed.

    The same catalogue again changes nothing and adds no revision. The caller commits.
    """
    if revision(session) == catalogue.revision:
        return Diff()
    changes = diff(load(session), catalogue)
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
    session.add(
        RevisionRow(
            revision=catalogue.revision,
            saved_at=dt.datetime.now(dt.UTC),
            facts=catalogue.facts,
            changes={**changes.summary(), "items": [str(change) for change in changes.changes]},
        )
    )
    session.flush()
    return changes
