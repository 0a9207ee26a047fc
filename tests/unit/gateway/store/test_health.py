from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from gateway.host.types import Health
from gateway.store import health
from gateway.store.health import BACKLOG, BATCH, HealthHistory
from gateway.store.tables import health_samples
from protocol.problems import Problem

START = datetime(2026, 3, 1, tzinfo=UTC)


def sample(minute: int) -> Health:
    return Health(
        at=START + timedelta(minutes=minute),
        cpu_percent=minute % 100 + 0.5,
        ram_used_bytes=8 * 2**30,
        ram_total_bytes=16 * 2**30,
        disk_used_bytes=2**40,
        disk_total_bytes=2**41,
        uptime_seconds=60 * minute,
        temperature_celsius=None if minute % 2 else 48.3,
        throttled=None if minute % 2 else False,
    )


async def stored(store: Store) -> int:
    async with store.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(health_samples)) or 0


async def fill(history: HealthHistory, minutes: range) -> None:
    for minute in minutes:
        await history.add(sample(minute))


async def test_comes_back_as_it_was_measured(store: Store) -> None:
    history = HealthHistory(store)
    await fill(history, range(2))
    assert await history.since(START) == [sample(0), sample(1)]


async def test_writes_in_batches(store: Store) -> None:
    history = HealthHistory(store)
    await fill(history, range(BATCH - 1))
    assert await stored(store) == 0
    await fill(history, range(BATCH - 1, BATCH))
    assert await stored(store) == BATCH
    await fill(history, range(BATCH, BATCH + 1))
    await history.flush()
    await history.flush()
    assert await stored(store) == BATCH + 1


async def test_reads_from_a_time_on(store: Store) -> None:
    history = HealthHistory(store)
    await fill(history, range(25))
    assert await history.since(START + timedelta(minutes=20)) == [sample(n) for n in range(20, 25)]
    assert await history.since(START + timedelta(days=1)) == []


@pytest.mark.parametrize(("there", "points"), [(100, 240), (240, 240), (241, 240), (1000, 240), (50, 1), (7, 3)])
async def test_is_thinned_evenly_and_keeps_the_newest(store: Store, there: int, points: int) -> None:
    history = HealthHistory(store)
    await fill(history, range(there))
    found = await history.since(START, points=points)
    assert len(found) <= points
    assert len(found) >= min(there, points) / 2
    assert found[-1] == sample(there - 1)
    assert len({later.at - earlier.at for earlier, later in pairwise(found)}) <= 1


async def test_no_chart_without_points(store: Store) -> None:
    with pytest.raises(ValueError, match="at least one"):
        await HealthHistory(store).since(START, points=0)


async def test_keeps_so_many_rows(store: Store) -> None:
    history = HealthHistory(store, max_rows=15)
    await fill(history, range(60))
    assert await stored(store) == 15
    assert await history.since(START) == [sample(n) for n in range(45, 60)]


async def test_keeps_so_long(store: Store) -> None:
    history = HealthHistory(store, keep=timedelta(minutes=20))
    await fill(history, range(60))
    assert await history.since(START) == [sample(n) for n in range(39, 60)]


async def test_goes_on_while_nothing_can_be_written(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    history = HealthHistory(store)
    async with store.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE health_samples RENAME TO away"))
    await fill(history, range(3 * BACKLOG))
    assert "wait in memory" in caplog.text
    with pytest.raises(Problem):
        await history.flush()
    assert len(history._waiting) == BACKLOG
    async with store.begin() as connection:
        await connection.execute(sa.text("ALTER TABLE away RENAME TO health_samples"))
    assert await history.since(START, points=1000) == [sample(n) for n in range(2 * BACKLOG, 3 * BACKLOG)]
    assert health.BATCH < BACKLOG
