"""How much a viewer may have before it has said that it showed it: little for a slow one, much for a fast one.

What waits between us and a viewer's screen is time that its screen is late, and it cannot be taken back. So the window
holds about :data:`HORIZON` seconds of what this viewer takes, learned from its acknowledgements. As in TCP's slow start
(RFC 5681, 3.1) it doubles while it is what holds the viewer up; as in LEDBAT (RFC 6817) it is waiting, not loss, that
makes it smaller. A viewer that fills its first window and says nothing for :data:`PATIENCE` seconds never acknowledges,
and has no window until it does.
"""

from __future__ import annotations

from collections import deque

SMALLEST = 32 * 1024
FIRST = 128 * 1024
LARGEST = 4 * 1024 * 1024
HORIZON = 0.4
"""Seconds of a slow viewer's pace that may be under way."""
LATE = 0.25
"""Seconds that something may stay unacknowledged, beyond the best this viewer has done, before it counts as slow."""
STAYS_SLOW = 2.0
"""Seconds for which it does: a short window is soon acknowledged in full, and tells little."""
PATIENCE = 0.5
MARK_EVERY = 8 * 1024
_MARKS = LARGEST // MARK_EVERY
_SHORTEST = 0.001


class Window:
    """The bytes sent to one viewer, and what it acknowledged. Times are seconds of any clock that does not jump."""

    def __init__(self) -> None:
        self.size = FIRST
        """Bytes that may be unacknowledged."""
        self.slow = False
        """Whether this viewer was lately behind what it had been sent."""
        self.known = False
        """Whether it is known if this viewer acknowledges."""
        self._on = True
        self._sent = 0
        self._acked = 0
        self._acked_at = 0.0
        self._late_at = float("-inf")
        self._best = float("inf")
        # (frame number, bytes sent up to its end, when); a viewer that never acknowledges leaves only its newest.
        self._marks: deque[tuple[int, int, float]] = deque(maxlen=_MARKS)

    @property
    def unacknowledged(self) -> int:
        """Bytes under way."""
        return self._sent - self._acked

    def sent(self, seq: int, size: int, now: float) -> None:
        """Bytes went out, up to the end of frame ``seq``."""
        self._sent += size
        if not self._marks or self._sent - self._marks[-1][1] >= MARK_EVERY:
            self._marks.append((seq, self._sent, now))

    def full(self, more: int) -> bool:
        """Whether ``more`` bytes have to wait for an acknowledgement."""
        return self._on and self._sent > self._acked and self._sent - self._acked + more > self.size

    def give_up(self) -> None:
        """Nothing was acknowledged for :data:`PATIENCE` seconds."""
        if not self.known:
            self.known = True
            self._on = False

    def acked(self, seq: int, now: float, *, everything: bool) -> None:
        """The viewer has shown all frames up to ``seq``, and with ``everything`` all that was sent."""
        self._on = self.known = True
        before, under_way = self._acked, self.unacknowledged
        busy_since = max(self._acked_at, self._marks[0][2]) if self._marks else now
        while self._marks and self._marks[0][0] <= seq:
            _, self._acked, at = self._marks.popleft()
            self._best = min(self._best, now - at)
        if everything:
            self._acked = self._sent
            self._marks.clear()
        self._acked_at = now
        taken = self._acked - before
        waits = now - self._marks[0][2] if self._marks else 0.0
        if waits > self._best + LATE:
            self._late_at = now
            pace = taken / max(now - busy_since, _SHORTEST)
            self.size = min(self.size, max(SMALLEST, int(pace * HORIZON)))
        elif under_way > self.size // 2:
            self.size = min(LARGEST, self.size + taken)
        self.slow = now - self._late_at < STAYS_SLOW
