"""Devices, claims and batches.

Revision ID: 0002_devices
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_devices"
down_revision = "0001_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _make_devices()
    _make_claims()
    _make_batches()


def _make_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("public_key", sa.LargeBinary(32)),
        sa.Column("bearer_digest", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_by", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name="fk_devices_organisation_id_organisations"
        ),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_devices_group_id_groups"),
        sa.UniqueConstraint("public_key", name="uq_devices_public_key"),
        sa.UniqueConstraint("organisation_id", "name", name="uq_devices_organisation_id_name"),
    )
    op.create_index("ix_devices_group_id", "devices", ["group_id"])
    op.create_table(
        "former_keys",
        sa.Column("gateway_id", sa.String(128), nullable=False),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", name="pk_former_keys"),
    )


def _make_claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("gateway_id", sa.String(128), nullable=False),
        sa.Column("public_key", sa.LargeBinary(32), nullable=False),
        sa.Column("hostname", sa.String(128), nullable=False),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_claims"),
        sa.UniqueConstraint("code_digest", name="uq_claims_code_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_claims_gateway_id", "claims", ["gateway_id"])
    op.create_index("ix_claims_expires_at", "claims", ["expires_at"])


def _make_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(64), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name="fk_batches_group_id_groups", ondelete="CASCADE"),
        sa.UniqueConstraint("token_digest", name="uq_batches_token_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_batches_group_id", "batches", ["group_id"])
