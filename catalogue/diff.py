"""What differs between two catalogues."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict

from catalogue.models import Catalogue, Model


class Change(BaseModel):
    """One added, removed or changed item; `fields` names what changed in it."""

    model_config = ConfigDict(frozen=True)

    kind: str
    id: str
    change: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        word = {"added": "uusi", "removed": "poistunut", "changed": "muuttunut"}[self.change]
        fields = f": {', '.join(self.fields)}" if self.fields else ""
        return f"{word} {self.kind} {self.id}{fields}"


class Diff(BaseModel):
    """All changes from one catalogue to another."""

    model_config = ConfigDict(frozen=True)

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def count(self, change: str) -> int:
        """How many items were `added`, `removed` or `changed`."""
        return sum(c.change == change for c in self.changes)

    def summary(self) -> dict[str, int]:
        """Counts by the kind of change."""
        return {change: self.count(change) for change in ("added", "removed", "changed")}


def _items(kind: str, before: Iterable[Any], after: Iterable[Any]) -> list[Change]:
    old: dict[str, Model] = {item.id: item for item in before}
    new: dict[str, Model] = {item.id: item for item in after}
    changes = [Change(kind=kind, id=i, change="removed") for i in old if i not in new]
    for item_id, item in new.items():
        if item_id not in old:
            changes.append(Change(kind=kind, id=item_id, change="added"))
        elif old[item_id] != item:
            a, b = old[item_id].model_dump(), item.model_dump()
            fields = tuple(name for name in b if a.get(name) != b[name])
            changes.append(Change(kind=kind, id=item_id, change="changed", fields=fields))
    return changes


def diff(before: Catalogue, after: Catalogue) -> Diff:
    """What changed from `before` to `after`, without the order of the items."""
    changes = [
        *_items("palvelu", before.services, after.services),
        *_items("sääntö", before.rules, after.rules),
        *_items("kunta", before.municipalities, after.municipalities),
    ]
    if before.facts != after.facts:
        changes.append(Change(kind="tiedot", id="facts", change="changed"))
    return Diff(changes=tuple(changes))
