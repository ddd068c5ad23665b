"""The database made ready: tables, catalogue, the first adviser."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.database import upgrade
from catalogue import store
from catalogue.loader import ContentError, load_content
from launcher.failure import LaunchError
from settings import Settings


def prepare_database(settings: Settings) -> None:
    """Bring the tables up to date and load the catalogue's content.

    Raises:
        LaunchError: broken content, or a database that does not answer.
    """
    try:
        content = load_content()
    except ContentError as error:
        raise LaunchError(str(error)) from error
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    try:
        upgrade(settings)
        engine = create_engine(settings.sync_database_url)
        with Session(engine) as session, session.begin():
            store.save(session, content)
        engine.dispose()
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        raise LaunchError(f"the database could not be made ready: {reason}") from error
