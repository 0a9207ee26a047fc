"""How a page and a form become rows of the route table."""

from __future__ import annotations

from typing import Final, Literal

from aiohttp import web

from foundation.bus import EventBus
from foundation.web.pages.events_place import placed
from foundation.web.routing import Handler, Route
from hub.events import AnyHubEvent
from hub.people.roles import Role
from hub.web.context import hub_of
from hub.web.security.scopes import HUB_SCOPE

VIEWER: Final = Role.VIEWER
OPERATOR: Final = Role.OPERATOR
OWNER: Final = Role.OWNER
_FORM_BYTES: Final = 64 * 1024


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
    return Route("GET", path, placed(handler, _bus_of), role, summary, kind="page", scope=scope, csp=csp)


def _bus_of(request: web.Request) -> EventBus[AnyHubEvent]:
    return hub_of(request).fleet.announcer.bus


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
