"""Accounts that a city's directory vouches for; sessions that end when nobody uses them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    # Added one by one: a batch would copy the table on SQLite, and dropping the old one takes what refers to it along.
    op.add_column("advisers", sa.Column("issuer", sa.String(length=255), nullable=True))
    op.add_column("advisers", sa.Column("subject", sa.String(length=255), nullable=True))
    op.create_index("ix_advisers_issuer_subject", "advisers", ["issuer", "subject"], unique=True)
    # Who is signed in while the service is brought up to date signs in once more.
    op.execute("DELETE FROM adviser_sessions")
    with op.batch_alter_table("adviser_sessions", recreate="always") as batch_op:
        batch_op.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False))
        batch_op.add_column(sa.Column("id_token", sa.Text(), nullable=True))
