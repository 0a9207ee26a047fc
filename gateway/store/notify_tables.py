"""The tables of notifications. Addresses and keys in them are sealed, because they hold passwords."""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime
from gateway.store.metadata import metadata

targets = sa.Table(
    "notification_targets",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_sent_at", UtcDateTime),
    sa.Column("last_error", sa.String(256)),
    sqlite_autoincrement=True,
)
"""E-mail, webhooks and services, by the scheme of the address."""

subscriptions = sa.Table(
    "push_subscriptions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("label", sa.String(300), nullable=False),
    sa.Column("endpoint_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_sent_at", UtcDateTime),
    sa.Column("last_error", sa.String(256)),
    sqlite_autoincrement=True,
)
"""Browsers that asked to be told (Push API, W3C)."""

held = sa.Table(
    "held_notices",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("title", sa.String(300), nullable=False),
    sa.Column("body", sa.String(1000), nullable=False),
    sa.Column("path", sa.String(200), nullable=False),
)
"""What quiet hours hold back; a row goes when it is told, or nobody needs to know any more."""
