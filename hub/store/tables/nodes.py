"""The nodes of the hub, which of them holds which device's socket, and the commands that wait for devices."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime
from hub.store.tables.metadata import METADATA

nodes = sa.Table(
    "nodes",
    METADATA,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("lease_until", UtcDateTime, nullable=False),
)
"""One row for each process that runs, by the database's own clock. A node whose lease is over counts as dead."""

presence = sa.Table(
    "presence",
    METADATA,
    sa.Column("device_id", sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("node_id", sa.String(16), index=True),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
)
"""Written when a device connects and when it goes. ``node_id`` NULL: offline since then. ``epoch`` counts connections
over all nodes: a socket of a smaller one is a leftover."""

commands = sa.Table(
    "commands",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("device_id", sa.ForeignKey("devices.id", ondelete="CASCADE"), nullable=False),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("key_owner", sa.String(64), nullable=False),
    sa.Column("idempotency_key", sa.String(128)),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("sent_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime, index=True),
    sa.Column("node_id", sa.String(16)),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.String(1024)),
    sa.Column("answer", sa.LargeBinary),
    sa.UniqueConstraint("device_id", "key_owner", "idempotency_key"),
    sa.Index("ix_commands_device_id_state", "device_id", "state"),
    sa.Index("ix_commands_state_node_id", "state", "node_id"),
    sqlite_autoincrement=True,
)
"""The truth about commands that were accepted to be carried out later. ``payload`` and ``answer`` are sealed: they may
hold secrets and screens. ``node_id`` is who sent it. The order of a device's commands is that of their ids."""
