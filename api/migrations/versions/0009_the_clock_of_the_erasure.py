"""The erasure remembers what the clock said, so that one that is far ahead erases nothing."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    table = op.create_table(
        "erasure_clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("believed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doubted_since", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_clock")),
    )
    at = datetime.now(UTC)
    if op.get_bind().dialect.name == "sqlite":
        at = at.replace(tzinfo=None)
    op.bulk_insert(table, [{"id": 1, "believed_at": at, "seen_at": at, "doubted_since": None}])


def downgrade():
    op.drop_table("erasure_clock")
