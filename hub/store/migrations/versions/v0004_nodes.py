"""Nodes, presence and commands.

Revision ID: 0004_nodes
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_nodes"
down_revision = "0003_fleet"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "nodes",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )
    op.create_table(
        "presence",
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("node_id", sa.String(16)),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_presence"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_presence_device_id_devices", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_presence_node_id", "presence", ["node_id"])
    _make_commands()


def _make_commands() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(128), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("key_owner", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(128)),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("node_id", sa.String(16)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(1024)),
        sa.Column("answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_commands"),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name="fk_commands_device_id_devices", ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "device_id", "key_owner", "idempotency_key", name="uq_commands_device_id_key_owner_idempotency_key"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_commands_finished_at", "commands", ["finished_at"])
    op.create_index("ix_commands_device_id_state", "commands", ["device_id", "state"])
    op.create_index("ix_commands_state_node_id", "commands", ["state", "node_id"])
