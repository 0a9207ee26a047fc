"""One reader of a session: a cursor into the shared ring, never a copy of the output."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from gateway.sessions.ring import Ring
from gateway.sessions.types import Ended, Output, Resized, Snapshot, ViewerItem

WINDOW = 1024 * 1024
"""Bytes that may be unacknowledged once a viewer has acknowledged anything."""

MARK_EVERY = 16 * 1024
FRESH_SCROLLBACK = 1_000
"""Lines of history at most in a snapshot that a lagging viewer gets in place of frames."""


class SnapshotSource(Protocol):
    """Who brings snapshots to viewers that want one."""

    def request(self) -> None:
        """At least one viewer has :attr:`Viewer.wants_snapshot` set."""


class Viewer:
    """Async iterator of :data:`ViewerItem`; the first is a snapshot, and so is what replaces lost frames.

    A viewer that stops reading costs nothing but its place in the ring; when it reads again and the ring has gone on
    without it, it gets the present screen.
    """

    def __init__(self, viewer_id: str, name: str, ring: Ring, source: SnapshotSource, scrollback: int) -> None:
        self.id = viewer_id
        self.name = name
        self.wants_snapshot = True
        self.scrollback = scrollback
        self.cursor = ring.next
        """Number of the next frame to hand out."""
        self._ring = ring
        self._source = source
        self._wake: asyncio.Future[None] | None = None
        self._snapshot: Snapshot | None = None
        self._prefix = b""
        self._resized: Resized | None = None
        self._ended: Ended | None = None
        self._over = False
        self._acks = False
        self._sent = 0
        self._acked = 0
        self._offset = ring.offset
        self._final: Snapshot | None = None
        # A viewer that never acknowledges leaves only its newest marks.
        self._marks: deque[tuple[int, int]] = deque(maxlen=512)
        self._held_back = False

    def __aiter__(self) -> Viewer:
        return self

    async def __anext__(self) -> ViewerItem:
        while not self._over:
            item = self._take()
            if item is not None:
                return item
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        raise StopAsyncIteration

    def ack(self, seq: int) -> None:
        """The viewer has shown every frame up to ``seq``; numbers that were never sent are ignored."""
        if seq >= self.cursor:
            return
        self._acks = True
        while self._marks and self._marks[0][0] <= seq:
            self._acked = self._marks.popleft()[1]
        if seq == self.cursor - 1:
            self._acked = self._sent
            self._marks.clear()
        if self._held_back and self._sent - self._acked <= WINDOW // 2:
            self._held_back = False
            if self._ring.offset - self._offset > WINDOW:
                self._ask_snapshot()
            self.wake()

    def needs_before(self) -> int:
        """The ring may forget every frame before this number as far as this viewer goes."""
        return self._ring.next if self.wants_snapshot else self.cursor

    def wake(self) -> None:
        """There is something new."""
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def resized(self, cols: int, rows: int) -> None:
        """The terminal has another size: tell it, then show the screen anew."""
        self._resized = Resized(cols, rows)
        self._ask_snapshot()
        self.wake()

    def refresh(self) -> None:
        """Show the screen anew."""
        self._ask_snapshot()
        self.wake()

    def show(self, snapshot: Snapshot, pending: bytes) -> None:
        """Go on from a snapshot; ``pending`` are bytes before it that belong to what comes next."""
        self.wants_snapshot = False
        self._snapshot = snapshot
        self.cursor = snapshot.seq
        self._offset = self._ring.offset
        self._prefix = pending
        self._acked = self._sent
        self._marks.clear()
        self._held_back = False
        self.scrollback = min(self.scrollback, FRESH_SCROLLBACK)
        self.wake()

    def end(self, ended: Ended, final: Snapshot | None) -> None:
        """The session is over; what is in the ring is still handed out, or else the ``final`` screen."""
        self._ended = ended
        self._final = final
        self.wake()

    def stop(self) -> None:
        """Nobody reads any more."""
        self._over = True
        self.wake()

    def _take(self) -> ViewerItem | None:
        """The next item, or None while there is none."""
        if self._resized is not None:
            resized, self._resized = self._resized, None
            return resized
        if self._snapshot is not None:
            snapshot, self._snapshot = self._snapshot, None
            return snapshot
        if self._held_back and self._ended is None:
            return None
        if not self.wants_snapshot and self.cursor < self._ring.first:
            self._ask_snapshot()
        if not self.wants_snapshot and self.cursor < self._ring.next:
            return self._frame()
        return self._last()

    def _last(self) -> Snapshot | Ended | None:
        if self._ended is None:
            return None
        if self.wants_snapshot and self._final is not None:
            self.wants_snapshot = False
            self.cursor = self._ring.next
            return self._final
        self._over = True
        return self._ended

    def _frame(self) -> Output | None:
        if self._acks and self._sent - self._acked > WINDOW and self._ended is None:
            self._held_back = True
            return None
        frame = self._ring.get(self.cursor)
        self.cursor += 1
        self._sent += len(frame.payload)
        self._offset += len(frame.payload)
        if not self._marks or self._sent - self._marks[-1][1] >= MARK_EVERY:
            self._marks.append((frame.seq, self._sent))
        if self._prefix:
            frame = Output(frame.seq, self._prefix + frame.payload)
            self._prefix = b""
        return frame

    def _ask_snapshot(self) -> None:
        self.wants_snapshot = True
        self._snapshot = None
        self._source.request()
