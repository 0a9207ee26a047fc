"""The hub's store is the same on SQLite and on PostgreSQL, and what the migrations make is what the tables say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from foundation.actors import Actor
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.engine import make_engine, store_url
from foundation.store.settings import SettingsTable
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.every import METADATA
from hub.store.tables.people import audit


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'hub.db'}"
    address: str = request.getfixturevalue("postgres_url")
    return address


async def look(url: str, question: Callable[[sa.Connection], list[object]]) -> list[object]:
    engine = await asyncio.to_thread(lambda: make_engine(store_url(url)))
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(question)
    finally:
        await engine.dispose()


def differences(connection: sa.Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, METADATA))


async def test_a_new_store_has_the_tables_that_the_program_works_on(url: str) -> None:
    await (await Store.open(url, HUB_SCHEMA)).close()
    assert await look(url, differences) == []


async def test_several_nodes_that_start_on_a_new_store_at_once_all_get_it(url: str) -> None:
    stores = await asyncio.gather(*[Store.open(url, HUB_SCHEMA) for _ in range(3)])
    await SettingsTable(stores[0]).put("x", 1)
    assert await SettingsTable(stores[2]).get("x") == 1
    for store in stores:
        await store.close()


CHANGES = {
    "sqlite": ("UPDATE audit SET who = 'b'", "INSERT OR REPLACE INTO audit SELECT * FROM audit", "DELETE FROM audit"),
    "postgresql": ("UPDATE audit SET who = 'b'", "TRUNCATE audit", "DELETE FROM audit"),
}


async def test_the_audit_log_refuses_changes(url: str) -> None:
    store = await Store.open(url, HUB_SCHEMA)
    await AuditLog(store, audit).record(Actor("ann", "192.0.2.1"), "login", "ann", columns={"device_id": "hutch-1"})
    for change in CHANGES[url.partition(":")[0]]:
        with pytest.raises(sa.exc.IntegrityError):
            async with store.begin() as connection:
                await connection.execute(sa.text(change))
    [entry] = await AuditLog(store, audit).entries()
    assert (entry.who, entry.columns) == ("ann", {"organisation_id": None, "device_id": "hutch-1"})
    await store.close()


def test_the_program_knows_every_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(HUB_SCHEMA.migrations))
    script = ScriptDirectory.from_config(config)
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == HUB_SCHEMA.revisions
    assert script.get_heads() == [HUB_SCHEMA.head]
