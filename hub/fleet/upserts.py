"""Rows that are made or brought up to date: the same words for SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert

from foundation.store.light import AsyncConnection


def insert_for(connection: AsyncConnection, table: sa.Table) -> PostgresqlInsert | SqliteInsert:
    """An INSERT that knows ON CONFLICT in the database's own dialect."""
    return sqlite_insert(table) if connection.dialect.name == "sqlite" else postgresql_insert(table)


def upsert(connection: AsyncConnection, table: sa.Table) -> PostgresqlInsert | SqliteInsert:
    """An INSERT that brings the row with the same primary key up to date."""
    statement = insert_for(connection, table)
    keys = [column.name for column in table.primary_key.columns]
    changes = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def insert_new(
    connection: AsyncConnection, table: sa.Table, keys: Sequence[str] = ()
) -> PostgresqlInsert | SqliteInsert:
    """An INSERT that leaves a row alone that has the same keys (any, where none are named)."""
    return insert_for(connection, table).on_conflict_do_nothing(index_elements=list(keys) or None)
