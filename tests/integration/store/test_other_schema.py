"""A store of another program than a device: its own tables, the same settings and audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.actors import Actor
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from tests.doubles.ledger.schema import LEDGER, audit

ANN = Actor("ann", "192.0.2.7")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(f"sqlite:///{tmp_path / 'ledger.db'}", LEDGER)
    yield store
    await store.close()


async def test_it_has_its_own_tables_and_settings(store: Store) -> None:
    await SettingsTable(store).put("colour", "red")
    assert await SettingsTable(store).get("colour") == "red"
    async with store.read() as connection:
        names = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
    assert sorted(names) == ["alembic_version", "audit", "settings"]


async def test_entries_are_kept_and_found_by_its_own_columns(store: Store) -> None:
    log = AuditLog(store, audit)
    await log.record(ANN, "book.add", "one", columns={"shelf": "a", "number": 1})
    await log.record(ANN, "book.add", "two", columns={"shelf": "b"})
    await log.record(ANN, "book.add", "three")
    assert [(entry.target, entry.columns) for entry in await log.entries()] == [
        ("three", {"shelf": None, "number": None}),
        ("two", {"shelf": "b", "number": None}),
        ("one", {"shelf": "a", "number": 1}),
    ]
    assert [entry.target for entry in await log.entries(columns={"shelf": "a"})] == ["one"]
    assert [entry.target async for entry in log.export(columns={"shelf": None})] == ["three"]


@pytest.mark.parametrize("name", ["who", "no_such"])
async def test_only_its_own_columns_are_set_that_way(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        await AuditLog(store, audit).record(ANN, "book.add", "one", columns={name: "x"})


async def test_its_audit_log_is_guarded(store: Store) -> None:
    await AuditLog(store, audit).record(ANN, "book.add", "one")
    for statement in ("UPDATE audit SET shelf = 'b'", "DELETE FROM audit"):
        with pytest.raises(IntegrityError, match="audit log"):
            async with store.begin() as connection:
                await connection.execute(sa.text(statement))
