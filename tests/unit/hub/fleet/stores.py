"""Stores of a hub for tests: a copy of an SQLite file that was migrated once, and a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwnam
from tempfile import mkdtemp

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.devices import devices
from hub.store.tables.people import groups, memberships, organisations, people
from tests.unit.hub.fleet.examples import NOW, ROW


def _program(name: str) -> str:
    found = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    assert found, f"install postgresql: {name} is missing"
    return str(max(found))


@contextmanager
def postgresql_server() -> Iterator[str]:
    """The address of a server of its own, on a Unix socket, that is gone afterwards."""
    folder = Path(mkdtemp(prefix="hutch-pg-", dir="/tmp"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        owner = getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, quiet = folder / "data", subprocess.DEVNULL
    try:
        initdb = [_program("initdb"), "-D", str(data), "-U", "hutch", "-A", "trust", "-N"]
        subprocess.run(initdb, check=True, user=user, stdout=quiet, cwd=folder)
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        control = [_program("pg_ctl"), "-D", str(data), "-w", "-s"]
        start = [*control, "-l", str(folder / "log"), "-o", options, "start"]
        subprocess.run(start, check=True, user=user, stdout=quiet, cwd=folder)
        try:
            yield f"postgresql://hutch:trusted@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=True, user=user, stdout=quiet, cwd=folder)
    finally:
        shutil.rmtree(folder)


async def fill(store: Store) -> None:
    """One organisation with two groups, a person of the first, and one device."""
    async with store.begin() as connection:
        await connection.execute(sa.insert(organisations), [{"id": 1, "name": "home", "created_at": NOW}])
        rows = [{"id": n, "organisation_id": 1, "name": f"group {n}", "created_at": NOW} for n in (1, 2)]
        await connection.execute(sa.insert(groups), rows)
        person = {"id": 1, "name": "ada", "administrator": False, "created_at": NOW}
        await connection.execute(sa.insert(people), [person])
        member = {"person_id": 1, "organisation_id": 1, "group_id": 1, "role": "viewer"}
        await connection.execute(sa.insert(memberships), [member])
    await add_devices(store, [ROW.id], names=[ROW.name])


async def add_devices(
    store: Store, ids: list[str], *, group_id: int = 1, organisation_id: int = 1, names: list[str] | None = None
) -> None:
    """Devices of a group."""
    rows = [
        {
            "id": one,
            "organisation_id": organisation_id,
            "group_id": group_id,
            "name": name,
            "state": "active",
            "created_at": NOW,
            "claimed_by": "ada",
        }
        for one, name in zip(ids, names or ids, strict=True)
    ]
    async with store.begin() as connection:
        for start in range(0, len(rows), 2000):
            await connection.execute(sa.insert(devices), rows[start : start + 2000])


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file of a hub with one device."""
    path = tmp_path_factory.mktemp("hub-store") / "hub.db"

    async def make() -> None:
        store = await Store.open(f"sqlite:///{path}", HUB_SCHEMA)
        await fill(store)
        await store.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def store(filled_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A copy of it, opened."""
    copy = await asyncio.to_thread(shutil.copy, filled_file, tmp_path / "hub.db")
    opened = await Store.open(f"sqlite:///{copy}", HUB_SCHEMA)
    yield opened
    await opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Each kind of database: None for SQLite, else the address of a PostgreSQL server for the tests of a module."""
    if request.param == "sqlite":
        yield None
        return
    with postgresql_server() as address:
        yield address


@pytest.fixture
async def either(server: str | None, filled_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A store with one device, on either kind of database."""
    if server is None:
        copy = await asyncio.to_thread(shutil.copy, filled_file, tmp_path / "hub.db")
        opened = await Store.open(f"sqlite:///{copy}", HUB_SCHEMA)
    else:
        opened = await Store.open(server, HUB_SCHEMA)
        async with opened.begin() as connection:
            tables = ("devices", "people", "groups", "organisations")
            await connection.execute(sa.text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"))
        await fill(opened)
    yield opened
    await opened.close()
