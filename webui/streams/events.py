"""``/api/events``: server-sent events (WHATWG HTML, 9.2) that go on where a reader was cut off."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from aiohttp import web

from foundation.web.parsing import parse_query
from foundation.web.streams.sse import KEEP_ALIVE, SseStream, SseWriter, event, place, reset
from gateway.accounts.types import Identity
from gateway.events.bus import EventBus, FellBehind, Subscription
from webui.api.models.events import EventsQuery
from webui.context import device_of, identity_of
from webui.meters import METERS
from webui.streams.audience import may_see

_PLACE: Final = re.compile(r"(?P<boot>[A-Za-z0-9_-]{1,64})-(?P<id>[0-9]{1,18})")


async def events(request: web.Request) -> web.StreamResponse:
    """Every event this role may see, from now on or after the place in ``Last-Event-ID``.

    A place that is lost (another boot, too long ago, a reader too slow) is answered by ``event: reset``: the reader
    loads what it shows anew. The stream ends with the login.
    """
    query = parse_query(request, EventsQuery)
    wanted = request.headers.get("Last-Event-ID") or query.last_event_id
    identity, meters, stream = identity_of(request), request.app[METERS], SseStream(request)
    async with stream.open(identity.token.id, identity.token.expires_at) as writer:
        meters.event_streams += 1
        try:
            await EventStream(writer, device_of(request).bus, identity).run(wanted)
        finally:
            meters.event_streams -= 1
    return stream.response


class EventStream:
    """One reader of the event stream."""

    def __init__(self, writer: SseWriter, bus: EventBus, identity: Identity) -> None:
        self._writer = writer
        self._bus = bus
        self._role = identity.person.role

    async def run(self, wanted: str | None) -> None:
        """Send events until the reader goes away or falls behind."""
        after, lost = find_place(wanted, self._bus)
        async with self._bus.subscribe(after=after) as subscription:
            await self._writer.start(self._reset() if lost or subscription.lost else self._here(after))
            try:
                while True:
                    await self._send_next(subscription)
            except FellBehind:
                await self._writer.send(self._reset())

    async def _send_next(self, subscription: Subscription) -> None:
        try:
            async with asyncio.timeout(KEEP_ALIVE):
                published = await anext(subscription)
        except TimeoutError:
            await self._writer.keep_alive()
            return
        if may_see(self._role, published.event):
            await self._writer.send(event(f"{self._bus.boot}-{published.id}", published.event.model_dump_json()))

    def _here(self, after: int | None) -> str:
        return place(f"{self._bus.boot}-{self._bus.last_id if after is None else after}")

    def _reset(self) -> str:
        return reset(f"{self._bus.boot}-{self._bus.last_id}")


def find_place(wanted: str | None, bus: EventBus) -> tuple[int | None, bool]:
    """The event id to go on after, and whether the place is lost; None and False for a reader without a place."""
    if not wanted:
        return None, False
    match = _PLACE.fullmatch(wanted)
    if match is None or match["boot"] != bus.boot:
        return None, True
    return int(match["id"]), False
