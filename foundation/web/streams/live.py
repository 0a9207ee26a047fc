"""Streams and sockets that are open, by the login they stand on: they end when it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from typing import Final

import structlog
from aiohttp import web

from protocol.problems import Problem, ProblemCode

_LOG = structlog.get_logger("web.live")

MAX_OPEN: Final = 64
"""Streams and sockets of one login at the same time."""
_SHUTDOWN_SECONDS: Final = 3.0


class Ending(Enum):
    """Why a stream or socket ends that its client did not close: the WebSocket close code and what it says."""

    LOGGED_OUT = (4401, "The login has ended. Log in again.")
    SHUTDOWN = (1001, "Hutch is stopping. It will be back.")
    ABUSE = (1008, "Too many messages that could not be used.")
    SESSION_OVER = (1000, "The session has ended.")
    DEVICE_GONE = (1013, "The device is not connected. Try again when it is back.")

    @property
    def code(self) -> int:
        """The close code (RFC 6455, 7.4; 1013, come again, is IANA's; 4401 is ours)."""
        return self.value[0]

    @property
    def text(self) -> str:
        """What the client reads, at most 123 bytes."""
        return self.value[1]


End = Callable[[Ending], None]


class LiveLogins:
    """Knows what is open and ends it on logout, revocation, expiry and shutdown."""

    def __init__(self) -> None:
        self._open: dict[int, set[End]] = {}
        self._empty = asyncio.Event()
        self._stopping = False

    @contextmanager
    def watch(self, login_id: int, expires_at: datetime | None, end: End) -> Iterator[None]:
        """Have ``end`` called at most a few times, when what is open inside must end. Raises TOO_MANY, UNAVAILABLE.

        ``login_id`` is what :meth:`revoked` is told, ``expires_at`` (aware) when the login ends by itself.
        To be entered before the request's first wait, or a revocation could slip in between.
        """
        if self._stopping:
            raise Problem(ProblemCode.UNAVAILABLE, "Hutch is stopping. Try again in a moment.")
        ends = self._open.setdefault(login_id, set())
        if len(ends) >= MAX_OPEN:
            raise Problem(ProblemCode.TOO_MANY, f"{MAX_OPEN} streams of this login are open. Close some.")
        ends.add(end)
        timer = _at(expires_at, lambda: end(Ending.LOGGED_OUT))
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            ends.discard(end)
            if not ends and self._open.get(login_id) is ends:
                del self._open[login_id]
            if not self._open:
                self._empty.set()

    def revoked(self, login_id: int) -> None:
        """A login is over: end what stands on it."""
        for end in list(self._open.get(login_id, ())):
            end(Ending.LOGGED_OUT)

    async def stop(self) -> None:
        """End everything and wait, a few seconds at most, until it has ended."""
        self._stopping = True
        self._empty.clear()
        for end in [end for ends in self._open.values() for end in ends]:
            end(Ending.SHUTDOWN)
        if not self._open:
            return
        try:
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                await self._empty.wait()
        except TimeoutError:
            _LOG.warning("live.not_ended", logins=len(self._open))


def _at(moment: datetime | None, call: Callable[[], None]) -> asyncio.TimerHandle | None:
    if moment is None:
        return None
    # A timer of more than a few weeks is no use: sockets do not live that long.
    seconds = min((moment - datetime.now(UTC)).total_seconds(), 30 * 24 * 3600)
    return asyncio.get_running_loop().call_later(max(0.0, seconds), call)


LIVE = web.AppKey("live", LiveLogins)


async def stop_live(app: web.Application) -> None:
    """A shutdown handler: ends what is open before the connections are cut."""
    await app[LIVE].stop()
