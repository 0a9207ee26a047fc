"""What a route is. The tables in :mod:`webui.api.routes` and :mod:`webui.pages.routes` are lists of these.

The table is the whole truth: the server, the authorisation, the audit log, the OpenAPI description and the tests that
try every route as every role all read it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from gateway.accounts.types import Role

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path, and who may call it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """aiohttp's form, e.g. ``/api/sessions/{session_id}``."""
    handler: Handler
    role: Role | None
    """The least role that may call it; None for everybody, logged in or not."""
    summary: str
    """One line for the OpenAPI description and the audit page."""
    audit: str | None = None
    """The action in the audit log, e.g. ``session.create``; every change has one."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    kind: Literal["api", "page", "websocket", "stream", "form"] = "api"
    max_body: int = 1024 * 1024
    """Bytes of request body accepted; more is answered with ``too_large``."""
    csp: Literal["strict", "terminal"] = "strict"
    """The content security policy of a page: ``terminal`` also lets xterm.js write style elements."""
