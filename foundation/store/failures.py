"""What a database says when it cannot, as problems that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socket import gaierror

from sqlalchemy import exc

from protocol.problems import Problem, ProblemCode

_SQLITE: dict[int, tuple[ProblemCode, str]] = {
    3: (ProblemCode.PERMISSION_DENIED, "The store may not be written by this user. Check who owns its folder."),
    5: (ProblemCode.UNAVAILABLE, "Another program holds the store. Try again in a moment."),
    6: (ProblemCode.UNAVAILABLE, "Another program holds the store. Try again in a moment."),
    8: (ProblemCode.PERMISSION_DENIED, "The store is read-only for this user. Check who owns it and its folder."),
    10: (ProblemCode.UNAVAILABLE, "The store's disk reports an error. Check the disk, then start Hutch again."),
    11: (ProblemCode.UNAVAILABLE, "The store is damaged. Stop Hutch and bring the file back from a backup."),
    13: (ProblemCode.DISK_FULL, "The disk is full, nothing can be stored. Free some space."),
    14: (ProblemCode.UNAVAILABLE, "The store cannot be opened. Check that its folder exists and belongs to this user."),
    26: (ProblemCode.UNAVAILABLE, "The store is damaged, or no database. Stop Hutch and bring back a backup."),
}
"""SQLite's primary result codes (https://www.sqlite.org/rescode.html)."""
_BUSY = (ProblemCode.UNAVAILABLE, "The store is busy. Try again in a moment.")
_SILENT = (ProblemCode.UNAVAILABLE, "The database does not answer. Check that it runs and lets us in.")
_POSTGRESQL: dict[str, tuple[ProblemCode, str]] = {
    "08": _SILENT,
    "25006": (ProblemCode.UNAVAILABLE, "The database only lets us read. Check that it is the primary and not a copy."),
    "40": _BUSY,
    "53": _BUSY,
    "53100": (ProblemCode.DISK_FULL, "The database's disk is full, nothing can be stored. Free some space."),
    "57P": _SILENT,
}
"""PostgreSQL's error codes, whole or by how they begin (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def problem_of(error: exc.SQLAlchemyError) -> Problem:
    """The problem behind a failed statement; never shows the statement's values."""
    code = sqlite_code(error) if isinstance(error, exc.DBAPIError) else None
    if code is not None and code & 0xFF in _SQLITE:
        return Problem(*_SQLITE[code & 0xFF])
    if isinstance(error, exc.TimeoutError):
        return Problem(*_BUSY)
    if code is None and isinstance(error, exc.DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        for known in (state, state[:3], state[:2]):
            if known in _POSTGRESQL:
                return Problem(*_POSTGRESQL[known])
    if code is None and (isinstance(error, exc.OperationalError | exc.InterfaceError) or _is_lost(error)):
        return Problem(*_SILENT)
    return Problem(ProblemCode.INTERNAL, f"The store refused a statement ({type(error).__name__}). See the log.")


def _is_lost(error: exc.SQLAlchemyError) -> bool:
    """Whether there was no connection yet, or is none any more."""
    return isinstance(error, exc.DBAPIError) and (error.statement is None or error.connection_invalidated)


def sqlite_code(error: exc.DBAPIError) -> int | None:
    """SQLite's own number for an error, None for another database."""
    cause: BaseException | None = error.orig
    while cause is not None:
        code = getattr(cause, "sqlite_errorcode", None)
        if isinstance(code, int):
            return code
        cause = cause.__cause__
    return None


@contextmanager
def store_problems() -> Iterator[None]:
    """Turn what the database reports into problems.

    A broken rule of a table (IntegrityError) stays what it is, and so does a statement that is wrong in itself.
    """
    try:
        yield
    except exc.IntegrityError:
        raise
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise problem_of(error) from error
    except (ConnectionError, TimeoutError, gaierror) as error:
        raise Problem(*_SILENT) from error
