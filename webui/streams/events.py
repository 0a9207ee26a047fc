"""``/api/events``: server-sent events (WHATWG HTML, 9.2) that go on where a reader was cut off."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from aiohttp import web

from foundation.bus import FellBehind, Published, Subscription
from gateway.accounts.types import Identity
from gateway.events.types import AnyEvent, DeviceBus
from webui.api.models.events import EventsQuery
from webui.context import device_of, identity_of
from webui.meters import METERS
from webui.parsing import parse_query
from webui.streams.audience import may_see
from webui.streams.live import LIVE

KEEP_ALIVE: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies and radios keep the connection."""
RETRY_MS: Final = 3000
_STUCK: Final = 60.0
_PLACE: Final = re.compile(r"(?P<boot>[A-Za-z0-9_-]{1,64})-(?P<id>[0-9]{1,18})")


async def events(request: web.Request) -> web.StreamResponse:
    """Every event this role may see, from now on or after the place in ``Last-Event-ID``.

    A place that is lost (another boot, too long ago, a reader too slow) is answered by ``event: reset``: the reader
    loads what it shows anew. The stream ends with the login.
    """
    query = parse_query(request, EventsQuery)
    place = request.headers.get("Last-Event-ID") or query.last_event_id
    identity = identity_of(request)
    response = web.StreamResponse()
    response.content_type = "text/event-stream"
    response.headers["X-Accel-Buffering"] = "no"
    meters = request.app[METERS]
    cut = asyncio.timeout(None)
    try:
        async with cut:
            with request.app[LIVE].watch(identity, lambda _: _now(cut)):
                await response.prepare(request)
                meters.event_streams += 1
                try:
                    await EventStream(response, device_of(request).bus, identity).run(place)
                finally:
                    meters.event_streams -= 1
    except TimeoutError:
        _let_go(request)
    except ConnectionError:
        pass  # The reader went away, as every reader does.
    return response


def _now(cut: asyncio.Timeout) -> None:
    if not cut.expired():
        cut.reschedule(asyncio.get_running_loop().time())


def _let_go(request: web.Request) -> None:
    """A reader that does not read would keep the connection, and us waiting for it to take the rest."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport) and transport.get_write_buffer_size():
        transport.abort()


class EventStream:
    """One reader of the event stream."""

    def __init__(self, response: web.StreamResponse, bus: DeviceBus, identity: Identity) -> None:
        self._response = response
        self._bus = bus
        self._role = identity.person.role

    async def run(self, place: str | None) -> None:
        """Send events until the reader goes away or falls behind."""
        after, lost = find_place(place, self._bus)
        async with self._bus.subscribe(after=after) as subscription:
            await self._write(f"retry: {RETRY_MS}\n{self._reset() if lost or subscription.lost else self._here(after)}")
            try:
                while True:
                    await self._send_next(subscription)
            except FellBehind:
                await self._write(self._reset())

    async def _send_next(self, subscription: Subscription[AnyEvent]) -> None:
        try:
            async with asyncio.timeout(KEEP_ALIVE):
                published = await anext(subscription)
        except TimeoutError:
            await self._write(": still here\n\n")
            return
        if may_see(self._role, published.event):
            await self._write(self._block(published))

    def _block(self, published: Published[AnyEvent]) -> str:
        return f"id: {self._bus.boot}-{published.id}\ndata: {published.event.model_dump_json()}\n\n"

    def _here(self, after: int | None) -> str:
        """A place without an event: a reader that is cut off before the first one comes back to it."""
        return f"id: {self._bus.boot}-{self._bus.last_id if after is None else after}\n\n"

    def _reset(self) -> str:
        return f"id: {self._bus.boot}-{self._bus.last_id}\nevent: reset\ndata: {{}}\n\n"

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(_STUCK):
            await self._response.write(text.encode())


def find_place(place: str | None, bus: DeviceBus) -> tuple[int | None, bool]:
    """The event id to go on after, and whether the place is lost; None and False for a reader without a place."""
    if not place:
        return None, False
    match = _PLACE.fullmatch(place)
    if match is None or match["boot"] != bus.boot:
        return None, True
    return int(match["id"]), False
