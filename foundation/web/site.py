"""What differs between the applications that share this web: one frozen object, made where the application is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

from aiohttp import web

from foundation.web.context import AuditNote, Login, Visit
from foundation.web.routing import AnyRoute
from protocol.problems import ProblemCode

PrefixOf = Callable[[web.Request], str]
Networks = tuple[IPv4Network | IPv6Network, ...]


class Authority(Protocol):
    """Who people are, what they may do, and where it is written down what they did."""

    async def identify(self, request: web.Request) -> Login | None:
        """Who is behind a request (see :func:`foundation.web.security.secrets.shown_secret`); None for strangers."""

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        """Whether ``login`` may call a route; it returns, or raises a :class:`Problem`.

        Asked for routes that have a role, and for all routes where the request is a visit (``VISIT``).

        Raises SETUP_NEEDED, NOT_LOGGED_IN, FORBIDDEN, or NOT_FOUND for what a person must not know to be there.
        """

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        """Write down that ``route.audit`` was asked for: ``result`` is ``ok`` or the code of the problem.

        ``note.target`` is filled in (at most 500 characters); ``note.who`` names somebody who has just logged in.
        """


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence after a change, and how it is coloured."""

    text: str
    kind: str = "good"


@dataclass(frozen=True, slots=True)
class NavItem:
    """A place in the bar of every page."""

    key: str
    """What a view says as ``nav`` when it belongs here."""
    path: str
    name: str
    icon: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What an application puts around its pages for one request."""

    nav: tuple[NavItem, ...] = ()
    role: str = ""
    """What the person's menu says below their name."""
    names: Mapping[str, object] = field(default_factory=dict)
    """Further names for the templates, beside ``view`` and ``shell``."""
    events: str = ""
    """The place in the stream of events from which on the page has to be told what happens; empty for from now on."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of an application."""

    package: str
    """The package whose ``templates`` folder comes before the shared one."""
    frame: Callable[[web.Request], Frame]
    notices: Mapping[str, Notice]
    """What a page says after a change, by the word in ``?done=``."""
    fields: Mapping[ProblemCode, str] = field(default_factory=dict)
    """Beside which field of a form a problem belongs."""
    manifest: str = ""
    """The path of what a phone installs (Web Application Manifest); empty for pages that are no application."""
    main: str = "src/main.ts"
    """The source of the script that every page loads."""
    tokens: str = ""
    """The page where programs get their tokens; the reference links to it."""
    example: str = "/api/openapi.json"
    """The address in the reference's example."""


VisitOf = Callable[[web.Request], Visit | None]


def no_visit(request: web.Request) -> Visit | None:
    """An application with one door."""
    del request
    return None


def no_prefix(request: web.Request) -> str:
    """The prefix of an application that stands at the root of its address."""
    del request
    return ""


@dataclass(frozen=True, slots=True)
class Site:
    """One application: what it is called, how it is reached, and who decides."""

    title: str
    """The product, as pages and the log of problems say it."""
    noun: str
    """What this is to the people who read a problem: ``device`` or ``hub``."""
    name: str
    """What this one is called."""
    authority: Authority
    hosts: frozenset[str]
    """The Host names it answers to (:func:`foundation.web.security.hosts.host_names`); IP addresses always count."""
    pages: Pages | None = None
    """None for an application without pages: every problem is then answered as JSON."""
    trusted_proxies: Networks = ()
    """Whose ``X-Forwarded-*`` headers are believed."""
    secure_cookies: bool = False
    """True where browsers come over https: cookies are then Secure, and ``__Host-`` at the root."""
    cookie: str = "hutch_session"
    """The name of the login cookie, without what https puts before it."""
    theme_cookie: str = "hutch_theme"
    own_names: tuple[str, ...] = ()
    """The names that the page about a refused host tells."""
    visit_of: VisitOf = no_visit
    """Whether a request came through a door where somebody else vouches for it. Neither waits nor raises."""
    prefix_of: PrefixOf = no_prefix
    """The path below which somebody else shows this application, as ``/devices/ID``: no slash at its end."""


SITE = web.AppKey("site", Site)


def site_of(request: web.Request) -> Site:
    """The application that answers this request."""
    return request.app[SITE]
