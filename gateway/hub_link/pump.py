"""Frames from a socket to the link, and from the outbox to the socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gateway.hub_link.channel import Clock, Timer
from gateway.hub_link.outbox import Outbox, Ping

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


async def read(socket: ClientConnection, take: Callable[[str | bytes], None]) -> None:
    """Hand on every frame until the socket ends."""
    async for message in socket:
        take(message)


async def write(socket: ClientConnection, outbox: Outbox, on_pong: Callable[[bytes], None]) -> None:
    """Send what waits, for as long as the connection lasts; ``on_pong`` gets the payload of each ping answered."""
    while True:
        item = await outbox.next()
        if isinstance(item, Ping):
            pong = await socket.ping(item.payload)
            asyncio.ensure_future(pong).add_done_callback(partial(_pong, item, on_pong))
        else:
            await socket.send(item)


def _pong(sent: Ping, on_pong: Callable[[bytes], None], done: asyncio.Future[float]) -> None:
    if not done.cancelled() and done.exception() is None:
        on_pong(sent.payload)


class Alarm:
    """Calls at one time at a time."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._timer: Timer | None = None
        self._at: float | None = None

    def set(self, at: float | None) -> None:
        """Ring then, and at no other time; None: not at all."""
        if at == self._at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at = at
        self._timer = None if at is None else self._clock.call_at(at, self._due)

    def _due(self) -> None:
        self._at = self._timer = None
        self._ring()
