"""What a session is doing: what its program says of itself by hooks first, then its title, then its silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from gateway.agents.signs import Sign
from gateway.sessions.types import SessionStatus

QUIET_AFTER = 2.0
"""Seconds without output after which a session counts as idle, where its program says nothing."""

STALE_AFTER = 5.0
"""Seconds without output after which a program is not believed any more that it works: all of them animate that."""

RESTS_AFTER = 1.0
"""Seconds for which a title has to say that a working program rests. Gemini CLI says so for a moment between the end of
an answer and the question whether it may run what the answer asks for."""

TITLE_MARKS = (
    ("action required", SessionStatus.WAITING),
    ("waiting for input", SessionStatus.WAITING),
)
"""Words in a terminal's title, in small letters, and what they mean where the program is not one we know."""


_INTERRUPTS = (b"\x1b", b"\x03", b"\x1b[27u", b"\x1b[99;5u")
"""Escape and Ctrl-C, plain and in the kitty keyboard protocol (progressive enhancement, CSI u)."""


class Reads(Protocol):
    """Who understands what one kind of program says; :class:`gateway.agents.cli.Ways`."""

    def hook(self, event: str, data: Mapping[str, object]) -> Sign | None:
        """What a hook says."""

    def title(self, title: str) -> Sign | None:
        """What a title says."""


class Activity:
    """Follows one session. A question stays open until it is answered, or its program says that it goes on.

    A program that has printed nothing since :meth:`began` counts as starting, for a moment: a shell may have shown its
    prompt before anybody listened.
    """

    def __init__(self, on_change: Callable[[], None], reads: Reads | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_change = on_change
        self._reads = reads
        self._output_at = -QUIET_AFTER
        self._last = self._loop.time()
        self._said: SessionStatus | None = None
        self._rang = False
        self._interrupted = False
        self._speaks = False
        self._quiet = True
        self._timer: asyncio.TimerHandle | None = None
        self._rests: asyncio.TimerHandle | None = None
        self._title_asks = False
        self.status = SessionStatus.STARTING
        self.waiting_for: str | None = None
        """What a session that waits asks the person, where its program tells."""

    def age(self) -> float:
        """Seconds since anything was typed or printed; monotonic, so a clock that jumps does no harm."""
        return self._loop.time() - self._last

    def began(self) -> None:
        """The program is listened to from now on."""
        if self._quiet:
            self._output_at = self._loop.time()
            self._wake_after(QUIET_AFTER)

    def output(self) -> None:
        """The program printed something."""
        self._output_at = self._last = self._loop.time()
        if self._quiet:
            self._wake_after(QUIET_AFTER)
            self._judge()
        elif self.status is SessionStatus.STARTING:
            self._judge()

    def typed(self, data: bytes) -> None:
        """A person typed. Keys that only move in a menu do not answer a question."""
        self._last = self._loop.time()
        # Not every program tells that it goes on or was interrupted; from here on its silence counts.
        if self._said is SessionStatus.WAITING and (self._rang or _is_answer(data)):
            self._output_at = self._last
            self._wake_after(QUIET_AFTER)
            self._say(SessionStatus.WORKING if self._speaks else None)
        elif self._said is SessionStatus.WORKING and data in _INTERRUPTS:
            self._say(None)
            self._interrupted = True

    def bell(self) -> None:
        """The program rang: it waits, unless it is one that has a better way to say so."""
        if self._reads is None:
            self._rang = True
            self._say(SessionStatus.WAITING)

    def mark(self, status: SessionStatus) -> None:
        """The program says what it does by a control sequence."""
        self._say(status)

    def titled(self, title: str) -> None:
        """The terminal has another title."""
        if self._reads is not None:
            self._take_title(self._reads.title(title))
            return
        words = title.lower()
        for mark, status in TITLE_MARKS:
            if mark in words:
                self._say(status)

    def heard(self, event: str, data: Mapping[str, object]) -> None:
        """A hook of the program told something."""
        if self._reads is not None:
            self._take(self._reads.hook(event, data))

    def close(self) -> None:
        """Nothing more will happen."""
        self._forget_rest()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _take_title(self, sign: Sign | None) -> None:
        answered = self._title_asks and sign is not None and sign.status is not SessionStatus.WAITING
        self._title_asks = sign is not None and sign.status is SessionStatus.WAITING
        if sign is not None and answered:
            # Its title has told the question, and tells it no more.
            sign = replace(sign, passing=False)
        rests = sign is not None and sign.status is SessionStatus.IDLE
        if not (rests and (self._said is SessionStatus.WORKING or answered)):
            self._forget_rest()
            self._take(sign)
        elif self._rests is None:
            self._rests = self._loop.call_later(RESTS_AFTER, self._take, sign)

    def _forget_rest(self) -> None:
        if self._rests is not None:
            self._rests.cancel()
            self._rests = None

    def _take(self, sign: Sign | None) -> None:
        if sign is None:
            return
        if sign.passing and self._said is SessionStatus.WAITING:
            if sign.status is SessionStatus.WAITING:
                sign = Sign(SessionStatus.WAITING, self.waiting_for or sign.asks)
            elif not _same(sign.asks, self.waiting_for):
                return
        self._speaks = True
        self._say(sign.status, sign.asks)

    def _say(self, status: SessionStatus | None, asks: str | None = None) -> None:
        asks = asks if status is SessionStatus.WAITING else None
        other = asks != self.waiting_for
        self._forget_rest()
        self._said, self.waiting_for, self._interrupted = status, asks, False
        self._rang = self._rang and status is SessionStatus.WAITING
        if status is SessionStatus.WORKING and self._quiet:
            self._wake_after(STALE_AFTER, quiet=True)
        self._judge(even=other and status is SessionStatus.WAITING)

    def _wake_after(self, seconds: float, *, quiet: bool = False) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._quiet = quiet
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        silence = self._loop.time() - self._output_at
        if silence < QUIET_AFTER:
            self._wake_after(QUIET_AFTER - silence)
            return
        self._quiet = True
        if self._said is SessionStatus.WORKING:
            if silence < STALE_AFTER:
                self._wake_after(STALE_AFTER - silence, quiet=True)
            else:
                self._said = None
        elif self._interrupted:
            # It rests until it says otherwise, also when its screen changes because somebody types.
            self._said, self._interrupted = SessionStatus.IDLE, False
        self._judge()

    def _judge(self, *, even: bool = False) -> None:
        said = self._said or (SessionStatus.IDLE if self._quiet else SessionStatus.WORKING)
        if said is not self.status or even:
            self.status = said
            self._on_change()


def _same(done: str | None, asked: str | None) -> bool:
    """Whether what was done is what was asked for: a tool and what it was given, whatever the question was called."""
    if done is None or asked is None:
        return False
    return done == asked or ((given := done.partition(": ")[2]) != "" and asked.endswith(f": {given}"))


def _is_answer(data: bytes) -> bool:
    """Whether bytes are a key that chooses: Enter, an interruption, or one character; not an arrow, text or report."""
    return data in _INTERRUPTS or b"\r" in data or (len(data) == 1 and data.isalnum())
