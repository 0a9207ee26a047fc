"""One device: how it is, what runs on it, what happened, what its owner lets the hub do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from foundation.web.pages.forms import FormState
from foundation.web.pages.rendering import PageView, render
from foundation.web.pages.tiles import Tile
from hub.enrolment.types import Device
from hub.fleet.alerts.store import AlertQuery
from hub.fleet.alerts.types import Alert
from hub.fleet.devices import DeviceView
from hub.fleet.sessions import SessionQuery, SessionRow
from hub.people.roles import Role
from hub.people.types import Identity
from hub.store.tables.devices import devices
from hub.store.tables.fleet import alerts, device_events
from hub.web.context import hub_of, identity_of
from hub.web.pages.device_commands import CommandsView, commands_of
from hub.web.pages.happened import Line, line_of
from hub.web.pages.health import RANGES, Range, range_of, tiles_of
from hub.web.pages.mine import my_groups, up_to_date
from hub.web.pages.policy import Permission, allows, permissions_of
from hub.web.security.devices import DEVICE

SHOWN_EVENTS: Final = 20
AGENTS: Final = (
    ("none", "Shell"),
    ("claude-code", "Claude Code"),
    ("codex", "Codex"),
    ("gemini", "Gemini CLI"),
    ("opencode", "opencode"),
)


@dataclass(frozen=True, slots=True)
class May:
    """What this person may do with this device here and now: their role, and the owner's policy."""

    operate: bool
    own: bool
    terminals: bool
    """Watch sessions."""
    sessions: bool
    """Begin and end sessions."""
    pages: bool
    """Open the device's own pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsView(PageView):
    """The sessions of the device, alone."""

    device: DeviceView
    sessions: Sequence[SessionRow]
    may: May


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView(PageView):
    """The tiles, alone."""

    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True, kw_only=True)
class HappenedView(PageView):
    """What happened, alone."""

    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadView(PageView):
    """How the device is right now, and what of it needs a look, alone."""

    device: DeviceView
    alerts: Sequence[Alert]
    may: May


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePageView(PageView):
    """All of the page."""

    head: HeadView
    sessions: SessionsView
    health: HealthView
    happened: HappenedView
    commands: CommandsView
    device: DeviceView
    identity: Device
    group: str
    groups: Sequence[tuple[str, str]]
    """Where the device can be moved to."""
    ranges: Sequence[Range]
    range: str
    permissions: Sequence[Permission]
    agents: Sequence[tuple[str, str]]
    may: May
    form: FormState


async def device_page(request: web.Request) -> web.StreamResponse:
    """GET /fleet/{device_id}; ``?range=`` says how far back the charts go."""
    return await show_device(request, FormState(), 200)


async def head_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet/{device_id}/head."""
    return render(request, "parts/device_head.html", await _head(request, await _device(request)))


async def sessions_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet/{device_id}/sessions."""
    return render(request, "parts/device_sessions.html", await _sessions(request, await _device(request)))


async def health_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet/{device_id}/health."""
    return render(request, "parts/health.html", await _health(request, await _device(request)))


async def happened_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/fleet/{device_id}/happened."""
    return render(request, "parts/happened.html", await _happened(request))


async def show_device(request: web.Request, state: FormState, status: int) -> web.StreamResponse:
    """The page, with what a form on it got wrong."""
    device, groups = await _device(request), await my_groups(request)
    may = _may(identity_of(request), device)
    movable = groups.of(device.organisation_id).may(request, Role.OWNER).options() if may.own else []
    view = DevicePageView(
        title=device.name,
        nav="fleet",
        head=await _head(request, device),
        sessions=await _sessions(request, device),
        health=await _health(request, device),
        happened=await _happened(request),
        commands=await commands_of(request),
        device=device,
        identity=request[DEVICE],
        group=groups.names.get(device.group_id, ""),
        groups=movable,
        ranges=RANGES,
        range=range_of(request.query.get("range", "")).key,
        permissions=permissions_of(device),
        agents=AGENTS,
        may=may,
        form=state,
    )
    return render(request, "device_page.html", view, status)


async def _device(request: web.Request) -> DeviceView:
    fleet = hub_of(request).fleet
    await up_to_date(request)
    return await fleet.devices.get(request[DEVICE].id)


async def _head(request: web.Request, device: DeviceView) -> HeadView:
    found = await hub_of(request).fleet.alerts.list(
        AlertQuery(alerts.c.device_id == device.id, open_only=True, device_id=device.id)
    )
    return HeadView(title=device.name, device=device, alerts=found, may=_may(identity_of(request), device))


async def _sessions(request: web.Request, device: DeviceView) -> SessionsView:
    query = SessionQuery(devices.c.id == device.id, device_id=device.id, with_offline=True, limit=100)
    page = await hub_of(request).fleet.sessions.page(query)
    may = _may(identity_of(request), device)
    return SessionsView(title=device.name, device=device, sessions=page.sessions, may=may)


async def _health(request: web.Request, device: DeviceView) -> HealthView:
    span = range_of(request.query.get("range", "")).span
    samples = await hub_of(request).fleet.history.since(device.id, datetime.now(UTC) - span.length)
    return HealthView(title=device.name, tiles=tiles_of(device, samples, span))


async def _happened(request: web.Request) -> HappenedView:
    device_id = request[DEVICE].id
    found = await hub_of(request).fleet.trail.read(
        device_events.c.device_id == device_id, device_id=device_id, before=None, limit=SHOWN_EVENTS
    )
    return HappenedView(title="What happened", lines=[line_of(one) for one in found])


def _may(identity: Identity, device: DeviceView) -> May:
    held = identity.grants.role_for(device.group_id, device.organisation_id)
    operate = held is not None and held.may(Role.OPERATOR)
    terminals = device.online and allows(device, "terminals")
    return May(
        operate=operate,
        own=held is Role.OWNER,
        terminals=terminals,
        sessions=operate and terminals,
        pages=device.online and allows(device, "pages") and "streams/1" in device.features,
    )
