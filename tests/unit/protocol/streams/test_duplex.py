"""Streams as coroutines see them, both ends in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from protocol.problems import Problem, ProblemCode
from protocol.streams.duplex import Duplex, Streams
from protocol.streams.limits import SEND_BYTES, STREAM_WINDOW
from protocol.streams.messages import StreamTarget
from protocol.streams.mux import End, StreamItem


@dataclass
class Ends:
    hub: Streams
    device: Streams
    accepted: asyncio.Queue[Duplex]
    open_wire: asyncio.Event

    async def pair(self) -> tuple[Duplex, Duplex]:
        ours = self.hub.open()
        return ours, await self.accepted.get()


@asynccontextmanager
async def ends() -> AsyncIterator[Ends]:
    accepted: asyncio.Queue[Duplex] = asyncio.Queue()
    open_wire = asyncio.Event()
    open_wire.set()

    def accept(_target: StreamTarget, stream: Duplex) -> None:
        accepted.put_nowait(stream)

    async def to_device(item: StreamItem) -> None:
        await open_wire.wait()
        device.received(item)

    async def to_hub(item: StreamItem) -> None:
        await open_wire.wait()
        hub.received(item)

    hub, device = Streams(End.HUB, to_device), Streams(End.DEVICE, to_hub, accept)
    try:
        yield Ends(hub, device, accepted, open_wire)
    finally:
        await hub.lost()
        await device.lost()


async def _all(stream: Duplex) -> bytes:
    return b"".join([chunk async for chunk in _chunks(stream)])


async def _chunks(stream: Duplex) -> AsyncIterator[bytes]:
    while chunk := await stream.read():
        yield chunk


async def test_megabytes_go_both_ways_at_once() -> None:
    async with ends() as both:
        ours, theirs = await both.pair()
        up, down = bytes(range(256)) * 8192, bytes(range(255, -1, -1)) * 8192

        async def send(stream: Duplex, data: bytes) -> None:
            await stream.write(data)
            await stream.end()

        got_up, got_down, *_ = await asyncio.gather(_all(theirs), _all(ours), send(ours, up), send(theirs, down))
        assert (got_up == up, got_down == down) == (True, True)
        assert (len(both.hub), len(both.device)) == (0, 0)


async def test_a_writer_waits_for_a_reader_that_does_not_read() -> None:
    async with ends() as both:
        ours, theirs = await both.pair()
        writing = asyncio.create_task(ours.write(bytes(STREAM_WINDOW + SEND_BYTES + 1)))
        got = len(await theirs.read())
        assert not writing.done()
        while not writing.done():
            got += len(await theirs.read())
        await ours.end()
        assert got + len(await _all(theirs)) == STREAM_WINDOW + SEND_BYTES + 1


async def test_a_stream_that_nobody_reads_does_not_hold_up_another() -> None:
    async with ends() as both:
        stuck, _unread = await both.pair()
        fine, read = await both.pair()
        writing = asyncio.create_task(stuck.write(bytes(10 * STREAM_WINDOW)))
        await asyncio.gather(fine.write(bytes(4 * STREAM_WINDOW)), _count(read, 4 * STREAM_WINDOW))
        assert not writing.done()
        await stuck.close()
        with pytest.raises(Problem):
            await writing


async def _count(stream: Duplex, size: int) -> None:
    while size > 0:
        size -= len(await stream.read())


async def test_the_reason_of_a_close_reaches_the_other_end() -> None:
    async with ends() as both:
        ours, theirs = await both.pair()
        await theirs.write(b"before")
        theirs.shut(Problem(ProblemCode.FORBIDDEN, "Not any more."))
        await ours.closed.wait()
        with pytest.raises(Problem, match=r"Not any more\.") as caught:
            await _all(ours)
        assert caught.value.code is ProblemCode.FORBIDDEN
        with pytest.raises(Problem, match=r"Not any more\."):
            await ours.write(b"x")


async def test_a_lost_link_wakes_readers_and_writers() -> None:
    async with ends() as both:
        ours, theirs = await both.pair()
        both.open_wire.clear()
        reading = asyncio.create_task(ours.read())
        writing = asyncio.create_task(ours.write(bytes(10 * STREAM_WINDOW)))
        await both.hub.lost()
        for waiting in (reading, writing):
            with pytest.raises(Problem) as caught:
                await waiting
            assert caught.value.code is ProblemCode.DEVICE_OFFLINE
        with pytest.raises(Problem) as caught:
            both.hub.open()
        assert caught.value.code is ProblemCode.DEVICE_OFFLINE
        assert not theirs.closed.is_set()
