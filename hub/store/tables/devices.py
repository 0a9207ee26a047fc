"""Devices, the claims of those that wait for a person, and the batches that let devices in without one.

No secret in plain text: codes are keyed digests, tokens SHA-256 digests, keys public ones.
"""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime
from hub.store.tables.metadata import METADATA

MAX_NAME = 64

devices = sa.Table(
    "devices",
    METADATA,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id"), nullable=False),
    sa.Column("group_id", sa.ForeignKey("groups.id"), nullable=False, index=True),
    sa.Column("name", sa.String(MAX_NAME), nullable=False),
    sa.Column("public_key", sa.LargeBinary(32), unique=True),
    sa.Column("bearer_digest", sa.String(64)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("claimed_by", sa.String(128), nullable=False),
    sa.UniqueConstraint("organisation_id", "name"),
)
"""``id`` is the gateway_id. A device proves a key or shows a bearer token; ``state`` is ``active`` or ``revoked``."""

former_keys = sa.Table(
    "former_keys",
    METADATA,
    sa.Column("gateway_id", sa.String(128), primary_key=True),
    sa.Column("public_key", sa.LargeBinary(32), nullable=False),
)
"""The last key of a removed device that had rotated it: its id is the hash of its first key, which it has no more."""

claims = sa.Table(
    "claims",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code_digest", sa.String(64), nullable=False, unique=True),
    sa.Column("gateway_id", sa.String(128), nullable=False, index=True),
    sa.Column("public_key", sa.LargeBinary(32), nullable=False),
    sa.Column("hostname", sa.String(128), nullable=False),
    sa.Column("version", sa.String(128), nullable=False),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
    sa.Column("opened_by", sa.Integer),
    sqlite_autoincrement=True,
)
"""One per code. ``opened_by`` is the person who entered it; from then on ``expires_at`` is the time to confirm."""

batches = sa.Table(
    "batches",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("token_digest", sa.String(64), nullable=False, unique=True),
    sa.Column("max_uses", sa.Integer, nullable=False),
    sa.Column("uses", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sqlite_autoincrement=True,
)
"""``uses`` never passes ``max_uses``: each use is counted in the transaction that makes the device."""
