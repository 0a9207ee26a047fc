from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.actors import Actor
from foundation.store.audit import MAX_PAGE, AuditLog
from foundation.store.database import Store
from gateway.store import tables
from protocol.problems import Problem, ProblemCode

ANN = Actor("ann", "192.0.2.7")


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(store: Store, clock: Clock) -> AuditLog:
    return AuditLog(store, tables.audit, clock)


async def fill(log: AuditLog, number: int, numbers: Iterator[int] | None = None) -> None:
    for n in numbers or range(number):
        await log.record(ANN, "session.create", f"session {n}")


async def execute(store: Store, statements: str) -> None:
    async with store.begin() as connection:
        for statement in statements.split("; "):
            await connection.execute(sa.text(statement))


async def test_an_entry_says_who_what_where_and_how_it_ended(log: AuditLog, clock: Clock) -> None:
    await log.record(ANN, "people.remove", "bob", "conflict", {"id": 3, "why": ["last admin"]})
    [entry] = await log.entries()
    assert (entry.who, entry.source, entry.action, entry.target) == ("ann", "192.0.2.7", "people.remove", "bob")
    assert (entry.result, entry.details, entry.at) == ("conflict", {"id": 3, "why": ["last admin"]}, clock.now)


async def test_pages_newest_first(log: AuditLog) -> None:
    await fill(log, 7)
    first = await log.entries(limit=3)
    second = await log.entries(limit=3, before=first[-1].id)
    third = await log.entries(limit=3, before=second[-1].id)
    assert [entry.target for entry in first + second + third] == [f"session {n}" for n in reversed(range(7))]
    assert await log.entries(before=third[-1].id) == []


@pytest.mark.parametrize("limit", [-5, 0, 1])
async def test_a_page_has_one_entry_at_least(log: AuditLog, limit: int) -> None:
    await fill(log, 2)
    assert len(await log.entries(limit=limit)) == 1


async def test_filters_by_action(log: AuditLog) -> None:
    await fill(log, 2)
    await log.record(ANN, "session.end", "session 0")
    assert [entry.target for entry in await log.entries(action="session.end")] == ["session 0"]
    assert await log.entries(action="session") == []


async def test_hostile_text_is_kept_within_bounds(log: AuditLog) -> None:
    await log.record(Actor("a" * 1000, "s" * 1000), "x" * 1000, "nul\x00 half\udcff " + "t" * 1000, "r" * 1000)
    [entry] = await log.entries()
    assert [len(text) for text in (entry.who, entry.source, entry.action, entry.target, entry.result)] == [
        64, 64, 64, 512, 64
    ]  # fmt: skip
    assert entry.target.startswith("nul\ufffd half? t")
    assert entry.target.endswith("…")


async def test_details_that_are_too_big_are_left_out(log: AuditLog) -> None:
    await log.record(ANN, "x", "y", details={"text": "x" * 9000})
    [entry] = await log.entries()
    assert entry.details == {"left_out": 9011}


async def test_exports_everything_oldest_first_in_pages(log: AuditLog, store: Store) -> None:
    rows = [{"at": f"2026-01-01 00:00:{n % 60:02}.000000", "target": str(n)} for n in range(2 * MAX_PAGE + 3)]
    async with store.begin() as connection:
        await connection.execute(
            sa.text(
                "INSERT INTO audit (at, who, source, action, target, result, details)"
                " VALUES (:at, 'ann', 'here', 'x', :target, 'ok', '{}')"
            ),
            rows,
        )
    assert [entry.target async for entry in log.export()] == [row["target"] for row in rows]


async def test_an_export_ends_although_entries_are_added(log: AuditLog) -> None:
    await fill(log, 3)
    seen = []
    async for entry in log.export():
        seen.append(entry.target)
        await log.record(ANN, "audit.export", "")
    assert seen == ["session 0", "session 1", "session 2"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET who = 'bob'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT id, at, 'bob', source, action, target, result, details FROM audit",
        "REPLACE INTO audit SELECT id, at, 'bob', source, action, target, result, details FROM audit",
        "DELETE FROM settings WHERE name = 'audit.keep_seconds'; DELETE FROM audit",
    ],
)
async def test_the_database_itself_refuses_changes(log: AuditLog, store: Store, statement: str) -> None:
    await fill(log, 2)
    before = await log.entries()
    with pytest.raises(IntegrityError, match="audit log"):
        await execute(store, statement)
    assert await log.entries() == before


async def test_prune_removes_only_what_is_older_than_the_retention(log: AuditLog, clock: Clock) -> None:
    today = clock.now
    for days, numbers in ((400, [0]), (100, [1, 2]), (10, [3])):
        clock.now = today - timedelta(days=days)
        await fill(log, 0, iter(numbers))
    clock.now = today
    assert await log.prune(timedelta(days=365)) == 1
    assert await log.prune(timedelta(days=90)) == 2
    assert await log.prune(timedelta(days=90)) == 0
    assert [entry.target for entry in await log.entries()] == ["session 3"]


async def test_the_retention_holds_against_a_clock_that_jumped(log: AuditLog, clock: Clock) -> None:
    await fill(log, 2)
    clock.now += timedelta(days=1000)
    with pytest.raises(Problem) as caught:
        await log.prune(timedelta(days=365))
    assert caught.value.code is ProblemCode.CONFLICT
    clock.now -= timedelta(days=1000)
    assert len(await log.entries()) == 2


async def test_no_retention_is_negative(log: AuditLog) -> None:
    with pytest.raises(ValueError, match="negative"):
        await log.prune(timedelta(days=-1))


async def test_ids_go_on_after_everything_was_pruned(log: AuditLog, clock: Clock) -> None:
    clock.now -= timedelta(days=2)
    await fill(log, 3)
    [*_, newest] = reversed(await log.entries())
    clock.now += timedelta(days=2)
    assert await log.prune(timedelta(days=1)) == 3
    await fill(log, 0, iter([next(count())]))
    [entry] = await log.entries()
    assert entry.id > newest.id
