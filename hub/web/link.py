"""``/gw/connect``: the address that devices dial."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.routing.door import Door

DOOR = web.AppKey("door", Door)
"""Set by whoever builds the hub's application."""


async def connect(request: web.Request) -> web.StreamResponse:
    """The link of one device; who may connect is the door's business (docs/enrolment.md)."""
    return await request.app[DOOR].connect(request)


LINK_ROUTES: Final[list[Route[Role]]] = [
    Route("GET", "/gw/connect", connect, None, "The link of a device", kind="websocket"),
]
