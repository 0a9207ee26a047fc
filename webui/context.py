"""What every handler works with: the device's parts, and who is behind a request.

The composition root builds one :class:`Device` and hands it to :func:`webui.server.make_app`; handlers reach it through
:func:`device_of`. Nothing here is global.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from foundation.actors import Actor
from foundation.web.context import login_or_none, source_of
from gateway.accounts.types import Identity
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network
    from pathlib import Path

    from foundation.store.audit import AuditLog
    from foundation.store.settings import SettingsTable
    from gateway.accounts.accounts import Accounts
    from gateway.agents.installer import Agents
    from gateway.agents.keys import AgentKeys
    from gateway.agents.login import AgentLogins
    from gateway.care.types import Care
    from gateway.conversations.attachments import Attachments
    from gateway.conversations.conversations import Conversations
    from gateway.conversations.folders import WorkFolders
    from gateway.conversations.records.usage import UsageRecords
    from gateway.conversations.workers import Workers
    from gateway.events.types import DeviceBus
    from gateway.host.boot_notes import BootNote
    from gateway.host.health import HealthSampler
    from gateway.host.ssh_keys import SshKeys
    from gateway.host.types import Health
    from gateway.hub_link.link import HubLink
    from gateway.notify.notifications import Notifications
    from gateway.sessions.manager import Sessions
    from gateway.store.health import HealthHistory
    from gateway.tunnel.visitors import Visitor
    from gateway.updates.desk import UpdateDesk
    from gateway.workspaces.folders import Workspace
    from gateway.workspaces.transfers import Transfers
    from webui.security.hub_door import HubDoor


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
    agents_reached: Callable[[], bool]
    """Whether the account that agents work in can be reached."""
    ssh_keys: SshKeys
    workspace: Workspace
    transfers: Transfers
    agents: Agents
    agent_keys: AgentKeys
    agent_logins: AgentLogins
    hub_link: HubLink
    conversations: Conversations
    workers: Workers
    attachments: Attachments
    usage: UsageRecords
    folders: WorkFolders
    updates: UpdateDesk
    care: Care
    notifications: Notifications
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
    console_socket: Path | None = None
    """The Unix socket over which the ``hutch`` command comes as an admin."""
    hub_door: HubDoor | None = None
    """The Unix socket over which the hub's people come; None where no hub may show pages."""
    boot_notes: tuple[BootNote, ...] = ()
    """What the image found out while it started."""
    secure_cookies: bool = False
    """True where browsers reach this device over https: cookies are then ``__Host-`` and Secure."""

    @property
    def visitors(self) -> list[Visitor]:
        """Who came through the hub in the last minutes, the latest first."""
        return [] if self.hub_door is None else self.hub_door.visitors.list()


DEVICE = web.AppKey("device", Device)


def device_of(request: web.Request) -> Device:
    """The device that answers this request."""
    return request.app[DEVICE]


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
    return Actor(name=identity.person.name if identity else "nobody", source=source_of(request))
