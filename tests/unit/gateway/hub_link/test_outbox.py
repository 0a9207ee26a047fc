from __future__ import annotations

import asyncio

import pytest

from gateway.hub_link.outbox import Item, LinkGone, Outbox, Ping


async def test_pings_overtake_answers_and_answers_overtake_bulk() -> None:
    outbox = Outbox()
    await outbox.stream(b"bulk")
    outbox.say("first")
    outbox.say("second")
    outbox.ping(b"1")
    assert [await outbox.next() for _ in range(4)] == [Ping(b"1"), "first", "second", b"bulk"]


async def test_bulk_waits_for_room_and_streams_take_turns() -> None:
    outbox = Outbox(bulk_bytes=4)

    async def flood(byte: bytes) -> None:
        for _ in range(3):
            await outbox.stream(byte * 4)

    async with asyncio.TaskGroup() as group:
        group.create_task(flood(b"a"))
        group.create_task(flood(b"b"))
        seen: list[Item] = []
        while len(seen) < 6:
            seen.append(await outbox.next())
            assert outbox.waiting_bytes <= 4
    assert sorted(map(str, seen)) == ["b'aaaa'"] * 3 + ["b'bbbb'"] * 3
    assert seen[:4] != [b"aaaa"] * 3 + [b"bbbb"], "one stream starved the other"


async def test_bulk_that_nobody_reads_does_not_grow() -> None:
    outbox = Outbox(bulk_bytes=100)
    for _ in range(10):
        await outbox.stream(b"x" * 10)
    more = [asyncio.create_task(outbox.stream(b"x" * 10)) for _ in range(3)]
    done, _ = await asyncio.wait(more, timeout=0.05)
    assert not done
    assert outbox.waiting_bytes == 100
    outbox.close()
    ends = await asyncio.gather(*more, return_exceptions=True)
    assert [type(end) for end in ends] == [LinkGone] * 3


async def test_answers_that_nobody_reads_end_the_link_instead_of_growing() -> None:
    outbox = Outbox(answer_bytes=10)
    outbox.say("12345678")
    assert not outbox.overflowed.is_set()
    outbox.say("12345678")
    assert outbox.overflowed.is_set()
    assert outbox.waiting_bytes == 8


async def test_closing_wakes_everybody() -> None:
    outbox = Outbox(bulk_bytes=1)
    reader = asyncio.create_task(outbox.next())
    done, _ = await asyncio.wait([reader], timeout=0.05)
    assert not done
    outbox.close()
    with pytest.raises(LinkGone):
        await reader
    with pytest.raises(LinkGone):
        await outbox.stream(b"x")
    outbox.say("unheard")
    assert outbox.waiting_bytes == 0
