"""What the gate found out about a request, and where handlers find it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web
from pydantic import JsonValue

from foundation.web.routing import AnyRoute
from protocol.problems import Problem, ProblemCode


class Login(Protocol):
    """Who is behind a request, as far as the shared web needs to know."""

    @property
    def name(self) -> str:
        """What the log and the pages call them."""

    @property
    def csrf(self) -> str:
        """What forms and scripts of this login have to send back."""


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from and how its sender addressed us."""

    source: str
    """The IP address, ``console`` on a Unix socket, or ``unknown``."""
    scheme: str
    host: str | None
    """The Host the sender used, port included; None when there was none."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that came through a door of its own, where somebody else vouches for who sent it.

    Neither cookies, tokens nor the address of the sender count for it.
    """

    client: Client
    prefix: str = ""
    login: Login | None = None
    by_cookie: bool = True
    """Whether, where the sender logged in, a cookie vouches for the request: then it brings a CSRF token."""
    refusal: Problem | None = None
    """Why it is not let in."""


@dataclass(slots=True)
class AuditNote:
    """What a handler adds to the audit record of its request."""

    who: str | None = None
    target: str | None = None
    details: dict[str, JsonValue] = field(default_factory=dict)


LOGIN: web.RequestKey[Login | None] = web.RequestKey("login")
CLIENT = web.RequestKey("client", Client)
VISIT: web.RequestKey[Visit | None] = web.RequestKey("visit")
REQUEST_ID = web.RequestKey("request_id", str)
AUDIT_NOTE = web.RequestKey("audit_note", AuditNote)
PREFIX = web.RequestKey("prefix", str)
"""What stands before every path in the address bar of whoever sent the request: empty, or as ``/devices/ID``."""
ROUTE: web.RequestKey[AnyRoute | None] = web.RequestKey("route")
"""The row of the table that a request matched; None where no row did."""


def login_or_none(request: web.Request) -> Login | None:
    """Who is behind the request, or None for somebody who has not logged in."""
    return request.get(LOGIN)


def login_of(request: web.Request) -> Login:
    """Who is behind a request to a route that needs a role.

    Raises :class:`Problem` NOT_LOGGED_IN on open routes when nobody is logged in.
    """
    login = login_or_none(request)
    if login is None:
        raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
    return login


def source_of(request: web.Request) -> str:
    """The address a request comes from, behind the proxies that are trusted."""
    return request[CLIENT].source


def note(request: web.Request) -> AuditNote:
    """Where a handler writes what its audit record should say beyond the path and the result."""
    return request[AUDIT_NOTE]
