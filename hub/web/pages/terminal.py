"""The terminal of one session on one device."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from foundation.web.pages.assets import Entry
from foundation.web.pages.rendering import PageView, entry_of, render
from hub.fleet.devices import DeviceView
from hub.fleet.sessions import SessionQuery, SessionRow
from hub.people.roles import Role
from hub.store.tables.devices import devices
from hub.web.api.commands import session_id_of
from hub.web.context import hub_of, identity_of
from hub.web.pages.mine import up_to_date
from hub.web.pages.policy import allows
from hub.web.security.devices import DEVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalView(PageView):
    """The terminal's page; the script takes the rest from the socket."""

    device: DeviceView
    session_id: str
    name: str
    folder: str
    subtitle: str
    status: str
    may_write: bool
    terminal: Entry
    """The script and styles of the terminal."""


async def terminal_page(request: web.Request) -> web.StreamResponse:
    """GET /fleet/{device_id}/sessions/{session_id}. A session that just began may not have been told of yet."""
    fleet, session_id = hub_of(request).fleet, session_id_of(request.match_info["session_id"])
    await up_to_date(request)
    device = await fleet.devices.get(request[DEVICE].id)
    session = await _session(request, device, session_id)
    held = identity_of(request).grants.role_for(device.group_id, device.organisation_id)
    view = TerminalView(
        title=session.name if session else session_id,
        device=device,
        session_id=session_id,
        name=session.name if session else session_id,
        folder=(session.workdir if session else None) or "",
        subtitle=(session.title if session else "") or device.name,
        status=session.status if session else "starting",
        may_write=held is not None and held.may(Role.OPERATOR) and allows(device, "terminals"),
        terminal=entry_of(request, "src/terminal/main.ts"),
    )
    return render(request, "terminal_page.html", view)


async def _session(request: web.Request, device: DeviceView, session_id: str) -> SessionRow | None:
    query = SessionQuery(devices.c.id == device.id, device_id=device.id, with_offline=True, limit=500)
    page = await hub_of(request).fleet.sessions.page(query)
    return next((one for one in page.sessions if one.session_id == session_id), None)
