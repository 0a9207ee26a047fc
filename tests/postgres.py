"""A real PostgreSQL for tests: Debian's server in a folder of its own, on loopback, never as root.

``postgres`` is the server of this test run, ``postgres_url`` an empty database in it for one test.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "logging_collector": "off",
}
"""Small and quick: what a power cut would cost does not matter here, but what is committed survives a crash. Without
autovacuum no process comes and goes."""

_EMPTY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE schemaname = 'public';
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'seeds' LOOP
        EXECUTE format('INSERT INTO public.%1$I SELECT * FROM seeds.%1$I', name);
    END LOOP;
END $$;
"""
"""Without triggers: those of the audit log refuse it. TRUNCATE makes new files for each table: 50 ms instead of 15."""
_KEEP_SEEDS = """
CREATE SCHEMA seeds;
DO $$ DECLARE name text; found boolean; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO found;
        IF found THEN EXECUTE format('CREATE TABLE seeds.%1$I AS TABLE public.%1$I', name); END IF;
    END LOOP;
END $$;
"""
"""The rows that a migration makes."""


def programs() -> Path:
    """The folder of the newest server there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL is missing: apt install postgresql")
    return found[-1].parent


def _account() -> str | None:
    """Whom the server runs as: itself where we are not root, which PostgreSQL refuses to run as."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Postgres:
    """A server that a test may stop and start; its port and databases stay. Every method blocks."""

    folder: Path
    port: int
    password: str
    account: str | None
    running: bool = False
    _kinds: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls) -> Postgres:
        """A fresh server, not started yet."""
        folder = Path(tempfile.mkdtemp(prefix="hutch-postgres-"))
        server = cls(folder, _free_port(), secrets.token_hex(8), _account())
        if server.account is not None:
            shutil.chown(folder, server.account)
        secret = folder / "password"
        secret.write_text(server.password)
        if server.account is not None:
            shutil.chown(secret, server.account)
        server._run(
            "initdb", "--username=hutch", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync", "--encoding=UTF8",
            "--locale=C", f"--pgdata={folder / 'data'}",
        )  # fmt: skip
        return server

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        # Started by pg_ctl it is nobody's child: a process of each connection is not taken for one a test left.
        self._run("pg_ctl", "start", "--wait", f"--pgdata={self.folder / 'data'}", f"--log={self._log}", "-o", options)
        self.running = True

    def stop(self) -> None:
        """Stop it as a crash would: clients are cut off, and what was committed is there after the next start."""
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self.folder / 'data'}")
        self.running = False

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It hangs while inside: connections are taken and kept, and nothing is answered."""
        server = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]))
        stopped = [server, *server.children(recursive=True)]
        for process in stopped:
            process.suspend()
        try:
            yield
        finally:
            for process in stopped:
                process.resume()

    def remove(self) -> None:
        """Remove everything; it is stopped."""
        shutil.rmtree(self.folder)

    def make_database(self, name: str, template: str = "template0") -> str:
        """An empty database, or a copy of one that nobody is connected to; the answer is its address."""
        self._run("createdb", *self._where, f"--template={template}", name)
        return self.url(name)

    def emptied(self, kind: str, make: Callable[[str], None]) -> str:
        """The database of this kind, as ``make`` made it once, given its address; whoever had it has it no more.

        One for each test would be a second of work and 300 files.
        """
        if kind not in self._kinds:
            name = f"{kind}_{secrets.token_hex(4)}"
            make(self.make_database(name))
            self._kinds[kind] = name
            self._psql(name, _KEEP_SEEDS)
        else:
            self._psql(self._kinds[kind], _EMPTY)
        return self.url(self._kinds[kind])

    def url(self, name: str) -> str:
        """The address of a database. Without TLS, for which the driver would look at files in the home folder."""
        return f"postgresql://hutch:{self.password}@127.0.0.1:{self.port}/{name}?ssl=disable"

    def _psql(self, database: str, statements: str) -> None:
        where = (*self._where, f"--dbname={database}")
        self._run("psql", *where, "--set=ON_ERROR_STOP=1", f"--command={statements}", output=subprocess.PIPE)

    @property
    def _where(self) -> tuple[str, ...]:
        return ("--host=127.0.0.1", f"--port={self.port}", "--username=hutch")

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _run(self, program: str, *arguments: str, output: int = subprocess.DEVNULL) -> None:
        """Run one to its end. Through a pipe that is known at once, and without one 50 ms late: Python looks."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "PGPASSWORD": self.password, "LC_ALL": "C"}
        done = subprocess.run(
            [str(programs() / program), *arguments],
            user=self.account,
            extra_groups=None if self.account is None else [],
            group=None if self.account is None else pwd.getpwnam(self.account).pw_gid,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            # No pipe for pg_ctl: the server would keep it open.
            stdout=output,
            stderr=output,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            log = self._log.read_text()[-2000:] if self._log.exists() else ""
            said = done.stderr.decode(errors="replace") if done.stderr else ""
            raise RuntimeError(f"{program} ended with {done.returncode}. {said}{log}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running server, the same for every test of this run."""
    server = Postgres.make()
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.remove()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The address of an empty database that no other test sees."""
    return postgres.make_database(f"t{secrets.token_hex(6)}")
