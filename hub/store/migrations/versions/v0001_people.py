"""Organisations, groups, people, memberships, tokens, invitations, the audit log, settings.

Revision ID: 0001_people
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from foundation.store.guards import audit_guards

revision = "0001_people"
down_revision: str | None = None
branch_labels = None
depends_on = None

KEEP_SECONDS = 365 * 24 * 3600


def upgrade() -> None:
    """Make the tables and the audit log's guards."""
    _make_organisations()
    _make_people()
    _make_memberships()
    _make_tokens()
    _make_invitations()
    _make_audit()
    settings = op.create_table(
        "settings",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )
    op.bulk_insert(
        settings,
        [{"name": "schema.needs", "value": revision}, {"name": "audit.keep_seconds", "value": KEEP_SECONDS}],
    )
    for statement in audit_guards(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{other}"
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _make_organisations() -> None:
    op.create_table(
        "organisations",
        _id(),
        sa.Column("name", sa.String(64), nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_organisations"),
        sa.UniqueConstraint("name", name="uq_organisations_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "groups",
        _id(),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        _key("groups", "organisation_id", "organisations"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_groups_organisation_id_name"),
        sqlite_autoincrement=True,
    )


def _make_people() -> None:
    op.create_table(
        "people",
        _id(),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("administrator", sa.Boolean(), nullable=False),
        _time("created_at"),
        _time("last_login_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
        sa.UniqueConstraint("email", name="uq_people_email"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "external_logins",
        _id(),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(255), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_external_logins"),
        _key("external_logins", "person_id", "people"),
        sa.UniqueConstraint("issuer", "subject", name="uq_external_logins_issuer_subject"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_external_logins_person_id", "external_logins", ["person_id"])


def _make_memberships() -> None:
    op.create_table(
        "memberships",
        _id(),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer()),
        sa.Column("role", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_memberships"),
        _key("memberships", "person_id", "people"),
        _key("memberships", "organisation_id", "organisations"),
        _key("memberships", "group_id", "groups"),
        sa.UniqueConstraint("person_id", "group_id", name="uq_memberships_person_id_group_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_memberships_organisation_id", "memberships", ["organisation_id"])
    op.create_index("ix_memberships_group_id", "memberships", ["group_id"])
    op.create_index(
        "uq_memberships_person_id_whole_organisation",
        "memberships",
        ["person_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("group_id IS NULL"),
        postgresql_where=sa.text("group_id IS NULL"),
    )


def _make_tokens() -> None:
    op.create_table(
        "tokens",
        _id(),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16)),
        sa.Column("scoped", sa.Boolean(), nullable=False),
        _time("created_at"),
        _time("last_used_at", nullable=True),
        _time("expires_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        _key("tokens", "person_id", "people"),
        sa.UniqueConstraint("secret_sha256", name="uq_tokens_secret_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_person_id", "tokens", ["person_id"])
    op.create_table(
        "token_groups",
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_id", "group_id", name="pk_token_groups"),
        _key("token_groups", "token_id", "tokens"),
        _key("token_groups", "group_id", "groups"),
    )
    op.create_index("ix_token_groups_group_id", "token_groups", ["group_id"])


def _make_invitations() -> None:
    op.create_table(
        "invitations",
        _id(),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer()),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("invited_by", sa.String(32), nullable=False),
        _time("created_at"),
        _time("expires_at"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        _key("invitations", "organisation_id", "organisations"),
        _key("invitations", "group_id", "groups"),
        sa.UniqueConstraint("secret_sha256", name="uq_invitations_secret_sha256"),
        sqlite_autoincrement=True,
    )
    for column in ("organisation_id", "group_id", "email"):
        op.create_index(f"ix_invitations_{column}", "invitations", [column])


def _make_audit() -> None:
    op.create_table(
        "audit",
        _id(),
        _time("at"),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(512), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("organisation_id", sa.Integer()),
        sa.Column("device_id", sa.String(128)),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    for column in ("at", "organisation_id", "device_id"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
