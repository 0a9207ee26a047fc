"""A bus as server-sent events, which go on where a reader was cut off."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from foundation.bus import EventBus, FellBehind, Subscription
from foundation.web.streams.sse import KEEP_ALIVE, SseWriter, event, place, reset

E = TypeVar("E", bound=BaseModel)
_PLACE: Final = re.compile(r"(?P<boot>[A-Za-z0-9_-]{1,64})-(?P<id>[0-9]{1,18})")


class EventStream(Generic[E]):
    """One reader of the events of a bus, as far as ``sees`` lets it."""

    def __init__(self, writer: SseWriter, bus: EventBus[E], sees: Callable[[E], bool]) -> None:
        self._writer = writer
        self._bus = bus
        self._sees = sees

    async def run(self, wanted: str | None) -> None:
        """Send events from now on, or after the place ``wanted``, until the reader goes away or falls behind.

        A place that is lost (another boot, too long ago, a reader too slow) is answered by ``event: reset``.
        """
        after, lost = self._find(wanted)
        async with self._bus.subscribe(after=after) as subscription:
            here = place(self._place(self._bus.last_id if after is None else after))
            await self._writer.start(self._reset() if lost or subscription.lost else here)
            try:
                while True:
                    await self._send_next(subscription)
            except FellBehind:
                await self._writer.send(self._reset())

    async def _send_next(self, subscription: Subscription[E]) -> None:
        try:
            async with asyncio.timeout(KEEP_ALIVE):
                published = await anext(subscription)
        except TimeoutError:
            await self._writer.keep_alive()
            return
        if self._sees(published.event):
            await self._writer.send(event(self._place(published.id), published.event.model_dump_json()))

    def _find(self, wanted: str | None) -> tuple[int | None, bool]:
        """The event id to go on after, and whether the place is lost; None and False without a place."""
        if not wanted:
            return None, False
        match = _PLACE.fullmatch(wanted)
        if match is None or match["boot"] != self._bus.boot:
            return None, True
        return int(match["id"]), False

    def _reset(self) -> str:
        return reset(self._place(self._bus.last_id))

    def _place(self, event_id: int) -> str:
        return f"{self._bus.boot}-{event_id}"
