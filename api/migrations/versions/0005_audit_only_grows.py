"""The audit tells whose talk and whose account; the database itself refuses to change it."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REFUSAL = "the audit is only added to"


def upgrade():
    op.add_column("audit", sa.Column("talk", sa.String(length=64), nullable=True))
    op.add_column("audit", sa.Column("target_id", sa.Integer(), nullable=True))
    op.create_index("ix_audit_talk", "audit", ["talk"])
    connection = op.get_bind()
    for handoff_id, conversation_id in connection.execute(sa.text("SELECT id, conversation_id FROM handoffs")).all():
        connection.execute(
            sa.text("UPDATE audit SET talk = :talk WHERE handoff_id = :handoff"),
            {"talk": hashlib.sha256(conversation_id.encode()).hexdigest(), "handoff": handoff_id},
        )
    if connection.dialect.name == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _sqlite():
    op.execute(f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END")
    op.execute(
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit WHEN OLD.at > datetime('now', '-365 days') "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _postgresql():
    op.execute(
        f"""
        CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND OLD.at <= now() - interval '365 days' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '{REFUSAL}';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_only_grows()"
    )
    op.execute(
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
    )
