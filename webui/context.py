"""What every handler works with: the device's parts, and what the gate found out about a request.

The composition root builds one :class:`Device` and hands it to :func:`webui.server.make_app`; handlers reach it through
:func:`device_of`. Nothing here is global.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from foundation.actors import Actor
from gateway.accounts.types import Identity
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

    from pydantic import JsonValue

    from foundation.store.audit import AuditLog
    from foundation.store.settings import SettingsTable
    from gateway.accounts.accounts import Accounts
    from gateway.agents.installer import Agents
    from gateway.events.types import DeviceBus
    from gateway.host.health import HealthSampler
    from gateway.host.ssh_keys import SshKeys
    from gateway.host.types import Health
    from gateway.hub_link.link import HubLink
    from gateway.sessions.manager import Sessions
    from gateway.store.health import HealthHistory
    from gateway.workspaces.folders import Workspace
    from gateway.workspaces.transfers import Transfers


@dataclass(frozen=True)
class Device:
    """The parts of this device that its web may use, and how it is reached."""

    accounts: Accounts
    sessions: Sessions
    bus: DeviceBus
    audit: AuditLog
    health_history: HealthHistory
    sampler: HealthSampler
    latest_health: Callable[[], Health | None]
    ssh_keys: SshKeys
    workspace: Workspace
    transfers: Transfers
    agents: Agents
    hub_link: HubLink
    settings: SettingsTable
    name: str
    """The host name, without a domain; ``NAME`` and ``NAME.local`` are accepted as Host."""
    version: str
    gateway_id: str
    started_at: datetime
    allowed_hosts: frozenset[str] = frozenset()
    """Further Host names, without a port."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whose ``X-Forwarded-*`` headers are believed."""
    secure_cookies: bool = False
    """True where browsers reach this device over https: cookies are then ``__Host-`` and Secure."""


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from and how its sender addressed this device."""

    source: str
    """The IP address, or ``unknown`` on a socket that has none."""
    scheme: str
    host: str | None
    """The Host the sender used, port included; None when there was none."""


@dataclass(slots=True)
class AuditNote:
    """What a handler adds to the audit record of its request."""

    who: str | None = None
    target: str | None = None
    details: dict[str, JsonValue] = field(default_factory=dict)


ProblemPage = Callable[[web.Request, Problem, int], Awaitable[web.StreamResponse]]
"""Renders a problem as a page (or a redirect to the login): the request, the problem, its HTTP status."""

DEVICE = web.AppKey("device", Device)
RENDER_PROBLEM: web.AppKey[ProblemPage] = web.AppKey("render_problem")
"""Set by the pages; without it every problem is answered as JSON."""

IDENTITY: web.RequestKey[Identity | None] = web.RequestKey("identity")
CLIENT = web.RequestKey("client", Client)
REQUEST_ID = web.RequestKey("request_id", str)
AUDIT_NOTE = web.RequestKey("audit_note", AuditNote)


def device_of(request: web.Request) -> Device:
    """The device that answers this request."""
    return request.app[DEVICE]


def identity_or_none(request: web.Request) -> Identity | None:
    """Who is behind the request, or None for somebody who has not logged in."""
    return request.get(IDENTITY)


def identity_of(request: web.Request) -> Identity:
    """Who is behind a request to a route that needs a role.

    Raises :class:`Problem` NOT_LOGGED_IN on open routes when nobody is logged in.
    """
    identity = identity_or_none(request)
    if identity is None:
        raise Problem(ProblemCode.NOT_LOGGED_IN, "Log in first.")
    return identity


def actor_of(request: web.Request) -> Actor:
    """Who acts, as the audit log names them; ``nobody`` before a login."""
    identity = identity_or_none(request)
    return Actor(name=identity.person.name if identity else "nobody", source=source_of(request))


def source_of(request: web.Request) -> str:
    """The address a request comes from, behind the proxies that are trusted."""
    return request[CLIENT].source


def note(request: web.Request) -> AuditNote:
    """Where a handler writes what its audit record should say beyond the path and the result."""
    return request[AUDIT_NOTE]
