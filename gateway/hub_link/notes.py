"""What a hub did wrong, for the log, without letting it fill the log."""

from __future__ import annotations

import logging

from gateway.hub_link.channel import Clock
from protocol.problems import Problem

log = logging.getLogger(__name__)
EVERY = 1.0
"""Seconds from one line to the next at least."""


class Notes:
    """Writes problems down, and counts those that come too fast."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = float("-inf")
        self._left_out = 0

    def write(self, problem: Problem) -> None:
        """One line, or none."""
        now = self._clock.time()
        if now < self._next:
            self._left_out += 1
            return
        self._next = now + EVERY
        log.warning("the hub sent something that cannot be used: %s (%d more left out)", problem, self._left_out)
        self._left_out = 0
