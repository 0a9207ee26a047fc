"""The engine for a store's address, set up the same for the daemon and for migrations."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, event, exc
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.pool import PoolResetState

from foundation.files import FILE_MODE, create_private, make_private_folder, problems_of
from foundation.store.light import AsyncEngine, create_async_engine
from protocol.problems import Problem, ProblemCode

DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
CONNECTIONS = 3
"""Each costs a thread and a page cache; one writes at a time anyway."""
BUSY_MILLISECONDS = 10_000
PATIENCE = 10.0
"""Seconds a PostgreSQL may take for an answer, or for a connection, unless somebody says otherwise."""
READS_ONLY = "hutch_reads_only"
"""Execution option of a transaction that does not write, and so need not wait for one that does."""


def store_url(text: str) -> URL:
    """Read a store's address; SQLite and PostgreSQL are known. Raises :class:`Problem`."""
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        # The text may hold a password, so it is not repeated.
        raise Problem(
            ProblemCode.INVALID_REQUEST, "The store's address is not a URL. Write sqlite:////path/to/hutch.db."
        ) from None
    backend = url.drivername.partition("+")[0]
    if backend not in DRIVERS:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"The store cannot be kept in {backend}. Use sqlite:////path/to/hutch.db or postgresql://user@host/name.",
        )
    url = url.set(drivername=DRIVERS[backend])
    if backend == "sqlite":
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise Problem(ProblemCode.INVALID_REQUEST, "The store needs a file: write sqlite:////path/to/hutch.db.")
        url = url.set(database=str(Path(url.database).absolute()))
    return url


def prepare_file(url: URL) -> None:
    """Make the SQLite file (0600) and its folder (0700) where they are missing. Blocks; raises :class:`Problem`."""
    if url.get_backend_name() != "sqlite":
        return
    path = Path(url.database or "")
    make_private_folder(path.parent)
    if not path.exists():
        create_private(path, _empty_database())
    with problems_of(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            os.fchmod(descriptor, FILE_MODE)
        finally:
            os.close(descriptor)


def _empty_database() -> bytes:
    """A database in WAL mode from its first byte on (18 and 19 of a file's header are 2, sqlite.org/fileformat.html).

    Of two programs that change a new file to WAL mode at once, SQLite refuses one, however long it would wait.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("VACUUM")
        header = bytearray(connection.serialize())
    header[18:20] = b"\x02\x02"
    return bytes(header)


def make_engine(url: URL, *, enforce_references: bool = True, patience: float | None = None) -> AsyncEngine:
    """An engine for an address from :func:`store_url`. Raises :class:`Problem` where the driver is missing.

    Migrations rebuild tables, during which SQLite must not follow references (``enforce_references`` False), and take
    as long as they take (``patience`` None): else a PostgreSQL that says nothing for so many seconds counts as away.
    SQLite waits for a lock at most, and that is bounded by itself.
    """
    options: dict[str, object] = {}
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite:
        options = {"pool_reset_on_return": None}
    elif patience is not None:
        options = {"pool_timeout": patience, "connect_args": {"timeout": patience, "command_timeout": patience}}
    try:
        engine = create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0, hide_parameters=True, **options)
    except ModuleNotFoundError:
        raise Problem(
            ProblemCode.UNAVAILABLE, "The driver for PostgreSQL is missing. Install it: pip install asyncpg."
        ) from None
    if is_sqlite:
        _set_up_sqlite(engine, enforce_references)
    elif patience is not None:
        event.listen(engine.sync_engine, "handle_error", _drop_silent)
    return engine


def _drop_silent(failure: ExceptionContext) -> None:
    """A connection whose server is silent is closed at once: to roll back would be another question to it."""
    if isinstance(failure.original_exception, TimeoutError):
        failure.is_disconnect = True


class _Cursor(Protocol):
    def execute(self, statement: str) -> object: ...
    def close(self) -> None: ...


class _Driver(Protocol):
    @property
    def in_transaction(self) -> bool: ...


class _DriverConnection(Protocol):
    isolation_level: str | None

    @property
    def driver_connection(self) -> _Driver: ...

    def cursor(self) -> _Cursor: ...
    def rollback(self) -> None: ...


def _set_up_sqlite(engine: AsyncEngine, enforce_references: bool) -> None:
    pragmas = (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"foreign_keys={'ON' if enforce_references else 'OFF'}",
        "cache_size=-512",
        "temp_store=MEMORY",
    )

    def connected(connection: _DriverConnection, _record: object) -> None:
        # Without this the driver begins transactions by itself, and too late for a read that a write depends on.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            for pragma in pragmas:
                cursor.execute(f"PRAGMA {pragma}")
        finally:
            cursor.close()

    def begun(connection: Connection) -> None:
        reads_only = connection.get_execution_options().get(READS_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")

    def given_up(connection: _DriverConnection, _record: object, _error: object) -> None:
        # Whoever was cancelled in a transaction may still be at a statement, and closing does not end what it holds:
        # everybody else would wait for a lock that nobody lets go of.
        with suppress(Exception):
            connection.rollback()

    def returned(connection: _DriverConnection, _record: object, state: PoolResetState) -> None:
        # The pool would always roll back, which is a message to the driver's thread and an answer, for nothing mostly.
        if not state.terminate_only and connection.driver_connection.in_transaction:
            connection.rollback()

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "reset", returned)
    event.listen(engine.sync_engine, "invalidate", given_up)
    event.listen(engine.sync_engine, "begin", begun)
