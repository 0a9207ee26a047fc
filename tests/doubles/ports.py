"""Devices that answer as a test says, behind :class:`hub.ports.Ports`: real commands, events and problems."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from hub.ports import ControlChanged, Stream, ViewerName, Watch, WatchItem
from protocol.commands import AnyCommand
from protocol.events import Ack, AnyEvent, SessionSnapshot
from protocol.limits import ANSWER_WITHIN
from protocol.link.actions import Answered
from protocol.problems import Problem, ProblemCode

Answering = Callable[[AnyCommand], tuple[AnyEvent, ...]]


def refuse(command: AnyCommand, error: str) -> tuple[AnyEvent, ...]:
    """What a device says that does not want to."""
    return (Ack(request_id=command.request_id, ok=False, error=error),)


class ScriptedWatch:
    """A watch whose items a test puts in, and which remembers what its viewer did."""

    def __init__(self, viewer: ViewerName, screen: SessionSnapshot) -> None:
        self.viewer = viewer
        self.items: asyncio.Queue[WatchItem | None] = asyncio.Queue()
        self.items.put_nowait(screen)
        self.items.put_nowait(ControlChanged(None, yours=False, may_write=viewer.may_write))
        self.did: asyncio.Queue[tuple[str, object]] = asyncio.Queue()
        self.left = asyncio.Event()

    def __aiter__(self) -> ScriptedWatch:
        return self

    async def __anext__(self) -> WatchItem:
        """What the test put in next; None ends it."""
        item = await self.items.get()
        if item is None:
            raise StopAsyncIteration
        return item

    def at_once(self, write: Callable[[bytes], bool]) -> None:
        """Everything is iterated here."""

    async def type(self, data: bytes) -> None:
        """Typed."""
        if not self.viewer.may_write:
            raise Problem(ProblemCode.FORBIDDEN, "You may watch this session and not type.")
        self.did.put_nowait(("type", data))

    async def resize(self, cols: int, rows: int) -> None:
        """Resized."""
        self.did.put_nowait(("resize", (cols, rows)))

    async def take_control(self) -> None:
        """Took control."""
        if not self.viewer.may_write:
            raise Problem(ProblemCode.FORBIDDEN, "You may watch this session and not type.")
        self.did.put_nowait(("take_control", None))

    async def resume(self) -> None:
        """Wants to see a session again that was cut off."""
        self.did.put_nowait(("resume", None))

    def ack(self, seq: int) -> None:
        """Saw frames."""
        self.did.put_nowait(("ack", seq))


@dataclass
class ScriptedDevice:
    """One device. Without ``answering`` it is offline."""

    device_id: str
    answering: Answering | None = None
    asked: list[AnyCommand] = field(default_factory=list)
    watches: dict[str, ScriptedWatch] = field(default_factory=dict)
    """By the viewer's name."""

    async def call(self, command: AnyCommand, *, within: float = ANSWER_WITHIN) -> Answered:
        """See :class:`hub.ports.DevicePort`."""
        del within
        if self.answering is None:
            raise Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.")
        self.asked.append(command)
        events = self.answering(command)
        last = events[-1]
        ok = not isinstance(last, Ack) or last.ok
        return Answered(command, ok, None if ok or not isinstance(last, Ack) else last.error, events)

    def watch(self, session_id: str, viewer: ViewerName) -> AbstractAsyncContextManager[Watch]:
        """See :class:`hub.ports.DevicePort`."""
        return self._watch(session_id, viewer)

    @asynccontextmanager
    async def _watch(self, session_id: str, viewer: ViewerName) -> AsyncIterator[Watch]:
        if self.answering is None:
            raise Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.")
        screen = SessionSnapshot(session_id=session_id, content="hello\r\n$ ", cols=100, rows=30, seq=7)
        self.watches[viewer.name] = watch = ScriptedWatch(viewer, screen)
        try:
            yield watch
        finally:
            watch.left.set()

    async def open_stream(self) -> Stream:
        """See :class:`hub.ports.DevicePort`."""
        raise Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.")


class ScriptedPorts:
    """All devices of a test."""

    def __init__(self) -> None:
        self.devices: dict[str, ScriptedDevice] = {}

    def of(self, device_id: str) -> ScriptedDevice:
        """A device, which is offline until the test says what it answers."""
        return self.devices.setdefault(device_id, ScriptedDevice(device_id))

    def online(self, device_id: str) -> bool:
        """Whether it answers."""
        return self.of(device_id).answering is not None
