"""Organisations and their groups, people and what they may do where, their tokens, and the audit log.

No secret is kept in plain text: passwords are argon2id hashes, tokens and invitations SHA-256 digests.
"""

from __future__ import annotations

import sqlalchemy as sa

from foundation.store.tables import UtcDateTime, audit_table
from hub.store.tables.metadata import METADATA

organisations = sa.Table(
    "organisations",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

groups = sa.Table(
    "groups",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("organisation_id", "name"),
    sqlite_autoincrement=True,
)
"""What devices lie in, each in exactly one."""

people = sa.Table(
    "people",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(32), nullable=False, unique=True),
    sa.Column("email", sa.String(254), unique=True),
    sa.Column("password_hash", sa.String(255)),
    sa.Column("administrator", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_login_at", UtcDateTime),
    sqlite_autoincrement=True,
)
"""Without a password hash, somebody logs in with OpenID Connect only. E-mail addresses are kept in lower case."""

external_logins = sa.Table(
    "external_logins",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("issuer", sa.String(255), nullable=False),
    sa.Column("subject", sa.String(255), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("issuer", "subject"),
    sqlite_autoincrement=True,
)
"""Who somebody is at an OpenID provider: the subject never changes, an e-mail address may."""

memberships = sa.Table(
    "memberships",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.UniqueConstraint("person_id", "group_id"),
    sqlite_autoincrement=True,
)
"""What somebody may do: in a whole organisation where ``group_id`` is NULL, else in that one group of it."""
sa.Index(
    "uq_memberships_person_id_whole_organisation",
    memberships.c.person_id,
    memberships.c.organisation_id,
    unique=True,
    sqlite_where=memberships.c.group_id.is_(None),
    postgresql_where=memberships.c.group_id.is_(None),
)

tokens = sa.Table(
    "tokens",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person_id", sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("label", sa.String(64), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("role", sa.String(16)),
    sa.Column("scoped", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("expires_at", UtcDateTime),
    sqlite_autoincrement=True,
)
"""Ids are never given twice: what was told to be revoked stays revoked. ``role`` is the most it may, NULL for all that
its person may; ``scoped`` stays when the groups it was for are gone, so that it never comes to mean everything."""

token_groups = sa.Table(
    "token_groups",
    METADATA,
    sa.Column("token_id", sa.ForeignKey("tokens.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True),
)
"""The groups a scoped token is for."""

invitations = sa.Table(
    "invitations",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("organisation_id", sa.ForeignKey("organisations.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("group_id", sa.ForeignKey("groups.id", ondelete="CASCADE"), index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("name", sa.String(32), nullable=False),
    sa.Column("email", sa.String(254), index=True),
    sa.Column("secret_sha256", sa.String(64), nullable=False, unique=True),
    sa.Column("invited_by", sa.String(32), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)
"""Open invitations; one that is accepted is removed in the same transaction, which makes it work once."""

audit = audit_table(
    METADATA,
    sa.Column("organisation_id", sa.Integer, index=True),
    sa.Column("device_id", sa.String(128), index=True),
)
"""No references: an entry outlives the organisation and the device it tells of."""
