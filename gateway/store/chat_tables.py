"""The tables of conversations: workers, conversations, turns, messages with their parts, attachments.

``messages.text`` is what the full-text search reads: the words of the message, written once it is complete. On SQLite
triggers keep the index ``messages_fts`` (FTS5, external content) in step with it; PostgreSQL has an index over it.
"""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime
from gateway.store.metadata import metadata

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("cli", sa.String(64), nullable=False),
    sa.Column("model", sa.String(200)),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("instructions", sa.Text, nullable=False),
    sa.Column("permission", sa.String(16), nullable=False),
    sa.Column("environment", sa.LargeBinary),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
)
"""``environment`` is sealed (:mod:`foundation.secrets_box`), because it may hold keys."""

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("worker_id", sa.String(32), index=True),
    sa.Column("cli", sa.String(64), nullable=False),
    sa.Column("model", sa.String(200)),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("permission", sa.String(16), nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False, index=True),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("origin", sa.String(16), nullable=False),
    sa.Column("parent_id", sa.String(32)),
    sa.Column("worktree", sa.JSON),
    sa.Column("commands", sa.JSON, nullable=False),
    sa.Column("preview", sa.Text, nullable=False),
    sa.Column("problem", sa.JSON),
    sa.Column("acp_session", sa.Text),
    sa.Column("always", sa.JSON, nullable=False),
    sa.Column("acp_opened_at", UtcDateTime),
)

turns = sa.Table(
    "turns",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("message_id", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False, index=True),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("worker_id", sa.String(32)),
    sa.Column("cli", sa.String(64), nullable=False),
    sa.Column("usage", sa.JSON),
    sa.Column("problem", sa.JSON),
    sa.Column("tree_before", sa.String(64)),
    sa.Column("tree_after", sa.String(64)),
)
"""``message_id`` is what the person sent; a turn that is tried again has the one of the turn before. The trees are git
objects: the folder before and after the turn."""

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("turn_id", sa.String(32), nullable=False),
    sa.Column("role", sa.String(8), nullable=False),
    sa.Column("by", sa.String(200), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("completed_at", UtcDateTime),
    sa.Column("client_id", sa.String(128)),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("ix_messages_conversation_id_id", "conversation_id", "id"),
    sa.UniqueConstraint("conversation_id", "client_id", name="uq_messages_conversation_id_client_id"),
    sqlite_autoincrement=True,
)

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("message_id", sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.JSON, nullable=False),
)
"""One row for each part, so that an answer that grows rewrites only what grew."""

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("mime", sa.String(127), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
"""The bytes lie in a file named after the id."""
