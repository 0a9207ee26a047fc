"""The first schema: people, tokens, sessions, audit, health samples, settings.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

KEEP_SECONDS = 365 * 24 * 3600


def upgrade() -> None:
    """Make the tables and the audit log's guards."""
    _make_people_and_tokens()
    _make_sessions()
    _make_audit()
    _make_health_samples()
    settings = op.create_table(
        "settings",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.bulk_insert(
        settings,
        [{"name": "schema.needs", "value": "0001"}, {"name": "audit.keep_seconds", "value": KEEP_SECONDS}],
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _make_people_and_tokens() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_tokens_person_id_people", ondelete="CASCADE"),
        sa.UniqueConstraint("secret_sha256", name="uq_tokens_secret_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_person_id", "tokens", ["person_id"])


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("agent", sa.String(64)),
        sa.Column("workdir", sa.Text(), nullable=False),
        sa.Column("returns", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("cols", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(512), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"])


def _make_health_samples() -> None:
    op.create_table(
        "health_samples",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cpu_percent", sa.Float(), nullable=False),
        sa.Column("ram_used_bytes", sa.BigInteger(), nullable=False),
        sa.Column("ram_total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("disk_used_bytes", sa.BigInteger(), nullable=False),
        sa.Column("disk_total_bytes", sa.BigInteger(), nullable=False),
        sa.Column("uptime_seconds", sa.BigInteger(), nullable=False),
        sa.Column("temperature_celsius", sa.Float()),
        sa.Column("throttled", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_health_samples"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_health_samples_at", "health_samples", ["at"])


GUARDS = {
    "sqlite": (
        """CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        # An INSERT OR REPLACE would remove a row without any DELETE trigger being asked.
        """CREATE TRIGGER audit_refuses_replace BEFORE INSERT ON audit
        WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        # No row in settings means no retention, and then nothing goes.
        """CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
        WHEN NOT coalesce(
            julianday('now') - julianday(OLD.at)
            >= (SELECT CAST(value AS REAL) FROM settings WHERE name = 'audit.keep_seconds') / 86400.0,
            0)
        BEGIN SELECT RAISE(ABORT, 'the audit log keeps entries until their retention is over'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
        """CREATE FUNCTION audit_refuses_delete() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF coalesce(extract(epoch FROM clock_timestamp() - OLD.at)
                >= (SELECT value::text::float FROM settings WHERE name = 'audit.keep_seconds'), false)
            THEN RETURN OLD; END IF;
            RAISE EXCEPTION 'the audit log keeps entries until their retention is over'
                USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
        """CREATE TRIGGER audit_refuses_update BEFORE UPDATE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_refuses_change()""",
        """CREATE TRIGGER audit_refuses_truncate BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuses_change()""",
        """CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_refuses_delete()""",
    ),
}
