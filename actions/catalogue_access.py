"""The catalogue as the actions see it: read only, cached until its revision changes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from catalogue import store
from catalogue.models import Catalogue, Service
from catalogue.recommend import recommend
from catalogue.search import SURE_SCORE, SearchIndex
from settings import Settings

REVISION_CHECK_S = 30.0
"""How long a loaded catalogue is used before asking whether there is a newer one."""


class CatalogueAccess:
    """Services, recommendations and search for the actions.

    Args:
        settings: names the database.
    """

    def __init__(self, settings: Settings) -> None:
        self._engine: Engine = create_engine(settings.sync_database_url, pool_pre_ping=True)
        self._catalogue: Catalogue | None = None
        self._index: SearchIndex | None = None
        self._revision = ""
        self._checked = float("-inf")

    def catalogue(self) -> Catalogue:
        """The current catalogue.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer and nothing was loaded before.
        """
        now = time.monotonic()
        if self._catalogue is None or now - self._checked > REVISION_CHECK_S:
            with Session(self._engine) as session:
                revision = store.revision(session)
                if self._catalogue is None or revision != self._revision:
                    self._catalogue = store.load(session)
                    self._index = None
                    self._revision = revision
            self._checked = now
        return self._catalogue

    def service(self, service_id: str) -> Service | None:
        """A service by id, also one that has ended; None if there is none."""
        return next((service for service in self.catalogue().services if service.id == service_id), None)

    def meant(self, text: str) -> Service | None:
        """The service that ``text`` speaks of; None where that is a mere guess."""
        page = self._search_index().search(text, limit=1, least=SURE_SCORE)
        return None if page.nearest else page.items[0]

    def _search_index(self) -> SearchIndex:
        catalogue = self.catalogue()
        if self._index is None:
            self._index = SearchIndex(catalogue)
        return self._index

    def in_group(self, group: str, on: date) -> list[Service]:
        """Services of a group that are valid on a day."""
        return [s for s in self.catalogue().services if s.group == group and valid_on(s, on)]

    def recommend(self, answers: Mapping[str, Any], on: date) -> dict[str, Any]:
        """The recommendation API's document for these answers; background ids may be among them."""
        found = recommend(self.catalogue(), dict(answers), {}, on)
        document: dict[str, Any] = found.model_dump(mode="json")
        return document


def valid_on(service: Service, on: date) -> bool:
    """Whether the service is offered on a day, as far as its dates tell."""
    return (service.valid_from is None or service.valid_from <= on) and (
        service.valid_to is None or on <= service.valid_to
    )
