"""A request remembers the last message that is the adviser's: what is told to the bot later is not."""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

A_MOMENT = timedelta(seconds=1)
"""Between the end of a request and the message that tells of it."""


def upgrade():
    op.add_column("handoffs", sa.Column("until_seq", sa.Integer(), nullable=True))
    # When a wait became a callback is not known any more, so nothing after the request counts as the adviser's.
    op.execute("UPDATE handoffs SET until_seq = from_seq WHERE kind = 'callback'")
    handoffs = sa.table(
        "handoffs",
        sa.column("id", sa.String()),
        sa.column("conversation_id", sa.String()),
        sa.column("from_seq", sa.Integer()),
        sa.column("until_seq", sa.Integer()),
        sa.column("ended_at", sa.DateTime(timezone=True)),
    )
    messages = sa.table(
        "messages",
        sa.column("conversation_id", sa.String()),
        sa.column("seq", sa.Integer()),
        sa.column("at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    ended = connection.execute(
        sa.select(handoffs).where(handoffs.c.ended_at.is_not(None), handoffs.c.until_seq.is_(None))
    ).all()
    for row in ended:
        last = connection.scalar(
            sa.select(sa.func.max(messages.c.seq)).where(
                messages.c.conversation_id == row.conversation_id, messages.c.at <= row.ended_at + A_MOMENT
            )
        )
        connection.execute(
            sa.update(handoffs).where(handoffs.c.id == row.id).values(until_seq=max(last or 0, row.from_seq))
        )


def downgrade():
    op.drop_column("handoffs", "until_seq")
