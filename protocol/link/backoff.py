"""How long to wait before the next attempt to connect."""

from __future__ import annotations

from collections.abc import Callable

from protocol.limits import BACKOFF_FIRST, BACKOFF_MOST


class Backoff:
    """Doubles from 1 s to 30 s and spreads every wait, so that a fleet does not come back in one moment.

    ``random`` gives numbers from 0 (included) to 1 (excluded).
    """

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._attempts = 0

    def next(self) -> float:
        """Seconds to wait now: never under 1, never over 30."""
        middle = min(BACKOFF_MOST, BACKOFF_FIRST * (1 << min(self._attempts, 10)))
        self._attempts += 1
        least, most = max(BACKOFF_FIRST, middle / 2), min(BACKOFF_MOST, middle * 1.5)
        return least + (most - least) * self._random()

    def longest(self) -> None:
        """Go on with the longest waits: the hub is there and said no."""
        self._attempts = max(self._attempts, 10)

    def reset(self) -> None:
        """The last connection was a good one."""
        self._attempts = 0
