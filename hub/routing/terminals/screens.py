"""How a screen and the frames around it are fitted together: no gap, and no byte twice."""

from __future__ import annotations

from collections import deque
from typing import Final

from hub.ports import Output
from protocol.events import SessionSnapshot
from protocol.limits import MIB

MAX_KEPT: Final = 2 * MIB
"""Bytes of output kept while a screen is under way."""


class Meanwhile:
    """The frames that came since a screen was asked for.

    A screen of ours says in ``seq`` which frame follows it; that frame may be here already, or still to come. One
    without ``seq`` (a gateway of another make) is taken for the state at the moment in which it came, which is before
    its request is answered.
    """

    __slots__ = ("_bytes", "_frames", "_whole")

    def __init__(self) -> None:
        self._frames: deque[Output] = deque()
        self._bytes = 0
        self._whole = False
        """Whether every frame since the screen came is here."""

    def passes(self, screen: SessionSnapshot) -> None:
        """The screen came. What came before one without a number is on it."""
        if screen.seq is None:
            self._frames.clear()
            self._bytes, self._whole = 0, True

    def add(self, frame: Output) -> None:
        """A frame came; the oldest are forgotten when they are too many."""
        self._frames.append(frame)
        self._bytes += len(frame.payload)
        while self._bytes > MAX_KEPT:
            self._bytes -= len(self._frames.popleft().payload)
            self._whole = False

    def after(self, screen: SessionSnapshot, expected: int | None) -> tuple[int, list[Output]] | None:
        """The number of the frame that follows the screen, and those that are here already.

        ``expected`` is the number of the next frame to arrive, as far as it is known. None when frames are missing.
        """
        if screen.seq is None:
            follows = self._frames[0].seq if self._frames else expected or 0
            return (follows, list(self._frames)) if self._whole else None
        frames = [frame for frame in self._frames if frame.seq >= screen.seq]
        first = frames[0].seq if frames else expected
        if first is not None and first > screen.seq:
            return None
        return screen.seq, frames
