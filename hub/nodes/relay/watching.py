"""A terminal over two nodes: the node with the socket shows it, the viewer's node watches."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Final

from hub.nodes.refusals import gone
from hub.nodes.relay.channel import Channel
from hub.nodes.relay.items import ItemReader, encode_item
from hub.nodes.relay.pieces import MAX_PIECE
from hub.nodes.relay.relays import Relays
from hub.ports import Refused, Watch, WatchItem
from protocol.problems import Problem

ASK_WITHIN: Final = 15.0
_SIZE: Final = struct.Struct(">II")
_ACK: Final = struct.Struct(">Q")
TYPE, RESIZE, TAKE, RESUME = b"T", b"R", b"C", b"U"


class RemoteWatch:
    """A viewer on this node of a session whose device's socket is on another one; see :class:`hub.ports.Watch`."""

    def __init__(self, relays: Relays, channel: Channel) -> None:
        self._relays = relays
        self._channel = channel
        self._acked: int | None = None
        self._news = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[WatchItem]:
        """The items, in order; a broken relay is the last of them."""
        reader = ItemReader()
        try:
            while data := await self._channel.read():
                for item in reader.feed(data):
                    yield item
        except Problem as problem:
            yield Refused(problem)

    def at_once(self, write: Callable[[bytes], bool]) -> None:
        """Nothing: what came over the bus has waited there already."""

    async def type(self, data: bytes) -> None:
        """Type."""
        await self._ask(TYPE + data)

    async def resize(self, cols: int, rows: int) -> None:
        """Resize."""
        await self._ask(RESIZE + _SIZE.pack(cols, rows))

    async def take_control(self) -> None:
        """Take the right to type."""
        await self._ask(TAKE)

    async def resume(self) -> None:
        """Show it again after a cut-off."""
        await self._ask(RESUME)

    def ack(self, seq: int) -> None:
        """Remember it for the next message; the newest counts."""
        self._acked = seq
        self._news.set()

    async def send_acks(self) -> None:
        """Pass acknowledgements on, until the relay ends."""
        with suppress(Problem):
            while True:
                await self._news.wait()
                self._news.clear()
                if self._acked is not None:
                    await self._channel.write(_ACK.pack(self._acked))

    async def _ask(self, data: bytes) -> None:
        await self._relays.ask(self._channel, data, within=ASK_WITHIN)


async def show(relays: Relays, channel: Channel, watch: Watch) -> None:
    """Show a watch to the viewer at the channel's other end, until either is over. Never raises Problem."""
    relays.answer(channel, _Hands(watch).do)
    gather = _Gather()
    tasks = [
        asyncio.create_task(_watch(watch, gather)),
        asyncio.create_task(_write(gather, channel)),
        asyncio.create_task(_read_acks(watch, channel)),
    ]
    try:
        # The writer ends after the last item, the reader of acks when the viewer is gone.
        await asyncio.wait(tasks[1:], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Hands:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def do(self, data: bytes) -> bytes:
        """Carry out what the viewer asked for."""
        what, rest = data[:1], data[1:]
        if what == TYPE:
            await self._watch.type(rest)
        elif what == RESIZE and len(rest) == _SIZE.size:
            await self._watch.resize(*_SIZE.unpack(rest))
        elif what == TAKE:
            await self._watch.take_control()
        elif what == RESUME:
            await self._watch.resume()
        else:
            raise gone()
        return b""


class _Gather:
    """Bytes between a watch and a slower channel: written as they come, gathered to a piece while that waits.

    When it is full the watch is not read; it drops frames for this viewer and begins again with a fresh screen.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ended = False
        self._filled = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, data: bytes) -> None:
        self._bytes += data
        self._filled.set()
        while len(self._bytes) >= MAX_PIECE:
            self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        self._ended = True
        self._filled.set()

    async def take(self) -> bytes:
        """All there is; b"" at the end."""
        while not self._bytes and not self._ended:
            self._filled.clear()
            await self._filled.wait()
        data = bytes(self._bytes)
        self._bytes.clear()
        self._room.set()
        return data


async def _watch(watch: Watch, gather: _Gather) -> None:
    try:
        async for item in watch:
            await gather.put(encode_item(item))
    except Problem as problem:
        await gather.put(encode_item(Refused(problem)))
    finally:
        gather.end()


async def _write(gather: _Gather, channel: Channel) -> None:
    with suppress(Problem):
        while data := await gather.take():
            await channel.write(data)
        await channel.end()


async def _read_acks(watch: Watch, channel: Channel) -> None:
    unread = b""
    with suppress(Problem):
        while data := await channel.read():
            unread += data
            whole = len(unread) - len(unread) % _ACK.size
            if whole:
                watch.ack(_ACK.unpack_from(unread, whole - _ACK.size)[0])
                unread = unread[whole:]
