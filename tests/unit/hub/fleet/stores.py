"""Stores of a hub for tests that hold a device: a copy of an SQLite file, or a database for the tests of a module."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.devices import devices
from hub.store.tables.people import groups, memberships, organisations, people
from tests.stores import hub_database_at, hub_file_in
from tests.unit.hub.fleet.examples import NOW, ROW


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
    folder = tmp_path_factory.mktemp("hub-store")
    url = hub_file_in(folder)

    async def make() -> None:
        store = await Store.open(url, HUB_SCHEMA)
        await fill(store)
        await store.close()

    asyncio.run(make())
    return folder / "hub.db"


@pytest.fixture
async def store(filled_file: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A copy of it, opened."""
    copy = await asyncio.to_thread(shutil.copy, filled_file, tmp_path / "hub.db")
    opened = await Store.open(f"sqlite:///{copy}", HUB_SCHEMA)
    yield opened
    await opened.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> str | None:
    """Each kind of database: None for SQLite, else the address of a PostgreSQL one for the tests of a module."""
    return None if request.param == "sqlite" else hub_database_at(request.getfixturevalue("postgres"))


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
