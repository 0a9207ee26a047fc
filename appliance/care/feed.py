"""A stream that one side reads as a file while the other brings it in pieces, each when the one before was read."""

from __future__ import annotations

import io
import threading
from typing import Final

from appliance.care.raw import view_of
from protocol.problems import Problem, ProblemCode

IDLE_SECONDS: Final = 600.0
"""How long the reader waits for the next piece: the person's network may be away, but not for ever."""


class Feed(io.RawIOBase):
    """``size`` bytes are to come. At most one piece is in memory. Both sides block: each has a thread of its own."""

    def __init__(self, size: int, idle: float = IDLE_SECONDS) -> None:
        self._left = size
        self._idle = idle
        self._piece = memoryview(b"")
        self._changed = threading.Condition()
        self._over = False

    def put(self, data: bytes) -> bool:
        """Hand over the next piece, and wait until it is read; False where nobody reads any more."""
        with self._changed:
            self._piece = memoryview(data)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._over or not self._piece)
            return not self._over

    def end(self) -> None:
        """Nothing more is brought, or read."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer with what there is; 0 at the end. Raises Problem TRANSFER_EXPIRED when nothing comes."""
        view = view_of(buffer)
        with self._changed:
            if self._left == 0:
                return 0
            if not self._changed.wait_for(lambda: self._over or self._piece, self._idle) or self._over:
                raise Problem(ProblemCode.TRANSFER_EXPIRED, "The backup was not brought to its end. Begin anew.")
            count = min(len(view), len(self._piece))
            view[:count] = self._piece[:count]
            self._piece = self._piece[count:]
            self._left -= count
            if not self._piece:
                self._changed.notify_all()
            return count
