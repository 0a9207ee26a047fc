"""A store that the next version has migrated still serves this one: after a rollback the older program works on it.

The next version is this one with one more migration, as the next release will have it: it only adds. Every migration
there is so far is held to that rule as well.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from foundation.accounts.passwords import HashCost, Passwords
from foundation.actors import Actor
from foundation.bus import EventBus
from foundation.setup_code import SetupCode
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.migrate import migrate
from foundation.store.schema import Schema
from foundation.store.settings import SettingsTable
from gateway.accounts.accounts import Accounts
from gateway.accounts.types import Role
from gateway.host.types import Health
from gateway.store.health import HealthHistory
from gateway.store.schema import DEVICE_SCHEMA
from gateway.store.tables import audit
from protocol.problems import Problem, ProblemCode

NEXT = "9999"
AT = datetime(2026, 11, 21, tzinfo=UTC)
_HEAD = '''"""The next release's migration."""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{next}", "{head}", None, None


def upgrade() -> None:
'''
_ADDS = """    op.create_table("gadgets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.add_column("people", sa.Column("nickname", sa.String(32)))
    op.add_column("sessions", sa.Column("colour", sa.String(8), nullable=False, server_default="none"))
    op.create_index("ix_people_role", "people", ["role"])
"""
_TAKES_AWAY = """    op.drop_column("sessions", "exit_code")
"""
_NEEDS_ITSELF = """    op.execute("UPDATE settings SET value = '\\"9999\\"' WHERE name = 'schema.needs'")
"""


@dataclass(frozen=True)
class Column:
    """A column as SQLite describes it (PRAGMA table_info)."""

    kind: str
    required: bool


Shape = Mapping[str, Mapping[str, Column]]


def next_schema(folder: Path, body: str = _ADDS) -> Schema:
    """The schema of the next version."""
    shutil.copytree(DEVICE_SCHEMA.migrations, folder, ignore=shutil.ignore_patterns("__pycache__"))
    head = _HEAD.format(next=NEXT, head=DEVICE_SCHEMA.head)
    (folder / "versions" / f"v{NEXT}_next.py").write_text(head + body)
    return Schema(migrations=folder, revisions=(*DEVICE_SCHEMA.revisions, NEXT))


def shape(path: Path) -> Shape:
    """Every table with its columns; full-text tables apart, whose inside is SQLite's own."""
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        table: {
            name: Column(kind, bool(needed) and default is None)
            for _, name, kind, needed, default, _ in connection.execute(f'PRAGMA table_info("{table}")')
        }
        for table in tables
        if not table.startswith("sqlite_")
    }
    connection.close()
    return found


def taken_away(before: Shape, after: Shape) -> list[str]:
    """What a program that knows ``before`` would miss, or cannot write, in ``after``."""
    wrong = []
    for table, columns in before.items():
        there = after.get(table, {})
        wrong += [f"{table}.{name} is gone or another" for name, column in columns.items() if there.get(name) != column]
        wrong += [f"{table}.{name} has to be given" for name in there if name not in columns and there[name].required]
    return wrong


async def use(store: Store, folder: Path, name: str) -> None:
    """What a device does with its store, by this version's code."""
    accounts = Accounts(store, EventBus(), SetupCode(folder / "code"), passwords=Passwords(HashCost(64, 1)))
    await accounts.add_person(name, "correct horse battery", Role.ADMIN)
    await accounts.close()
    await AuditLog(store, audit).record(Actor(name, "test"), "person.add", name)
    await SettingsTable(store).put(f"test.{name}", 1)
    history = HealthHistory(store)
    await history.add(Health(AT, 1.0, 2, 3, 4, 5, 6))
    await history.flush()


async def test_after_a_rollback_this_version_works_on_the_store_of_the_next(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hutch.db'}"
    newer = await asyncio.to_thread(next_schema, tmp_path / "next")
    kept: list[str] = []
    for schema, name in ((DEVICE_SCHEMA, "before"), (newer, "during"), (DEVICE_SCHEMA, "back"), (newer, "again")):
        store = await Store.open(url, schema)
        try:
            await use(store, tmp_path, name)
            kept = [entry.target async for entry in AuditLog(store, audit).export()]
        finally:
            await store.close()
        assert kept[-1] == name
    assert kept == ["before", "during", "back", "again"]


async def test_a_store_that_needs_the_next_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hutch.db'}"
    newer = await asyncio.to_thread(next_schema, tmp_path / "next", _NEEDS_ITSELF)
    await (await Store.open(url, newer)).close()
    with pytest.raises(Problem) as refused:
        await Store.open(url, DEVICE_SCHEMA)
    assert refused.value.code is ProblemCode.UNAVAILABLE
    assert "written by a newer version" in refused.value.message


def test_every_migration_only_adds_and_leaves_the_version_before_it_able_to_work(tmp_path: Path) -> None:
    newer = next_schema(tmp_path / "next")
    path = tmp_path / "hutch.db"
    shapes: list[Shape] = []
    for known, revision in enumerate(newer.revisions):
        migrate(f"sqlite:///{path}", newer.migrations, revision)
        shapes.append(shape(path))
        connection = sqlite3.connect(path)
        ((needs,),) = connection.execute("SELECT value FROM settings WHERE name = 'schema.needs'")
        connection.close()
        before = newer.revisions[: max(1, known)]
        assert needs.strip('"') in before, f"{revision} shuts out the version before it"
    for earlier, later in pairwise(shapes):
        assert taken_away(earlier, later) == []


def test_what_is_taken_away_is_seen(tmp_path: Path) -> None:
    worse = next_schema(tmp_path / "next", _TAKES_AWAY)
    path = tmp_path / "hutch.db"
    migrate(f"sqlite:///{path}", worse.migrations, DEVICE_SCHEMA.head)
    before = shape(path)
    migrate(f"sqlite:///{path}", worse.migrations, NEXT)
    assert taken_away(before, shape(path)) == ["sessions.exit_code is gone or another"]
