"""Many writers and few transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from foundation.actors import Actor
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from foundation.store.gathering import Gatherer, remove_in_pieces
from gateway.store import tables
from protocol.problems import Problem, ProblemCode

FULL = Problem(ProblemCode.DISK_FULL, "The disk is full.")


class Disk:
    """What was written, transaction by transaction; each waits for the test's word."""

    def __init__(self) -> None:
        self.written: list[list[str]] = []
        self.begun = asyncio.Event()
        self.go = asyncio.Event()
        self.refusal: Exception | None = None

    async def write(self, items: Sequence[str]) -> None:
        self.begun.set()
        await self.go.wait()
        if self.refusal is not None:
            raise self.refusal
        if "bad" in items:
            raise ValueError("bad")
        self.written.append([*items])


async def test_what_comes_meanwhile_is_written_together_and_in_order() -> None:
    disk = Disk()
    gatherer = Gatherer(disk.write, most=3)
    first = asyncio.create_task(gatherer.add("0"))
    await disk.begun.wait()
    others = [asyncio.create_task(gatherer.add(str(number))) for number in range(1, 6)]
    await asyncio.sleep(0)
    assert not first.done()
    disk.go.set()
    await asyncio.gather(first, *others)
    assert disk.written == [["0"], ["1", "2", "3"], ["4", "5"]]
    await gatherer.add("alone")
    assert disk.written[-1] == ["alone"]


async def test_all_of_a_transaction_that_fails_are_told_and_the_next_ones_are_written() -> None:
    disk = Disk()
    gatherer = Gatherer(disk.write)
    disk.refusal = FULL
    disk.go.set()
    told = await asyncio.gather(gatherer.add("1"), gatherer.add("2"), return_exceptions=True)
    assert [isinstance(one, Problem) and one.code for one in told] == [ProblemCode.DISK_FULL] * 2
    assert told[0] is not told[1]
    disk.refusal = None
    await gatherer.add("3")
    assert disk.written == [["3"]]


async def test_one_that_cannot_be_written_takes_no_other_with_it() -> None:
    disk = Disk()
    gatherer = Gatherer(disk.write)
    first = asyncio.create_task(gatherer.add("0"))
    await disk.begun.wait()
    others = [asyncio.create_task(gatherer.add(item)) for item in ("1", "bad", "2")]
    await asyncio.sleep(0)
    disk.go.set()
    told = await asyncio.gather(first, *others, return_exceptions=True)
    assert [type(one) for one in told] == [type(None), type(None), ValueError, type(None)]
    assert disk.written == [["0"], ["1"], ["2"]]


async def test_who_is_cancelled_takes_the_item_back_or_waits_for_its_transaction() -> None:
    disk = Disk()
    gatherer = Gatherer(disk.write)
    under_way = asyncio.create_task(gatherer.add("1"))
    await disk.begun.wait()
    waiting = asyncio.create_task(gatherer.add("2"))
    await asyncio.sleep(0)
    for task in (under_way, waiting):
        task.cancel()
    await asyncio.wait([waiting])
    assert not under_way.done()
    disk.go.set()
    await asyncio.wait([under_way])
    assert (under_way.cancelled(), waiting.cancelled()) == (True, True)
    await gatherer.add("3")
    assert disk.written == [["1"], ["3"]]


async def test_entries_of_many_requests_are_few_transactions(store: Store) -> None:
    log, begun = AuditLog(store, tables.audit), 0
    begin = store.begin

    def counted() -> object:
        nonlocal begun
        begun += 1
        return begin()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "begin", counted)
        await asyncio.gather(*(log.record(Actor("ann", "here"), "look", str(number)) for number in range(200)))
    assert [entry.target for entry in reversed(await log.entries(limit=500))] == [str(number) for number in range(200)]
    assert begun <= 3


async def test_many_rows_go_in_pieces(store: Store) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    log = AuditLog(store, tables.audit, lambda: past)
    for number in range(7):
        await log.record(Actor("ann", "here"), "look", str(number))
    assert await AuditLog(store, tables.audit).prune(timedelta(days=5)) == 0
    with pytest.raises(sa.exc.IntegrityError):
        await remove_in_pieces(store, tables.audit, tables.audit.c.at <= past, piece=2)
    assert len(await log.entries()) == 7
    await AuditLog(store, tables.audit).prune(timedelta(days=1, hours=12))
    assert await log.entries() == []
