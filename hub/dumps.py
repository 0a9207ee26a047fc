"""PostgreSQL's own programs that write and read a dump of the hub's database."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL

from protocol.problems import Problem, ProblemCode

_SHOWN = 500
"""Characters of what a program says that are repeated."""


def dump(url: URL, file: Path) -> None:
    """Write the database into ``file`` (pg_dump's custom format). Raises :class:`Problem`."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={file}")


def restore(url: URL, file: Path, *, replace: bool) -> None:
    """Read a dump into the database, all of it or nothing. Raises :class:`Problem`."""
    clean = ["--clean", "--if-exists"] if replace else []
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", *clean, _database(url), str(file))


def _run(program: str, url: URL, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise Problem(
            ProblemCode.UNAVAILABLE,
            f"{program} is missing. Install PostgreSQL's programs (apt install postgresql-client), or back the "
            "database up as you do your others, and copy the hub's key beside it.",
        )
    done = subprocess.run(
        [found, *arguments],
        env={**os.environ, **_environment(url)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if done.returncode:
        text = " ".join(done.stderr.decode(errors="replace").split())[:_SHOWN]
        raise Problem(ProblemCode.UNAVAILABLE, f"{program} did not succeed: {text}")


def _database(url: URL) -> str:
    return f"--dbname={url.database or ''}"


def _environment(url: URL) -> dict[str, str]:
    """Where the database is, by environment: unlike arguments only this user can read it (libpq, 34.15)."""
    host, tls = url.host or url.query.get("host"), url.query.get("ssl")
    values = {
        "PGHOST": host if isinstance(host, str) else None,
        "PGSSLMODE": tls if isinstance(tls, str) else None,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
    }
    return {name: value for name, value in values.items() if value}
