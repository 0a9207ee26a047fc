from __future__ import annotations

from collections import deque

from gateway.sessions.window import FIRST, HORIZON, LARGEST, SMALLEST, Window

FRAME = 15 * 1024
ACK_SECONDS = 0.2
ACK_BYTES = 64 * 1024


class Line:
    """A viewer that takes ``rate`` bytes a second and acknowledges as the page does, fed with all that fits."""

    def __init__(self, rate: float) -> None:
        self.window = Window()
        self.now = 100.0
        self.late = 0.0
        """Seconds the last frame was old when it was shown."""
        self._rate = rate
        self._seq = 0
        self._queue: deque[tuple[int, float]] = deque()
        self.window.sent(0, 1, self.now)
        self.window.acked(0, self.now, everything=True)

    def run(self, seconds: float) -> float:
        """Bytes shown in that time."""
        end, shown, unacknowledged, acked_at = self.now + seconds, 0, 0, self.now
        while self.now < end:
            self._fill()
            seq, sent_at = self._queue.popleft()
            self.now += FRAME / self._rate
            self.late = self.now - sent_at
            shown += FRAME
            unacknowledged += FRAME
            if unacknowledged >= ACK_BYTES or self.now - acked_at >= ACK_SECONDS or not self._queue:
                self.now = self.now if unacknowledged >= ACK_BYTES else max(self.now, acked_at + ACK_SECONDS)
                self.window.acked(seq, self.now, everything=not self._queue)
                unacknowledged, acked_at = 0, self.now
        return shown

    def _fill(self) -> None:
        while not self.window.full(FRAME):
            self._seq += 1
            self.window.sent(self._seq, FRAME, self.now)
            self._queue.append((self._seq, self.now))


def test_without_acknowledgements_there_is_no_window_after_a_moment() -> None:
    window = Window()
    for seq in range(FIRST // FRAME):
        assert not window.full(FRAME)
        window.sent(seq, FRAME, 0.0)
    assert window.full(FRAME)
    window.give_up()
    for seq in range(1000):
        assert not window.full(FRAME)
        window.sent(seq, FRAME, 0.0)


def test_a_slow_viewer_comes_to_have_little_under_way() -> None:
    line = Line(64 * 1024)
    line.run(10)
    assert line.window.slow
    assert line.window.size <= 64 * 1024
    assert line.late < 1


def test_a_fast_viewer_gets_all_it_can_take_within_a_moment() -> None:
    line = Line(20e6)
    assert line.run(0.1) > 1.9e6
    assert line.run(2) > 39e6
    assert line.window.size >= 20 * FIRST
    assert not line.window.slow


def test_a_viewer_that_was_slow_becomes_fast_again() -> None:
    line = Line(64 * 1024)
    line.run(10)
    line._rate = 20e6
    line.run(3)
    assert line.window.size > FIRST
    assert not line.window.slow


def test_a_window_stays_within_its_bounds() -> None:
    for rate in (1024.0, 1e9):
        line = Line(rate)
        line.run(60 if rate < 1e6 else 0.1)
        assert SMALLEST <= line.window.size <= LARGEST


def test_one_key_and_then_a_flood_does_not_count_as_slow() -> None:
    window = Window()
    for seq in range(20):
        window.sent(seq, 1, float(seq))
        window.acked(seq, seq + 0.2, everything=True)
    assert window.size == FIRST
    assert HORIZON < 1
    assert not window.slow
