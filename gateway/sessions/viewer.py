"""One reader of a session: a cursor into the shared ring, never a copy of the output."""

from __future__ import annotations

import asyncio
from typing import Protocol

from gateway.sessions.ring import Ring
from gateway.sessions.types import MAX_PENDING, Ended, Output, Resized, Snapshot, ViewerItem
from gateway.sessions.window import PATIENCE, Window

FRESH_SCROLLBACK = 1_000
"""Lines of history at most in a snapshot that comes in place of frames."""
LINE_COST = 512
"""A snapshot for a slow viewer has a line of history per so many bytes of its window; more would be late, too."""


class SnapshotSource(Protocol):
    """Who brings snapshots to viewers that want one."""

    def request(self) -> None:
        """At least one viewer has :attr:`Viewer.wants_snapshot` set."""


class Viewer:
    """Async iterator of :data:`ViewerItem`; the first is a snapshot, and so is what replaces lost frames.

    A viewer that stops reading costs nothing but its place in the ring; when it reads again and the ring has gone on
    without it, it gets the present screen. So does one whose acknowledgements say that it is slow (window.py).
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
        self._loop = asyncio.get_running_loop()
        self._wake: asyncio.Future[None] | None = None
        self._snapshot: Snapshot | None = None
        self._prefix = b""
        self._resized: Resized | None = None
        self._ended: Ended | None = None
        self._over = False
        self._offset = ring.offset
        self._final: Snapshot | None = None
        self._window = Window()
        self._held_back = False
        self._fresh = True
        self._patience: asyncio.TimerHandle | None = None

    def __aiter__(self) -> Viewer:
        return self

    async def __anext__(self) -> ViewerItem:
        while not self._over:
            item = self._take()
            if item is not None:
                return item
            self._wake = self._loop.create_future()
            try:
                await self._wake
            finally:
                self._wake = None
        raise StopAsyncIteration

    def ack(self, seq: int) -> None:
        """The viewer has shown every frame up to ``seq``; numbers that were never sent are ignored."""
        if seq >= self.cursor:
            return
        self._window.acked(seq, self._loop.time(), everything=seq == self.cursor - 1 and self._snapshot is None)
        if self._held_back and self._window.unacknowledged <= self._window.size // 2:
            if self._left_behind():
                self._ask_snapshot()
            self._held_back = False
            self.wake()

    def needs_before(self) -> int:
        """The ring may forget every frame before this number as far as this viewer goes."""
        return self._ring.next if self.wants_snapshot or self._left_behind() else self.cursor

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
        """Go on from a snapshot; ``pending`` are bytes before it that belong to what comes next.

        Raises:
            ValueError: they are more than :data:`MAX_PENDING`.
        """
        if len(pending) > MAX_PENDING:
            raise ValueError(f"{len(pending)} pending bytes do not fit before a frame")
        self.wants_snapshot = False
        self._snapshot = snapshot
        self.cursor = snapshot.seq
        self._offset = self._ring.offset
        self._prefix = pending
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
        if self._patience is not None:
            self._patience.cancel()
        self.wake()

    def _take(self) -> ViewerItem | None:
        """The next item, or None while there is none."""
        if self._resized is not None:
            resized, self._resized = self._resized, None
            return resized
        if self._snapshot is not None:
            return self._screen(self._snapshot)
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

    def _screen(self, snapshot: Snapshot) -> Snapshot:
        self._snapshot = None
        self._fresh = True
        self._window.sent(snapshot.seq - 1, len(snapshot.content) + len(snapshot.under), self._loop.time())
        return snapshot

    def _frame(self) -> Output | None:
        frame = self._ring.get(self.cursor)
        size = len(frame.payload)
        # Not every viewer acknowledges a snapshot; the frame after it they all do.
        if not self._fresh and self._ended is None and self._window.full(size):
            self._held_back = True
            if not self._window.known and self._patience is None:
                self._patience = self._loop.call_later(PATIENCE, self._give_up)
            return None
        self._fresh = False
        self.cursor += 1
        self._offset += size
        self._window.sent(frame.seq, size, self._loop.time())
        if self._prefix:
            frame = Output(frame.seq, self._prefix + frame.payload)
            self._prefix = b""
        return frame

    def _give_up(self) -> None:
        self._window.give_up()
        self._held_back = False
        self.wake()

    def _left_behind(self) -> bool:
        """Whether so much has come that a slow viewer waits for that it is better shown the present screen."""
        return self._held_back and self._window.slow and self._ring.offset - self._offset > self._window.size

    def _ask_snapshot(self) -> None:
        self.wants_snapshot = True
        self._snapshot = None
        if self._window.slow:
            self.scrollback = min(self.scrollback, self._window.size // LINE_COST)
        self._source.request()
