"""The store: one database per process, opened at its newest schema."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread
from typing import Self
from weakref import WeakSet

from sqlalchemy import event
from sqlalchemy.engine import URL, AdaptedConnection

import foundation
from foundation.store.engine import PATIENCE, READS_ONLY, make_engine, prepare_file, store_url
from foundation.store.failures import store_problems
from foundation.store.light import AsyncConnection, AsyncEngine
from foundation.store.migrate import URL_VARIABLE
from foundation.store.schema import Schema, Standing, standing
from protocol.problems import Problem, ProblemCode, ProblemInfo

LAST_STATEMENT_SECONDS = 2.0
"""How long a closing store waits for statements whose callers were cancelled."""


class Store:
    """Transactions on the program's database. SQLite in WAL mode by default, PostgreSQL by address."""

    def __init__(self, url: URL, engine: AsyncEngine, schema: Schema) -> None:
        self._url = url
        self._schema = schema
        self._engine = engine
        self._threads: WeakSet[Thread] = WeakSet()
        event.listen(engine.sync_engine, "connect", self._connected)

    @classmethod
    async def open(cls, url: str, schema: Schema, *, patience: float = PATIENCE) -> Self:
        """Open the store at ``url`` (``sqlite:////path`` or ``postgresql://…``), made or migrated to ``schema``.

        A PostgreSQL that is silent for ``patience`` seconds counts as away, then and later. Raises :class:`Problem`
        for an address that is none, a damaged file, a full disk, a database that does not answer, or a schema that is
        too new.
        """
        parsed, engine = await asyncio.to_thread(_prepared, url, patience)
        store = cls(parsed, engine, schema)
        try:
            if await store._standing() is Standing.BEHIND:
                await store._engine.dispose()
                await _migrate(parsed, schema.migrations)
                if await store._standing() is Standing.BEHIND:
                    raise Problem(ProblemCode.INTERNAL, "The store is still old after its migration. See the log.")
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def url(self) -> str:
        """The store's address without its password."""
        return self._url.render_as_string(hide_password=True)

    async def close(self) -> None:
        """Let go of the database. Transactions that still run lose their connection."""
        await self._engine.dispose()
        await asyncio.to_thread(_ended, list(self._threads))

    def _connected(self, connection: AdaptedConnection, _record: object) -> None:
        # The thread of an aiosqlite connection, which may be at a statement that nobody waits for any more.
        thread = getattr(connection.driver_connection, "_thread", None)
        if isinstance(thread, Thread):
            self._threads.add(thread)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that may write: committed at the end, rolled back on an error.

        Raises :class:`Problem` where the database cannot; a broken rule of a table stays an ``IntegrityError``.
        """
        with store_problems():
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that only reads and sees one moment; it does not wait for those that write."""
        with store_problems():
            async with self._engine.connect() as connection:
                await connection.execution_options(**{READS_ONLY: True})
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """A connection for one statement that only reads, which may be given to the driver itself.

        There is no transaction then, whose steps each take a message to the driver's thread: longer than a small
        statement takes.
        """
        with store_problems():
            async with self._engine.connect() as connection:
                await connection.execution_options(**{READS_ONLY: True})
                yield connection

    async def _standing(self) -> Standing:
        async with self.read() as connection:
            return await standing(connection, self._schema)


def _ended(threads: Sequence[Thread]) -> None:
    """Wait for the driver's threads: each tells the loop what came out, and there may be none later."""
    deadline = time.monotonic() + LAST_STATEMENT_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _prepared(url: str, patience: float) -> tuple[URL, AsyncEngine]:
    # All of this touches files: the path, the database, and the driver's modules.
    parsed = store_url(url)
    prepare_file(parsed)
    return parsed, make_engine(parsed, patience=patience)


async def _migrate(url: URL, migrations: Path) -> None:
    """Bring the store to the newest schema in a process of its own, so that Alembic never lives in this one."""
    # The address may hold a password: it goes by the environment, which unlike arguments only this user can read.
    environment = {**os.environ, URL_VARIABLE: url.render_as_string(hide_password=False)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "foundation.store.migrate",
        str(migrations),
        cwd=Path(foundation.__path__[0]).parent,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        output, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    if process.returncode:
        raise _migration_problem(output)


def _migration_problem(output: bytes) -> Problem:
    try:
        info = ProblemInfo.model_validate(json.loads(output.decode().splitlines()[-1]))
    except (ValueError, IndexError):
        return Problem(ProblemCode.INTERNAL, "The store could not be migrated. See the log for the reason.")
    return Problem(info.code, info.message, info.details)
