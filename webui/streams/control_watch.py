"""Tells terminal sockets when another viewer holds the keyboard: one reader of the bus for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress

from aiohttp import web

from foundation.bus import FellBehind
from gateway.events.types import DeviceBus, SessionControl

Told = Callable[[], None]


class ControlWatch:
    """Who wants to know of which session."""

    def __init__(self, bus: DeviceBus) -> None:
        self._bus = bus
        self._told: dict[str, set[Told]] = {}

    @contextmanager
    def watch(self, session_id: str, told: Told) -> Iterator[None]:
        """Have ``told`` called whenever control of a session changes hands."""
        waiting = self._told.setdefault(session_id, set())
        waiting.add(told)
        try:
            yield
        finally:
            waiting.discard(told)
            if not waiting and self._told.get(session_id) is waiting:
                del self._told[session_id]

    async def run(self) -> None:
        """Read the bus until cancelled."""
        while True:
            with suppress(FellBehind):
                await self._read()
            for session_id in list(self._told):
                self._tell(session_id)

    async def _read(self) -> None:
        async with self._bus.subscribe() as subscription:
            async for published in subscription:
                if isinstance(published.event, SessionControl):
                    self._tell(published.event.session_id)

    def _tell(self, session_id: str) -> None:
        for told in list(self._told.get(session_id, ())):
            told()


CONTROL_WATCH = web.AppKey("control_watch", ControlWatch)


async def control_watch_context(app: web.Application) -> AsyncIterator[None]:
    """A cleanup context: watches for as long as the application runs."""
    task = asyncio.create_task(app[CONTROL_WATCH].run(), name="control watch")
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
