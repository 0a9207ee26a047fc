"""Conversations: workers, conversations, turns, messages with parts and their full-text index, attachments.

Only adds, so a program of revision 0001 may go on working on the store.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables and the index of words."""
    _make_workers()
    _make_conversations()
    _make_turns()
    _make_messages()
    _make_attachments()
    for statement in WORDS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _make_workers() -> None:
    op.create_table(
        "workers",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("cli", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200)),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("permission", sa.String(16), nullable=False),
        sa.Column("environment", sa.LargeBinary()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workers"),
        sa.UniqueConstraint("name", name="uq_workers_name"),
    )


def _make_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("worker_id", sa.String(32)),
        sa.Column("cli", sa.String(64), nullable=False),
        sa.Column("model", sa.String(200)),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("permission", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.String(32)),
        sa.Column("worktree", sa.JSON()),
        sa.Column("commands", sa.JSON(), nullable=False),
        sa.Column("preview", sa.Text(), nullable=False),
        sa.Column("problem", sa.JSON()),
        sa.Column("acp_session", sa.Text()),
        sa.Column("always", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_worker_id", "conversations", ["worker_id"])
    op.create_index("ix_conversations_updated_at", "conversations", ["updated_at"])


def _make_turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("worker_id", sa.String(32)),
        sa.Column("cli", sa.String(64), nullable=False),
        sa.Column("usage", sa.JSON()),
        sa.Column("problem", sa.JSON()),
        sa.Column("tree_before", sa.String(64)),
        sa.Column("tree_after", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_turns"),
        _of_conversation("turns"),
    )
    op.create_index("ix_turns_conversation_id", "turns", ["conversation_id"])
    op.create_index("ix_turns_started_at", "turns", ["started_at"])


def _make_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("turn_id", sa.String(32), nullable=False),
        sa.Column("role", sa.String(8), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("client_id", sa.String(128)),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_messages"),
        sa.UniqueConstraint("id", name="uq_messages_id"),
        sa.UniqueConstraint("conversation_id", "client_id", name="uq_messages_conversation_id_client_id"),
        _of_conversation("messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_conversation_id_id", "messages", ["conversation_id", "id"])
    op.create_table(
        "parts",
        sa.Column("message_id", sa.String(32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "place", name="pk_parts"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="fk_parts_message_id_messages", ondelete="CASCADE"
        ),
    )


def _make_attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("mime", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        _of_conversation("attachments"),
    )
    op.create_index("ix_attachments_conversation_id", "attachments", ["conversation_id"])


def _of_conversation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["conversation_id"], ["conversations.id"], name=f"fk_{table}_conversation_id_conversations", ondelete="CASCADE"
    )


WORDS = {
    "sqlite": (
        """CREATE VIRTUAL TABLE messages_fts USING fts5(
            text, content='messages', content_rowid='seq', tokenize='unicode61 remove_diacritics 2')""",
        """CREATE TRIGGER messages_fts_added AFTER INSERT ON messages
        BEGIN INSERT INTO messages_fts (rowid, text) VALUES (NEW.seq, NEW.text); END""",
        """CREATE TRIGGER messages_fts_removed AFTER DELETE ON messages
        BEGIN INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', OLD.seq, OLD.text); END""",
        """CREATE TRIGGER messages_fts_changed AFTER UPDATE OF text ON messages
        BEGIN
            INSERT INTO messages_fts (messages_fts, rowid, text) VALUES ('delete', OLD.seq, OLD.text);
            INSERT INTO messages_fts (rowid, text) VALUES (NEW.seq, NEW.text);
        END""",
    ),
    "postgresql": ("CREATE INDEX ix_messages_words ON messages USING gin (to_tsvector('simple', text))",),
}
