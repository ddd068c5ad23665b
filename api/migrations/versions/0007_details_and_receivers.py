"""A delivery may carry details for a receiver with full payloads; a receiver that is gone is switched off."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.add_column(sa.Column("details", sa.Text(), nullable=True))
    op.create_table(
        "webhook_receivers",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_webhook_receivers")),
    )


def downgrade():
    op.drop_table("webhook_receivers")
    with op.batch_alter_table("deliveries") as batch_op:
        batch_op.drop_column("details")
