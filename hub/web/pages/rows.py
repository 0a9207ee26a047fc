"""How a page and a form become rows of the route table."""

from __future__ import annotations

from functools import wraps
from typing import Final, Literal

from aiohttp import web

from foundation.web.routing import Handler, Route
from hub.people.roles import Role
from hub.web.context import hub_of
from hub.web.security.scopes import HUB_SCOPE

VIEWER: Final = Role.VIEWER
OPERATOR: Final = Role.OPERATOR
OWNER: Final = Role.OWNER
_FORM_BYTES: Final = 64 * 1024
EVENTS_PLACE = web.RequestKey("events_place", str)
"""How far the events had come when the page was asked for."""


def open_page(path: str, handler: Handler, summary: str) -> Route[Role]:
    """A page for everybody, logged in or not."""
    return Route("GET", path, handler, None, summary, kind="page")


def open_form(path: str, handler: Handler, summary: str, audit: str | None) -> Route[Role]:
    """A form for everybody, logged in or not."""
    return Route("POST", path, handler, None, summary, audit=audit, kind="form", max_body=_FORM_BYTES)


def page(
    path: str,
    handler: Handler,
    summary: str,
    *,
    role: Role = VIEWER,
    scope: str = HUB_SCOPE,
    csp: Literal["strict", "terminal"] = "strict",
) -> Route[Role]:
    """A page for those who have ``role`` in what the path names."""
    return Route("GET", path, _placed(handler), role, summary, kind="page", scope=scope, csp=csp)


def _placed(handler: Handler) -> Handler:
    """The handler of a page, which notes how far the events have come before it looks at anything."""

    @wraps(handler)
    async def placed(request: web.Request) -> web.StreamResponse:
        bus = hub_of(request).fleet.announcer.bus
        request[EVENTS_PLACE] = f"{bus.boot}-{bus.last_id}"
        return await handler(request)

    return placed


def form(
    path: str,
    handler: Handler,
    summary: str,
    audit: str | None,
    *,
    role: Role = VIEWER,
    scope: str = HUB_SCOPE,
) -> Route[Role]:
    """A form for those who have ``role`` in what the path names."""
    return Route("POST", path, handler, role, summary, audit=audit, kind="form", max_body=_FORM_BYTES, scope=scope)
