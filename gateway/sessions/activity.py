"""What a session is doing, as far as its terminal tells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.sessions.types import SessionStatus

QUIET_AFTER = 2.0
"""Seconds without output after which a session counts as idle."""

TITLE_MARKS = (
    ("action required", SessionStatus.WAITING),
    ("waiting for input", SessionStatus.WAITING),
)
"""Words in a terminal's title, in small letters, and what they mean."""


class Activity:
    """Working while output comes, waiting after a bell or a mark until something is typed, idle otherwise.

    A program that has printed nothing since :meth:`began` counts as starting, for a moment: a shell may have shown its
    prompt before anybody listened.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_change = on_change
        self._output_at = -QUIET_AFTER
        self._last = self._loop.time()
        self._waiting = False
        self._timer: asyncio.TimerHandle | None = None
        self.status = SessionStatus.STARTING

    def age(self) -> float:
        """Seconds since anything was typed or printed; monotonic, so a clock that jumps does no harm."""
        return self._loop.time() - self._last

    def began(self) -> None:
        """The program is listened to from now on."""
        if self._timer is None:
            self._output_at = self._loop.time()
            self._timer = self._loop.call_later(QUIET_AFTER, self._look)

    def output(self) -> None:
        """The program printed something."""
        self._output_at = self._last = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(QUIET_AFTER, self._look)
            self._judge()
        elif self.status is SessionStatus.STARTING:
            self._judge()

    def typed(self) -> None:
        """A person answered."""
        self._last = self._loop.time()
        if self._waiting:
            self._waiting = False
            self._judge()

    def bell(self) -> None:
        """The program rang."""
        self.mark(SessionStatus.WAITING)

    def mark(self, status: SessionStatus) -> None:
        """The program says itself what it does."""
        self._waiting = status is SessionStatus.WAITING
        self._judge()

    def titled(self, title: str) -> None:
        """The terminal has another title."""
        words = title.lower()
        for mark, status in TITLE_MARKS:
            if mark in words:
                self.mark(status)

    def close(self) -> None:
        """Nothing more will happen."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        left = self._output_at + QUIET_AFTER - self._loop.time()
        self._timer = self._loop.call_later(left, self._look) if left > 0 else None
        self._judge()

    def _judge(self) -> None:
        if self._waiting:
            status = SessionStatus.WAITING
        else:
            status = SessionStatus.WORKING if self._timer is not None else SessionStatus.IDLE
        if status is not self.status:
            self.status = status
            self._on_change()
