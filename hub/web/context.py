"""What every handler works with: the hub's parts, and what the gate found out about a request.

The composition root builds one :class:`Hub` and hands it to :func:`hub.web.server.make_app`; handlers reach it through
:func:`hub_of`. Nothing here is global.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from foundation.actors import Actor
from foundation.web.context import login_or_none, source_of
from hub.people.types import Identity
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from datetime import datetime

    from foundation.store.audit import AuditLog
    from foundation.store.settings import SettingsTable
    from hub.config import HubSettings
    from hub.enrolment.service import Enrolment
    from hub.fleet.service import Fleet
    from hub.nodes.commands.types import CommandQueue
    from hub.people.oidc.logins import ExternalLogins
    from hub.people.service import People
    from hub.ports import Ports
    from hub.rollouts.desk import RolloutDesk
    from hub.web.metrics import MetricsSource
    from hub.web.security.scopes import ScopeResolver


@dataclass(frozen=True)
class Hub:
    """The parts of this hub that its web may use, and how it is reached. Each part adds its service here."""

    settings: HubSettings
    people: People
    enrolment: Enrolment
    audit: AuditLog
    values: SettingsTable
    """Small named values in the store."""
    fleet: Fleet
    rollouts: RolloutDesk
    ports: Ports
    """Every device, wherever its socket is."""
    queue: CommandQueue
    """Keeps commands for devices that are offline."""
    name: str
    """The host name, without a domain."""
    version: str
    started_at: datetime
    external_logins: ExternalLogins | None = None
    """Logins at an OpenID provider, where there is one."""
    resolvers: tuple[ScopeResolver, ...] = ()
    """What the parts' routes name in their paths; organisation and group are always known."""
    metrics: tuple[MetricsSource, ...] = ()
    """What ``/metrics`` shows beside the hub's own."""


@dataclass(slots=True)
class AuditPlace:
    """Whose audit log a record belongs to, and which device it tells of."""

    organisation_id: int | None = None
    device_id: str | None = None


HUB = web.AppKey("hub", Hub)
AUDIT_PLACE = web.RequestKey("audit_place", AuditPlace)


def hub_of(request: web.Request) -> Hub:
    """The hub that answers this request."""
    return request.app[HUB]


def identity_or_none(request: web.Request) -> Identity | None:
    """Who is behind the request, or None for somebody who has not logged in."""
    login = login_or_none(request)
    return login if isinstance(login, Identity) else None


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
    return Actor(name=identity.name if identity else "nobody", source=source_of(request))


def audit_place(request: web.Request) -> AuditPlace:
    """Where a handler says whose log its record belongs to, when the address does not tell."""
    return request[AUDIT_PLACE]
