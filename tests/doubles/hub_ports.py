"""Devices of one node without sockets: what they were asked is seen, and what they answer is set, by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.ports import DevicePort, Stream, ViewerName, Watch, WatchItem
from protocol.commands import AnyCommand
from protocol.events import Ack, SessionSnapshot
from protocol.limits import ANSWER_WITHIN
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode

Answer = Callable[[AnyCommand], Awaitable[Answered]]


def offline(*, sent: bool = False) -> Problem:
    return Problem(
        ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.", {"sent": sent}
    )


async def accept(command: AnyCommand) -> Answered:
    return Answered(command, ok=True, error=None, events=(Ack(request_id=command.request_id, ok=True),))


class FakeWatch:
    """Shows what is put into ``items``; None ends it. Bounded as a real one is."""

    def __init__(self, session_id: str, viewer: ViewerName, first: WatchItem) -> None:
        self.session_id = session_id
        self.viewer = viewer
        self.items: asyncio.Queue[WatchItem | None] = asyncio.Queue()
        self.items.put_nowait(first)
        self.done: list[str] = []
        self.acked: asyncio.Queue[int] = asyncio.Queue()
        self.left = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[WatchItem]:
        while (item := await self.items.get()) is not None:
            yield item

    def at_once(self, write: Callable[[bytes], bool]) -> None:
        """Everything is iterated here."""

    async def type(self, data: bytes) -> None:
        if not self.viewer.may_write:
            raise Problem(ProblemCode.FORBIDDEN, "You may look only.")
        self.done.append(f"type {data!r}")

    async def resize(self, cols: int, rows: int) -> None:
        self.done.append(f"resize {cols}x{rows}")

    async def take_control(self) -> None:
        self.done.append("control")

    async def resume(self) -> None:
        self.done.append("resume")

    def ack(self, seq: int) -> None:
        self.acked.put_nowait(seq)


class FakeStream:
    """One end of a pipe in memory."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes] = asyncio.Queue(4)
        self.other: FakeStream | None = None
        self.closed = asyncio.Event()

    async def read(self) -> bytes:
        return await self.incoming.get()

    async def write(self, data: bytes) -> None:
        assert self.other is not None
        await self.other.incoming.put(data)

    async def end(self) -> None:
        await self.write(b"")

    async def close(self) -> None:
        self.closed.set()


def pipe() -> tuple[FakeStream, FakeStream]:
    one, other = FakeStream(), FakeStream()
    one.other, other.other = other, one
    return one, other


class FakeDevice:
    """A device that is connected while ``connected``."""

    def __init__(self, device_id: str, answer: Answer = accept) -> None:
        self.device_id = device_id
        self.connected = True
        self.answer = answer
        self.called: list[AnyCommand] = []
        self.told = asyncio.Event()
        """Set when it is told a command."""
        self.watches: asyncio.Queue[FakeWatch] = asyncio.Queue()
        self.streams: asyncio.Queue[FakeStream] = asyncio.Queue()
        self.screen = SessionSnapshot(session_id="s-1", content="screen", seq=0)

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        if not self.connected:
            raise offline()
        self.called.append(command)
        self.told.set()
        try:
            async with asyncio.timeout(within):
                return await self.answer(command)
        except TimeoutError:
            raise Problem(ProblemCode.TIMEOUT, "The device did not answer in time.", {"sent": True}) from None

    @asynccontextmanager
    async def watch(self, session_id: str, viewer: ViewerName) -> AsyncIterator[Watch]:
        if not self.connected:
            raise offline()
        if session_id != self.screen.session_id:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such session.")
        watch = FakeWatch(session_id, viewer, self.screen)
        self.watches.put_nowait(watch)
        try:
            yield watch
        finally:
            watch.left.set()

    async def open_stream(self) -> Stream:
        if not self.connected:
            raise offline()
        ours, theirs = pipe()
        self.streams.put_nowait(theirs)
        return ours


class FakePorts:
    """:class:`hub.ports.Ports` of one node."""

    def __init__(self, *devices: FakeDevice) -> None:
        self.devices = {device.device_id: device for device in devices}

    def of(self, device_id: str) -> DevicePort:
        return self.devices.get(device_id) or self._nobody(device_id)

    def online(self, device_id: str) -> bool:
        device = self.devices.get(device_id)
        return device is not None and device.connected

    def _nobody(self, device_id: str) -> FakeDevice:
        device = FakeDevice(device_id)
        device.connected = False
        return device
