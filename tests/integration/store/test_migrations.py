"""Every store a released version left behind opens with this version, holds what it held, and has today's schema.

released/ has one dump per released version: the schema of that version with rows in every table. A new release adds its
own and changes none.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.migrate import migrate
from foundation.store.settings import SettingsTable
from gateway.accounts import directory
from gateway.accounts.types import Role
from gateway.store.health import HealthHistory
from gateway.store.schema import DEVICE_SCHEMA
from gateway.store.sessions import SessionRecords
from gateway.store.tables import audit, metadata
from protocol.problems import Problem

RELEASED = sorted((Path(__file__).parent / "released").glob("*.sql"))
AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def restore(dump: Path, path: Path) -> str:
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text())
    connection.close()
    return f"sqlite:///{path}"


def dumped(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def differences(path: Path) -> list[object]:
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": is_table_of_ours}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    engine.dispose()
    return list(found)


def is_table_of_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The full-text index makes tables of its own, which no description of tables knows."""
    return kind != "table" or not str(name).startswith("messages_fts")


def names(path: Path, kind: str) -> set[str]:
    connection = sqlite3.connect(path)
    found = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = ?", [kind])}
    connection.close()
    return found


def test_the_first_release_is_here() -> None:
    assert RELEASED[0].name == "0.1.0.sql"


@pytest.mark.parametrize("dump", RELEASED, ids=lambda dump: dump.stem)
async def test_a_released_store_opens_with_all_it_held(dump: Path, tmp_path: Path) -> None:
    store = await Store.open(await asyncio.to_thread(restore, dump, tmp_path / "hutch.db"), DEVICE_SCHEMA)
    try:
        async with store.read() as connection:
            people = await directory.all_people(connection)
            tokens = await directory.tokens_of(connection, None)
            assert await connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == DEVICE_SCHEMA.head
        assert [(p.name, p.role, p.created_at) for p in people] == [("ann", Role.ADMIN, AT), ("bob.b", Role.VIEWER, AT)]
        assert [(t.kind, t.label, t.person_name) for t in tokens] == [
            ("api", "backup", "bob.b"),
            ("login", "phone", "ann"),
        ]
        sessions = await SessionRecords(store).all()
        assert [(s.id, s.agent, s.exit_code) for s in sessions] == [("s1", "claude-code", None), ("s2", None, -9)]
        entries = [entry async for entry in AuditLog(store, audit).export()]
        assert [(e.who, e.result, e.details) for e in entries] == [
            ("ann", "ok", {"agent": "claude-code"}),
            ("bob.b", "forbidden", {}),
        ]
        [health] = await HealthHistory(store).since(AT)
        assert (health.at, health.disk_used_bytes, health.throttled) == (AT, 2**40, False)
        assert await SettingsTable(store).get("device.note") == {"text": "on the shelf", "tags": [1, None]}
    finally:
        await store.close()


@pytest.mark.parametrize("dump", RELEASED, ids=lambda dump: dump.stem)
async def test_a_released_store_gets_the_schema_of_a_new_one(dump: Path, tmp_path: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    for url in (await asyncio.to_thread(restore, dump, old), f"sqlite:///{new}"):
        await (await Store.open(url, DEVICE_SCHEMA)).close()
    assert await asyncio.to_thread(differences, old) == []
    assert await asyncio.to_thread(differences, new) == []
    for kind in ("table", "index", "trigger"):
        assert names(old, kind) == names(new, kind)
    assert {"audit_refuses_update", "audit_refuses_delete", "audit_refuses_replace"} <= names(new, "trigger")


def test_the_comparison_sees_a_difference(tmp_path: Path) -> None:
    path = tmp_path / "hutch.db"
    restore(RELEASED[0], path)
    connection = sqlite3.connect(path)
    connection.execute("ALTER TABLE people ADD COLUMN more TEXT")
    connection.close()
    assert any("more" in str(found) for found in differences(path))


def test_the_program_knows_every_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(DEVICE_SCHEMA.migrations))
    script = ScriptDirectory.from_config(config)
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == DEVICE_SCHEMA.revisions
    assert script.get_heads() == [DEVICE_SCHEMA.head]


async def test_several_that_open_a_new_store_at_once_all_get_it(tmp_path: Path) -> None:
    stores = await asyncio.gather(*[Store.open(f"sqlite:///{tmp_path / 'hutch.db'}", DEVICE_SCHEMA) for _ in range(3)])
    for store in stores:
        await SettingsTable(store).put("x", 1)
    await asyncio.gather(*[store.close() for store in stores])


REVISION_9999 = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9999", {head!r}, None, None

def upgrade():
    op.create_table("wonders", sa.Column("id", sa.Integer, primary_key=True))
    op.execute(sa.text("UPDATE people SET name = 'someone'"))
    op.execute(sa.text({last!r}))
"""


def revision(last: str) -> str:
    return REVISION_9999.format(head=DEVICE_SCHEMA.head, last=last)


@pytest.mark.parametrize("last", ["SELECT * FROM no_such_table", "UPDATE tokens SET person_id = 99"])
def test_a_migration_that_fails_changes_nothing(tmp_path: Path, last: str) -> None:
    migrations = Path(shutil.copytree(DEVICE_SCHEMA.migrations, tmp_path / "migrations"))
    (migrations / "versions" / "v9999_fails.py").write_text(revision(last))
    path = tmp_path / "hutch.db"
    url = restore(RELEASED[0], path)
    before = dumped(path)
    with pytest.raises(Problem):
        migrate(url, migrations)
    assert dumped(path) == before


def test_a_migration_that_works_is_done_once(tmp_path: Path) -> None:
    migrations = Path(shutil.copytree(DEVICE_SCHEMA.migrations, tmp_path / "migrations"))
    (migrations / "versions" / "v9999_works.py").write_text(revision("SELECT 1"))
    url = f"sqlite:///{tmp_path / 'hutch.db'}"
    migrate(url, migrations, "0001")
    assert "wonders" not in names(tmp_path / "hutch.db", "table")
    for _ in range(2):
        migrate(url, migrations)
    assert "wonders" in names(tmp_path / "hutch.db", "table")


async def test_the_address_is_not_among_the_arguments_of_the_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    seen = tmp_path / "arguments"
    python.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {seen}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    await (await Store.open(f"sqlite:///{tmp_path / 'secret.db'}", DEVICE_SCHEMA)).close()
    assert seen.read_text().split() == ["-m", "foundation.store.migrate", str(DEVICE_SCHEMA.migrations)]


async def test_what_went_wrong_in_the_migration_is_told(tmp_path: Path) -> None:
    path = tmp_path / "hutch.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE people (id INTEGER)")
    connection.close()
    with pytest.raises(Problem, match="store"):
        await Store.open(f"sqlite:///{path}", DEVICE_SCHEMA)
    assert names(path, "table") == {"people"}
