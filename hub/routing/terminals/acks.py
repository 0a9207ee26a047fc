"""Telling the device how far its output was taken: seldom, because a hub of many terminals pays for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hub.routing.wheel import Due, Wheel
from protocol.limits import KIB

ACK_BYTES: Final = 16 * KIB
"""Bytes after which an acknowledgement is due at once."""
ACK_EVERY: Final = 0.1
"""Seconds between two of one session at least."""
ACK_WITHIN: Final = 1.0
"""Seconds after which what was taken is acknowledged, however little it is."""


class Acks(Due):
    """The acknowledgements of one session; ``send`` sends one.

    The device's window follows the fastest viewer. The slower ones lose frames here, and get a fresh screen.
    """

    __slots__ = ("_acked", "_at", "_highest", "_hurried", "_received", "_send", "_wheel")

    def __init__(self, wheel: Wheel, send: Callable[[int], None]) -> None:
        super().__init__()
        self._wheel = wheel
        self._send = send
        self._highest = -1
        self._acked = -1
        self._received = 0
        self._at = 0.0
        self._hurried = False

    def came(self, size: int) -> None:
        """Output arrived."""
        self._received += size

    def took(self, seq: int) -> None:
        """A viewer has taken every frame up to ``seq``."""
        if seq <= self._highest:
            return
        self._highest = seq
        if not self._hurried and self._received >= ACK_BYTES:
            self._hurry()
        elif self.slot == 0:
            self._wheel.schedule(self, self._wheel.now() + ACK_WITHIN)

    def restart(self, seq: int | None) -> None:
        """Numbers start anew after a screen: everything before frame ``seq`` was taken, where that is known."""
        self._acked = -1
        self._highest = -1 if seq is None else seq - 1
        self._hurry()

    def due(self, now: float) -> None:
        """Send what is to be said."""
        if self._hurried and now < self._at + ACK_EVERY:
            self._wheel.schedule(self, self._at + ACK_EVERY)
            return
        self._hurried = False
        if self._highest > self._acked:
            self._acked, self._at, self._received = self._highest, now, 0
            self._send(self._highest)

    def _hurry(self) -> None:
        self._hurried = True
        self._wheel.schedule(self, max(self._wheel.now(), self._at + ACK_EVERY))
