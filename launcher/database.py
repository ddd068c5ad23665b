"""The database made ready: tables, catalogue, the first adviser."""

from __future__ import annotations

from alembic.util.exc import CommandError
from sqlalchemy.exc import SQLAlchemyError

from api.advisers.service import ensure_development_adviser
from api.database import sync_session, upgrade
from catalogue import store
from launcher.content_check import catalogue_content
from launcher.failure import LaunchError
from settings import Settings


def prepare_database(settings: Settings) -> None:
    """Bring the tables up to date, load the catalogue's content, and in development create the first adviser.

    Raises:
        LaunchError: broken content, or a database that does not answer.
    """
    content = catalogue_content()
    try:
        settings.var_dir.mkdir(parents=True, exist_ok=True)
        upgrade(settings)
        with sync_session(settings) as session:
            store.save(session, content)
        ensure_development_adviser(settings)
    except (SQLAlchemyError, CommandError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise LaunchError(f"the database could not be made ready: {reason}") from error
