"""What waiting needs: when each wait began, who is present, callbacks that the api asks about itself."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "adviser_presence",
        sa.Column("adviser_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["adviser_id"], ["advisers.id"], name=op.f("fk_adviser_presence_adviser_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("adviser_id", name=op.f("pk_adviser_presence")),
    )
    op.add_column("conversations", sa.Column("asking", sa.String(length=20), nullable=True))
    # Added one by one and not in a batch: SQLite's batch copies the table, and dropping the old one would take the
    # rows that hang on it along.
    op.add_column("handoffs", sa.Column("first_place", sa.Integer(), nullable=True))
    op.add_column("handoffs", sa.Column("advisers_present", sa.Integer(), nullable=True))
    op.add_column("handoffs", sa.Column("rejections", sa.Text(), nullable=True))
    op.add_column("handoffs", sa.Column("outcome_services", sa.Text(), nullable=True))
    op.add_column("handoffs", sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("handoffs", sa.Column("reminded", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "handoffs",
        sa.Column(
            "queued_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("'1970-01-01 00:00:00'")
        ),
    )
    op.execute("UPDATE handoffs SET queued_at = requested_at")
