"""The tables of a device, as SQLAlchemy Core describes them. A test holds the migrations to this description.

Times are kept in UTC and come back aware. No column holds a secret in plain text: passwords are argon2id hashes and
tokens SHA-256 digests.
"""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime, audit_table, settings_table
from gateway.store import chat_tables, notify_tables
from gateway.store.metadata import metadata

__all__ = [
    "audit",
    "chat_tables",
    "health_samples",
    "metadata",
    "notify_tables",
    "people",
    "sessions",
    "settings",
    "tokens",
]

people = sa.Table(
    "people",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(32), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("password_hash", sa.String(255), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_login_at", UtcDateTime),
    sqlite_autoincrement=True,
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("expires_at", UtcDateTime),
    sqlite_autoincrement=True,
)
"""Ids are never given twice: what was told to be revoked stays revoked."""

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("agent", sa.String(64)),
    sa.Column("workdir", sa.Text, nullable=False),
    sa.Column("returns", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("exit_code", sa.Integer),
    sa.Column("cols", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("boot_id", sa.String(64), nullable=False),
)

audit = audit_table(metadata)

health_samples = sa.Table(
    "health_samples",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("cpu_percent", sa.Float, nullable=False),
    sa.Column("ram_used_bytes", sa.BigInteger, nullable=False),
    sa.Column("ram_total_bytes", sa.BigInteger, nullable=False),
    sa.Column("disk_used_bytes", sa.BigInteger, nullable=False),
    sa.Column("disk_total_bytes", sa.BigInteger, nullable=False),
    sa.Column("uptime_seconds", sa.BigInteger, nullable=False),
    sa.Column("temperature_celsius", sa.Float),
    sa.Column("throttled", sa.Boolean),
    sqlite_autoincrement=True,
)

settings = settings_table(metadata)
