"""Feedback says yes, partly or no, and whether it is about the talk with the bot or with an adviser."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    # The last one of a talk counts.
    op.execute("DELETE FROM feedback WHERE id NOT IN (SELECT MAX(id) FROM feedback GROUP BY conversation_id)")
    with op.batch_alter_table("feedback") as batch_op:
        batch_op.add_column(sa.Column("rating", sa.String(length=10), nullable=False, server_default="yes"))
        batch_op.add_column(sa.Column("about", sa.String(length=10), nullable=False, server_default="bot"))
    op.execute("UPDATE feedback SET rating = 'no' WHERE NOT helped")
    op.execute(
        "UPDATE feedback SET about = 'adviser' WHERE EXISTS (SELECT 1 FROM handoffs "
        "WHERE handoffs.conversation_id = feedback.conversation_id AND handoffs.kind = 'chat' "
        "AND handoffs.status = 'closed' AND handoffs.ended_at <= feedback.at)"
    )
    with op.batch_alter_table("feedback", recreate="always") as batch_op:
        batch_op.drop_column("helped")
        batch_op.alter_column("rating", new_column_name="helped", server_default=None, existing_type=sa.String(10))
        batch_op.alter_column("about", server_default=None, existing_type=sa.String(10))
        batch_op.create_unique_constraint(op.f("uq_feedback_conversation_id_about"), ["conversation_id", "about"])
