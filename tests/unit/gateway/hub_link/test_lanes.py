from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gateway.hub_link.lanes import Job, Lanes, Rest


@pytest.fixture
async def lanes() -> AsyncIterator[Lanes]:
    lanes = Lanes(max_jobs=3, max_bytes=100)
    yield lanes
    await lanes.close()


def _gate(gate: asyncio.Event, seen: list[str], name: str) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await gate.wait()
        seen.append(name)

    return run


async def test_one_lane_keeps_its_order_while_another_goes_on(lanes: Lanes) -> None:
    seen: list[str] = []
    slow, fast, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    fast.set()

    async def last() -> None:
        seen.append("a2")
        done.set()

    assert lanes.submit("a", Job(_gate(slow, seen, "a1"), 1))
    assert lanes.submit("a", Job(last, 1))
    other = asyncio.Event()

    async def beside() -> None:
        seen.append("b1")
        other.set()

    assert lanes.submit("b", Job(beside, 1))
    await asyncio.wait_for(other.wait(), 5)
    assert seen == ["b1"]
    slow.set()
    await asyncio.wait_for(done.wait(), 5)
    assert seen == ["b1", "a1", "a2"]


async def test_too_many_jobs_and_too_many_bytes_are_refused(lanes: Lanes) -> None:
    gate = asyncio.Event()
    assert not lanes.submit("a", Job(_gate(gate, [], ""), 101))
    assert lanes.submit("a", Job(_gate(gate, [], ""), 60))
    assert not lanes.submit("b", Job(_gate(gate, [], ""), 60))
    assert lanes.submit("b", Job(_gate(gate, [], ""), 1))
    assert lanes.submit("b", Job(_gate(gate, [], ""), 1))
    assert not lanes.submit("c", Job(_gate(gate, [], ""), 1))


async def test_the_rest_of_a_job_counts_but_does_not_hold_up_its_lane(lanes: Lanes) -> None:
    gate, next_ran = asyncio.Event(), asyncio.Event()

    async def long() -> Rest:
        return _gate(gate, [], "")

    async def short() -> None:
        next_ran.set()

    assert lanes.submit("a", Job(long, 90))
    assert lanes.submit("a", Job(short, 10))
    await asyncio.wait_for(next_ran.wait(), 5)
    assert not lanes.submit("b", Job(short, 50))
    gate.set()
    await _others_done()
    assert lanes.submit("b", Job(short, 50))


async def test_room_comes_back_when_a_job_is_done_even_badly(lanes: Lanes, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    done = asyncio.Event()

    async def finish() -> None:
        done.set()

    assert lanes.submit("a", Job(fail, 100))
    assert not lanes.submit("a", Job(finish, 1))
    await _others_done()
    assert lanes.submit("a", Job(finish, 100))
    await asyncio.wait_for(done.wait(), 5)
    assert "unexpected" in caplog.text


async def test_only_the_last_waiting_job_grows(lanes: Lanes) -> None:
    gate = asyncio.Event()
    started = asyncio.Event()

    async def run() -> None:
        started.set()
        await gate.wait()

    begun = Job(run, 1)
    assert lanes.submit("a", begun)
    await asyncio.wait_for(started.wait(), 5)
    assert not lanes.grow("a", begun, 1)
    waiting = Job(_gate(gate, [], ""), 1)
    assert lanes.submit("a", waiting)
    assert lanes.grow("a", waiting, 50)
    assert not lanes.grow("a", waiting, 50)
    assert lanes.submit("a", Job(_gate(gate, [], ""), 1))
    assert not lanes.grow("a", waiting, 1)


async def test_closing_stops_what_is_under_way() -> None:
    lanes = Lanes()
    started, stopped = asyncio.Event(), asyncio.Event()

    async def forever() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    assert lanes.submit("a", Job(forever, 1))
    await asyncio.wait_for(started.wait(), 5)
    await asyncio.wait_for(lanes.close(), 5)
    assert stopped.is_set()
    assert not lanes.submit("a", Job(forever, 1))


async def _others_done() -> None:
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=5)
