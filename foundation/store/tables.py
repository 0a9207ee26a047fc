"""What the stores of a device and of a hub have in common: names of constraints, times, and two tables."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""How constraints and indexes are called, for ``MetaData(naming_convention=…)``: a migration has to know the names."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; databases without time zones (SQLite) keep it as its UTC reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database. A naive time is a mistake and raises :class:`ValueError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the store takes aware times only")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


SETTINGS = sa.table("settings", sa.column("name", sa.String(64)), sa.column("value", sa.JSON))
"""The table of :func:`settings_table` in whichever store a statement runs."""


def settings_table(metadata: sa.MetaData) -> sa.Table:
    """Small named values. ``schema.needs`` and ``audit.keep_seconds`` are the store's own."""
    return sa.Table(
        "settings",
        metadata,
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )


def audit_table(metadata: sa.MetaData, *more: sa.Column[int] | sa.Column[str]) -> sa.Table:
    """The audit log, with ``more`` columns of the store's own after its eight.

    Append-only: triggers made by a migration (:mod:`foundation.store.guards`) refuse changes, and removal before the
    retention is over.
    """
    return sa.Table(
        "audit",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False, index=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(512), nullable=False),
        sa.Column("result", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        *more,
        sqlite_autoincrement=True,
    )
