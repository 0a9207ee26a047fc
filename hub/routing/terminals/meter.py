"""Measures a session's output, and says when it has run away."""

from __future__ import annotations

from collections.abc import Callable

from hub.routing.budget import Budget
from hub.routing.limits import Rate
from protocol.problems import Problem, ProblemCode


class Meter:
    """What one session put out for its viewers; ``now`` is monotonic seconds."""

    __slots__ = ("_budget", "_now", "_rate", "bytes", "cut", "frames")

    def __init__(self, rate: Rate, now: Callable[[], float]) -> None:
        self.bytes = 0
        self.frames = 0
        self.cut: Problem | None = None
        """RUNAWAY_OUTPUT while the session is cut off."""
        self._rate = rate
        self._now = now
        self._budget = Budget(rate, now())

    def count(self, size: int) -> Problem | None:
        """A frame came; the problem when it was one too many for too long, and :attr:`cut` is set."""
        self.bytes += size
        self.frames += 1
        return self._judge() if self._budget.spend(size, 1) else None

    def resume(self) -> None:
        """Begin anew."""
        self.cut = None
        self._budget = Budget(self._rate, self._now())

    def _judge(self) -> Problem | None:
        now = self._now()
        if not self._budget.wait(now):
            return None
        self._budget.restart(now)
        if not self._budget.exhausted(now):
            return None
        message = "The session put out more than can be shown, for too long, and is not shown now. Stop it, or resume."
        rate = self._rate
        limits = {"bytes_per_second": rate.bytes_per_second, "frames_per_second": rate.messages_per_second}
        self.cut = Problem(ProblemCode.RUNAWAY_OUTPUT, message, {**limits, "seconds": rate.patience})
        return self.cut
