"""One viewer of a session: a bounded queue, and nothing that could hold up the others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hub.ports import ControlChanged, Output, Refused, SessionEnded, ViewerName, WatchItem
from protocol.events import SessionSnapshot
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from hub.routing.terminals.room import Room

_MAX_NOTICES: Final = 16
MAX_TYPED: Final = 1024 * 1024
"""Bytes that may be typed in one call: a paste."""


class Viewer:
    """A :class:`hub.ports.Watch`. Output that it does not take in time is thrown away, and a fresh screen follows."""

    __slots__ = (
        "_acked",
        "_bytes",
        "_control",
        "_cursor",
        "_ended",
        "_frames",
        "_limit",
        "_notices",
        "_over",
        "_room",
        "_screen",
        "_urgent",
        "_wake",
        "_write",
        "active_at",
        "joined",
        "name",
        "wants",
    )

    def __init__(self, room: Room, name: ViewerName, limit: int, now: float) -> None:
        self.name = name
        self.wants = True
        """Whether it waits for a screen, and skips the frames before it."""
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done with the first screen."""
        self.active_at = now
        self._room = room
        self._limit = limit
        self._frames: deque[Output] = deque()
        self._bytes = 0
        self._screen: SessionSnapshot | None = None
        self._cursor = 0
        self._control: ControlChanged | None = None
        self._notices: deque[Refused] = deque(maxlen=_MAX_NOTICES)
        self._ended: SessionEnded | None = None
        self._urgent = False
        self._over = False
        self._acked: int | None = None
        self._wake: asyncio.Future[None] | None = None
        self._write: Callable[[bytes], bool] | None = None

    def __aiter__(self) -> Viewer:
        return self

    async def __anext__(self) -> WatchItem:
        """The next item; raises StopAsyncIteration when there will be none."""
        while True:
            item = self.take()
            if item is not None:
                return item
            if self._over:
                raise StopAsyncIteration
            if self.wants:
                self._room.ask()  # only now: a viewer that takes nothing needs no screen
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None

    def at_once(self, write: Callable[[bytes], bool]) -> None:
        """See :class:`hub.ports.Watch`."""
        self._write = write

    async def type(self, data: bytes) -> None:
        """See :class:`hub.ports.Watch`."""
        self._room.type(self, data)

    async def resize(self, cols: int, rows: int) -> None:
        """See :class:`hub.ports.Watch`."""
        await self._room.resize(self, cols, rows)

    async def take_control(self) -> None:
        """See :class:`hub.ports.Watch`."""
        self._room.take_control(self)

    async def resume(self) -> None:
        """See :class:`hub.ports.Watch`."""
        self._room.resume(self)

    def ack(self, seq: int) -> None:
        """See :class:`hub.ports.Watch`."""
        self.active_at = self._room.now()
        if seq >= self._cursor or (self._acked is not None and seq <= self._acked):
            return  # never sent, or said before
        self._acked = seq
        self._room.took(seq)

    # What the room says

    def pass_on(self, seq: int, frame: bytes) -> bool:
        """Write frame ``seq`` as it came where nothing waits before it; whether that was done. The hot path."""
        wake = self._wake
        if self.wants or seq < self._cursor or wake is None or wake.done():
            return False
        if self._write is None or not self._write(frame):
            return False
        self._cursor = seq + 1
        self._given(seq)
        return True

    def offer(self, output: Output) -> None:
        """A frame of output for the queue."""
        if self.wants or output.seq < self._cursor:
            return
        self._cursor = output.seq + 1
        size = self._bytes + len(output.payload)
        if size > self._limit:
            self._fall_behind()
            return
        self._bytes = size
        self._frames.append(output)
        self._wake_up()

    def show(self, screen: SessionSnapshot, seq: int) -> None:
        """Go on from this screen with frame ``seq``; what waited before it is not needed any more."""
        self.wants = False
        self._screen, self._cursor = screen, seq
        self._frames.clear()
        self._bytes = 0
        if not self.joined.done():
            self.joined.set_result(None)
        self._hurry()

    def control(self, changed: ControlChanged) -> None:
        """Who types is another one."""
        self._control = changed
        self._hurry()

    def tell(self, problem: Problem) -> None:
        """Something went wrong."""
        self._notices.append(Refused(problem))
        self._hurry()

    def end(self, ended: SessionEnded | None, problem: Problem | None = None) -> None:
        """Nothing follows but what waits, and this."""
        if problem is not None:
            self._notices.append(Refused(problem))
            self._urgent = True
        if not self.joined.done():
            message = "The session is over. Start a new one."
            self.joined.set_exception(problem or Problem(ProblemCode.SESSION_ENDED, message))
        self._ended, self._over = ended, True
        self._wake_up()

    # Inside

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _given(self, seq: int) -> None:
        self.active_at = self._room.now()
        if self._acked is None:
            self._room.took(seq)

    def _fall_behind(self) -> None:
        self._room.stats.lost_frames += len(self._frames) + 1
        self._frames.clear()
        self._bytes = 0
        self.wants = True
        self._wake_up()

    def take(self) -> WatchItem | None:
        """The next item that is here already, or None."""
        if self._urgent:
            return self._take_urgent()
        if self._frames:
            frame = self._frames.popleft()
            self._bytes -= len(frame.payload)
            self._given(frame.seq)
            return frame
        ended, self._ended = self._ended, None
        return ended

    def _take_urgent(self) -> WatchItem | None:
        """What goes before the frames: a screen first, for it is what everything else is about."""
        self.active_at = self._room.now()
        screen, control = self._screen, self._control
        if screen is not None:
            self._screen = None
            return screen
        if control is not None:
            self._control = None
            return control
        if self._notices:
            return self._notices.popleft()
        self._urgent = False
        return self.take()

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for its next item."""
        return self._wake is not None

    def _hurry(self) -> None:
        self._urgent = True
        self._wake_up()
