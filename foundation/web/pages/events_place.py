"""How far the events had come when a page was asked for: its scripts follow them from there, and miss nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from aiohttp import web

from foundation.bus import EventBus
from foundation.web.routing import Handler

E = TypeVar("E")
EVENTS_PLACE = web.RequestKey("events_place", str)


def placed(handler: Handler, bus_of: Callable[[web.Request], EventBus[E]]) -> Handler:
    """The handler of a page, which notes how far the events have come before it looks at anything."""

    @wraps(handler)
    async def noted(request: web.Request) -> web.StreamResponse:
        bus = bus_of(request)
        request[EVENTS_PLACE] = f"{bus.boot}-{bus.last_id}"
        return await handler(request)

    return noted
