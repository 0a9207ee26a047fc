from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from foundation.store.database import Store
from gateway.sessions.records import SessionRecord
from gateway.store.sessions import SessionRecords

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
RECORD = SessionRecord(
    id="abc",
    name="fix the roof",
    agent="claude-code",
    workdir="/home/agent/work/dächer",
    returns=True,
    created_at=AT,
    ended_at=None,
    exit_code=None,
    cols=80,
    rows=24,
    generation=0,
    boot_id="b0",
)


@pytest.fixture
def records(store: Store) -> SessionRecords:
    return SessionRecords(store)


async def test_comes_back_as_it_was_kept(records: SessionRecords) -> None:
    await records.save(RECORD)
    assert await records.get("abc") == RECORD
    assert await records.all() == [RECORD]


async def test_saving_again_replaces(records: SessionRecords) -> None:
    await records.save(RECORD)
    ended = replace(RECORD, agent=None, ended_at=AT + timedelta(hours=1), exit_code=-9, generation=3, returns=False)
    await records.save(ended)
    assert await records.all() == [ended]


async def test_all_come_oldest_first(records: SessionRecords) -> None:
    younger = replace(RECORD, id="aaa", created_at=AT + timedelta(seconds=1))
    for record in (younger, RECORD):
        await records.save(record)
    assert await records.all() == [RECORD, younger]


async def test_forgets(records: SessionRecords) -> None:
    await records.save(RECORD)
    await records.delete("abc")
    await records.delete("abc")
    assert await records.get("abc") is None
    assert await records.all() == []


async def test_times_of_other_zones_are_the_same_moment(records: SessionRecords) -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    await records.save(replace(RECORD, created_at=elsewhere))
    found = await records.get("abc")
    assert found is not None
    assert found.created_at == AT
    assert found.created_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_a_mistake(records: SessionRecords) -> None:
    with pytest.raises(Exception, match="aware"):
        await records.save(replace(RECORD, created_at=AT.replace(tzinfo=None)))
