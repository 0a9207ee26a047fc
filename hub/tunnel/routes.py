"""The routes below which devices are shown; for the hub's table."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, TypeVar

from aiohttp import web

from foundation.web.routing import Route
from hub.tunnel.proxy import MAX_BODY, DevicePages

R = TypeVar("R", bound=StrEnum)

DEVICE_PAGES = web.AppKey("device_pages", DevicePages)
"""Set by whoever builds the hub's application."""

_METHODS: Final[tuple[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], ...]] = (
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
)


async def device_page(request: web.Request) -> web.StreamResponse:
    """Any request below ``/devices/ID/``."""
    return await request.app[DEVICE_PAGES].show(request)


async def device_root(request: web.Request) -> web.StreamResponse:
    """``/devices/ID``: the pages begin behind a slash."""
    return await request.app[DEVICE_PAGES].root(request)


def tunnel_routes(least: R) -> list[Route[R]]:
    """The rows for all methods; ``least`` is the role on a device that may see its pages.

    What a role may do there is for the device to say; it also writes its own audit log, and checks its own CSRF tokens.
    """
    return [
        Route("GET", "/devices/{device_id}", device_root, least, "A device's own pages", kind="page", scope="device"),
        *(
            Route(
                method,
                "/devices/{device_id}/{path:.*}",
                device_page,
                least,
                "A device's own pages",
                kind="page",
                scope="device",
                max_body=MAX_BODY,
                own_csrf=False,
            )
            for method in _METHODS
        ),
    ]
