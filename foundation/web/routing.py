"""What a route is. An application's table is a list of these.

The table is the whole truth: the server, the authorisation, the audit log, the OpenAPI description and the tests that
try every route as every role all read it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
R_co = TypeVar("R_co", bound=StrEnum, covariant=True)


# Without slots: on Python 3.11 a generic class that is frozen and has them cannot be made by way of an alias.
@dataclass(frozen=True)
class Route(Generic[R_co]):
    """One method on one path, and who may call it. ``R_co`` are the roles of the application."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """aiohttp's form, e.g. ``/api/sessions/{session_id}``."""
    handler: Handler
    role: R_co | None
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
    scope: str | None = None
    """What of the path the role is asked for, e.g. ``device``; None for the application as a whole."""
    own_csrf: bool = True
    """False where the request is passed on to an application that has CSRF tokens of its own and checks them."""
    raw_body: bool = False
    """The body is bytes and no model."""
    raw_answer: tuple[str, ...] = ()
    """The media types of an answer that is no model."""
    more_statuses: Mapping[int, str | None] = field(default_factory=dict)
    """Further statuses that are no problem, and what they mean; None for the same answer as ``status``."""


AnyRoute = Route[StrEnum]
"""A route of any application."""
