"""The pane's bytes, from tmux's end of the pipe to numbered frames.

A byte that comes after a pause goes out at once, so that typing feels like a local terminal. While output keeps coming
the pipe is emptied each :data:`PACE` seconds instead of at every wake-up, which lets tmux and us do less work for the
same bytes, and small pieces are put together for at most :data:`COALESCE` seconds.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from gateway.sessions.modes import ModeTracker
from gateway.sessions.ring import Ring
from gateway.sessions.types import MAX_PIECE

PACE = 0.002
COALESCE = 0.010

SHORT = 256
"""Bytes below which a read has most likely taken everything."""
BURST = 64
"""Reads in one go before other sessions have their turn."""


class OutputPump:
    """Reads the pipe into the ring and tells when there is something new."""

    def __init__(
        self,
        pipe: socket.socket,
        ring: Ring,
        modes: ModeTracker,
        on_frames: Callable[[], None],
        on_closed: Callable[[], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipe = pipe
        self._ring = ring
        self._modes = modes
        self._on_frames = on_frames
        self._on_closed = on_closed
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._sent_at = 0.0
        self._first_at = 0.0
        self._urgent = False
        self._timer: asyncio.TimerHandle | None = None
        self._open = True
        self.total = 0
        """Bytes read since this object was made."""
        self.watched = False
        """Whether anybody looks; without viewers frames are numbered and dropped."""
        self._arm()

    def close(self) -> None:
        """Stop reading; the socket is not closed."""
        if self._open:
            self._open = False
            self._disarm()

    def hurry(self) -> None:
        """Something was typed: what comes next is its echo and goes out at once."""
        self._urgent = True
        if self._open and self._timer is not None:
            self._flush()
            self._arm()

    def drain(self, limit: int = 8 * 1024 * 1024) -> bool:
        """Read until nothing is left and make frames of all of it; False when ``limit`` bytes did not reach the end."""
        start = self.total
        while self._open and self._read_burst():
            if self.total - start > limit:
                self._flush()
                return False
        self._flush()
        return True

    def _arm(self) -> None:
        self._disarm()
        self._loop.add_reader(self._pipe, self._first)

    def _disarm(self) -> None:
        self._loop.remove_reader(self._pipe)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _first(self) -> None:
        """Bytes after a pause."""
        now = self._loop.time()
        lonely = now - self._first_at >= PACE
        self._first_at = now
        self._read_burst()
        if self._urgent or now - self._sent_at >= COALESCE:
            self._urgent = False
            self._flush()
        # A key's echo comes alone: only what comes right after something else is worth a change of the way to read.
        if self._open and (self._waiting or not lonely):
            self._loop.remove_reader(self._pipe)
            self._timer = self._loop.call_later(PACE, self._next)

    def _next(self) -> None:
        """Time to look again."""
        more = self._read_burst()
        left = self._sent_at + COALESCE - self._loop.time()
        if self._waiting and left <= 0:
            self._flush()
        if not self._open:
            return
        if more:
            self._timer = self._loop.call_later(PACE, self._next)
        elif self._waiting:
            self._timer = self._loop.call_later(left, self._next)
        else:
            self._timer = None
            self._arm()

    def _read_burst(self) -> bool:
        """Read what is there; whether there was anything."""
        start = self.total
        frames = self._ring.next
        for _ in range(BURST):
            try:
                data = self._pipe.recv(MAX_PIECE, socket.MSG_DONTWAIT)  # as in input.py
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._flush()
                self.close()
                self._on_closed()
                break
            self._take(data)
            if len(data) < SHORT:
                break  # that was all: no need to ask once more
        if self._ring.next != frames:
            self._sent_at = self._loop.time()
            self._on_frames()
        return self.total != start

    def _take(self, data: bytes) -> None:
        self.total += len(data)
        self._modes.feed(data)
        if self._waiting + len(data) > MAX_PIECE:
            self._put()
        if not self._pieces and len(data) == MAX_PIECE:
            self._ring.append(data, keep=self.watched)
            return
        self._pieces.append(data)
        self._waiting += len(data)

    def _put(self) -> None:
        if self._pieces:
            payload = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces.clear()
            self._waiting = 0
            self._ring.append(payload, keep=self.watched)

    def _flush(self) -> None:
        if self._waiting:
            self._put()
            self._sent_at = self._loop.time()
            self._on_frames()
