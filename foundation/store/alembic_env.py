"""Alembic's way in: runs the revisions in one transaction on the engine that the program uses too.

For the ``env.py`` of a folder of migrations, and for nobody else: it imports Alembic.
"""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from foundation.store.engine import make_engine, prepare_file
from protocol.problems import Problem, ProblemCode

_LOCK = 0x4855544348
"""A number of our own for PostgreSQL's advisory locks; SQLite's write transaction is lock enough."""


def run(metadata: sa.MetaData) -> None:
    """Migrate the store that :func:`foundation.store.migrate.migrate` was told of, whose tables are ``metadata``'s."""
    asyncio.run(_migrate(context.config.attributes["url"], metadata))


async def _migrate(url: URL, metadata: sa.MetaData) -> None:
    prepare_file(url)
    engine = make_engine(url, enforce_references=False)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run, metadata)
    finally:
        await engine.dispose()


def _run(connection: Connection, metadata: sa.MetaData) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    # SQLite can roll back schema changes; Alembic only believes it when told.
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite" and connection.execute(sa.text("PRAGMA foreign_key_check")).first():
        raise Problem(ProblemCode.INTERNAL, "The migration would break references in the store; nothing was changed.")
