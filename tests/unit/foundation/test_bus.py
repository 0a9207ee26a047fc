from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.bus import EventBus, FellBehind, Published, Subscription


@dataclass(frozen=True)
class Happened:
    number: int


Bus = EventBus[Happened]


def publish(bus: Bus, count: int) -> None:
    for _ in range(count):
        bus.publish(Happened(bus.last_id + 1))


async def take(subscription: Subscription[Happened], count: int) -> list[int]:
    return [(await anext(subscription)).id for _ in range(count)]


async def rest(subscription: Subscription[Happened]) -> list[int]:
    return [published.id async for published in subscription]


async def test_every_subscriber_reads_every_event_in_order() -> None:
    bus = Bus()
    async with bus.subscribe() as one, bus.subscribe() as two:
        publish(bus, 3)
        assert await anext(one) == await anext(two) == Published(1, Happened(1))
        assert await take(one, 2) == [2, 3]
        assert await take(two, 2) == [2, 3]


async def test_reads_from_now_on_without_a_place() -> None:
    bus = Bus()
    publish(bus, 5)
    async with bus.subscribe() as subscription:
        assert not subscription.lost
        publish(bus, 1)
        assert await take(subscription, 1) == [6]


async def test_a_reader_that_waits_is_woken() -> None:
    bus = Bus()
    async with bus.subscribe() as subscription:
        reading = asyncio.create_task(take(subscription, 2))
        await asyncio.sleep(0)
        assert not reading.done()
        publish(bus, 2)
        assert await reading == [1, 2]


async def test_replays_what_came_after_the_place() -> None:
    bus = Bus(history=10)
    publish(bus, 4)
    async with bus.subscribe(after=2) as subscription:
        publish(bus, 1)
        assert not subscription.lost
        assert await take(subscription, 3) == [3, 4, 5]


@pytest.mark.parametrize("after", [-1, 0, 1, 13, 10_000])
async def test_a_place_that_is_not_in_the_history_is_lost(after: int) -> None:
    bus = Bus(history=10)
    publish(bus, 12)
    subscription = bus.subscribe(after=after)
    assert subscription.lost
    async with subscription:
        assert subscription.lost
        publish(bus, 1)
        assert await take(subscription, 1) == [13]


async def test_the_oldest_place_that_is_not_lost() -> None:
    bus = Bus(history=10)
    publish(bus, 12)
    async with bus.subscribe(after=2) as subscription:
        assert not subscription.lost
        assert await take(subscription, 10) == list(range(3, 13))


async def test_a_place_can_be_lost_between_asking_and_entering() -> None:
    bus = Bus(history=2)
    publish(bus, 1)
    subscription = bus.subscribe(after=1)
    assert not subscription.lost
    publish(bus, 5)
    async with subscription:
        assert subscription.lost


async def test_a_subscriber_that_falls_behind_is_cut_off() -> None:
    bus = Bus()
    async with bus.subscribe(limit=3) as slow, bus.subscribe() as other:
        publish(bus, 3)
        assert await take(slow, 3) == [1, 2, 3]
        publish(bus, 4)
        with pytest.raises(FellBehind):
            await anext(slow)
        with pytest.raises(StopAsyncIteration):
            await anext(slow)
        assert await take(other, 7) == list(range(1, 8))


async def test_a_limit_above_the_history_is_the_history() -> None:
    bus = Bus(history=5)
    async with bus.subscribe(limit=1000) as slow:
        publish(bus, 5)
        assert await take(slow, 1) == [1]
        publish(bus, 2)
        with pytest.raises(FellBehind):
            await anext(slow)


async def test_a_slow_replay_is_cut_off_too() -> None:
    bus = Bus(history=10)
    publish(bus, 10)
    async with bus.subscribe(after=0, limit=2) as slow:
        assert await take(slow, 1) == [1]
        publish(bus, 3)
        with pytest.raises(FellBehind):
            await anext(slow)


async def test_a_subscriber_that_never_reads_keeps_no_event_alive() -> None:
    bus = Bus(history=4)
    async with bus.subscribe():
        first = Happened(1)
        alive = weakref.ref(first)
        bus.publish(first)
        del first
        publish(bus, 10_000)
        gc.collect()
        assert alive() is None


async def test_leaving_ends_a_reader_that_waits() -> None:
    bus = Bus()
    subscription = bus.subscribe()
    await subscription.__aenter__()
    reading = asyncio.create_task(rest(subscription))
    await asyncio.sleep(0)
    await subscription.__aexit__(None, None, None)
    assert await reading == []


async def test_a_subscriber_that_left_costs_nothing() -> None:
    bus = Bus()
    subscription = bus.subscribe()
    async with subscription:
        publish(bus, 1)
    gone = weakref.ref(subscription)
    del subscription
    gc.collect()
    assert gone() is None


def test_two_runs_have_different_names() -> None:
    assert Bus().boot != Bus().boot


def test_a_bus_keeps_at_least_one_event() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Bus(history=0)


@given(
    history=st.integers(1, 20),
    limit=st.integers(1, 30),
    before=st.integers(0, 30),
    after=st.none() | st.integers(-2, 35),
    moves=st.lists(st.integers(-4, 6), max_size=30),
)
def test_what_is_read_has_no_gap_and_no_double(
    history: int, limit: int, before: int, after: int | None, moves: list[int]
) -> None:
    """A positive move publishes that many events, a negative one reads as many."""

    async def play() -> None:
        bus = Bus(history)
        publish(bus, before)
        async with bus.subscribe(after=after, limit=limit) as subscription:
            expected = (before if after is None or subscription.lost else after) + 1
            assert subscription.lost == (after is not None and not max(before - history, 0) <= after <= before)
            for move in moves:
                publish(bus, max(move, 0))
                for _ in range(min(-move, bus.last_id - expected + 1)):
                    try:
                        published = await anext(subscription)
                    except FellBehind:
                        assert bus.last_id - max(expected - 1, before) > min(limit, history)
                        return
                    assert published.id == expected
                    assert published.event == Happened(expected)
                    expected += 1

    asyncio.run(play())
