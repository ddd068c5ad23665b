"""Alembic's way in. The connection is given by api.database.upgrade, or made from the settings."""

import sqlalchemy as sa
from alembic import context

from api.database import make_sync_engine
from api.tables import metadata
from settings import get_settings


def _render(kind, item, _context):
    # Migrations outlive our column types: they name the database's own.
    if kind == "type" and isinstance(item, sa.TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def _run(connection):
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        render_as_batch=True,
        compare_type=True,
        render_item=_render,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    engine = make_sync_engine(get_settings())
    with engine.connect() as connection:
        _run(connection)
    engine.dispose()
