from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.engine import store_url
from foundation.store.light import create_async_engine
from foundation.store.migrate import URL_VARIABLE
from hub.store.schema import HUB_SCHEMA
from tests.postgres import Postgres, postgres
from tests.unit.hub.enrolment.rig import Rig, make_rig

__all__ = ["postgres"]

TEMPLATE = "hub_template"


@pytest.fixture
def database() -> str:
    """Which database a test runs on; modules whose statements matter run on both."""
    return "sqlite"


@pytest.fixture(scope="session")
def empty_hub_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated store, copied for each test: a migration takes longer than most of them."""
    path = tmp_path_factory.mktemp("hub-store") / "hub.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def empty_hub_database(postgres: Postgres) -> Postgres:
    """A server with a migrated database, of which each test gets a copy."""
    _migrate(postgres.make_database(TEMPLATE))
    return postgres


@pytest.fixture
def empty(database: str, request: pytest.FixtureRequest) -> Path | Postgres:
    """What the test's own store is copied from."""
    name = "empty_hub_store" if database == "sqlite" else "empty_hub_database"
    found: Path | Postgres = request.getfixturevalue(name)
    return found


@pytest.fixture
async def store(empty: Path | Postgres, tmp_path: Path) -> AsyncIterator[Store]:
    if isinstance(empty, Path):
        path = tmp_path / "hub.db"
        await asyncio.to_thread(shutil.copyfile, empty, path)
        url = f"sqlite:///{path}"
    else:
        url = await _copy(empty)
    store = await Store.open(url, HUB_SCHEMA)
    yield store
    await store.close()


@pytest.fixture
async def hub(store: Store) -> AsyncIterator[Rig]:
    rig = await make_rig(store)
    yield rig
    await rig.enrolment.close()


def _migrate(url: str) -> None:
    """In a process of its own, as a hub does it: it blocks its loop."""
    command = [sys.executable, "-m", "foundation.store.migrate", str(HUB_SCHEMA.migrations)]
    subprocess.run(command, check=True, env={**os.environ, URL_VARIABLE: url}, timeout=60)


async def _copy(server: Postgres) -> str:
    name = f"t{secrets.token_hex(6)}"
    engine = create_async_engine(store_url(server.url("postgres")), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
    await engine.dispose()
    return server.url(name)
