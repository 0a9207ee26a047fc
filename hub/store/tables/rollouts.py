"""Rollouts, and one row for each device that a rollout is for."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime
from hub.store.tables.metadata import METADATA

rollouts = sa.Table(
    "rollouts",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("release", sa.JSON, nullable=False),
    sa.Column("stages", sa.JSON, nullable=False),
    sa.Column("threshold", sa.JSON, nullable=False),
    sa.Column("pace", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(512), nullable=False),
    sa.Column("stage", sa.Integer, nullable=False),
    sa.Column("settled_at", UtcDateTime),
    sa.Column("forgiven", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, index=True),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("approved_by", sa.String(64)),
    sa.Column("approved_at", UtcDateTime),
    sqlite_autoincrement=True,
)
"""``next_at`` is what the nodes take work by; NULL while only a person can move the rollout."""

rollout_targets = sa.Table(
    "rollout_targets",
    METADATA,
    sa.Column("rollout_id", sa.ForeignKey("rollouts.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("device_id", sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("stage", sa.Integer),
    sa.Column("offered_at", UtcDateTime),
    sa.Column("due_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("error", sa.String(512), nullable=False),
)
sa.Index("ix_rollout_targets_rollout_id_state", rollout_targets.c.rollout_id, rollout_targets.c.state)
