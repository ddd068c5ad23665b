"""Every table of the database in one place, for migrations and for tests."""

from __future__ import annotations

from sqlalchemy import MetaData

from api.advisers import models as advisers
from api.conversations import models as conversations
from api.database import Base
from api.deliveries import models as deliveries
from api.handoff import models as handoff
from api.privacy import models as privacy

__all__ = ["advisers", "conversations", "deliveries", "handoff", "metadata", "privacy"]


def metadata() -> list[MetaData]:
    """Tables of the api and of the catalogue."""
    from catalogue.tables import Base as CatalogueBase

    return [Base.metadata, CatalogueBase.metadata]
