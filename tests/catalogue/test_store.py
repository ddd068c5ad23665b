"""The catalogue in the database: what was saved is what is loaded, and saving it twice changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from catalogue.models import Catalogue
from catalogue.store import load, revision, save
from catalogue.tables import Base

POSTGRES = os.environ.get("TIENVIITTA_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "sqlite":
        engine = create_engine("sqlite://")
        Base.metadata.create_all(engine)
        with Session(engine) as opened:
            yield opened
        return
    engine = create_engine(POSTGRES, connect_args={"connect_timeout": 2})
    try:
        connection = engine.connect()
    except Exception:
        pytest.skip("no PostgreSQL answers")
    with connection:
        # Everything happens in one transaction in a schema of its own, and is rolled back.
        connection.execute(text("CREATE SCHEMA catalogue_test"))
        connection.execute(text("SET search_path TO catalogue_test"))
        Base.metadata.create_all(connection)
        with Session(connection) as opened:
            yield opened
        connection.rollback()


def test_saved_and_loaded_is_the_same(session: Session, catalogue: Catalogue) -> None:
    changes = save(session, catalogue)
    assert changes.count("added") == len(catalogue.services) + len(catalogue.rules) + len(catalogue.municipalities)
    assert load(session) == catalogue


def test_saving_twice_changes_nothing(session: Session, catalogue: Catalogue) -> None:
    save(session, catalogue)
    first = revision(session)
    assert not save(session, catalogue)
    assert revision(session) == first == catalogue.revision


def test_a_change_is_told_and_gives_a_new_revision(session: Session, catalogue: Catalogue) -> None:
    save(session, catalogue)
    first, second, *rest = catalogue.services
    changed = catalogue.model_copy(update={"services": (second.model_copy(update={"summary": "Uusi."}), *rest)})
    # model_copy keeps what was computed for the old one, so a new catalogue is built.
    changed = Catalogue.model_validate(changed.model_dump(exclude={"services": {"__all__": {"url", "phone"}}}))
    changes = save(session, changed)
    assert {(c.id, c.change, c.fields) for c in changes.changes} == {
        (first.id, "removed", ()),
        (second.id, "changed", ("summary",)),
    }
    assert revision(session) == changed.revision != catalogue.revision
    assert load(session).by_id[second.id].summary == "Uusi."


def test_an_empty_database_is_an_empty_catalogue(session: Session) -> None:
    assert revision(session) == ""
    assert load(session).services == ()
