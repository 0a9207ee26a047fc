"""Alembic's way in: runs the revisions in one transaction on the engine that the daemon uses too."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic import context
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from gateway.store.engine import make_engine, prepare_file
from gateway.store.tables import metadata
from protocol.problems import Problem, ProblemCode

_LOCK = 0x4855544348
"""A number of our own for PostgreSQL's advisory locks; SQLite's write transaction is lock enough."""


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    # SQLite can roll back schema changes; Alembic only believes it when told.
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite" and connection.execute(sa.text("PRAGMA foreign_key_check")).first():
        raise Problem(ProblemCode.INTERNAL, "The migration would break references in the store; nothing was changed.")


async def _main(url: URL) -> None:
    prepare_file(url)
    engine = make_engine(url, enforce_references=False)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await engine.dispose()


asyncio.run(_main(context.config.attributes["url"]))
