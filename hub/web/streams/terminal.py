"""``/api/devices/{device_id}/sessions/{session_id}/terminal``: a terminal of a device in a browser, through the hub.

The messages are those of the device's own terminal socket (:mod:`protocol.terminal`), so one client serves both.
"""

from __future__ import annotations

from aiohttp import web

from foundation.web.streams.live import LIVE
from foundation.web.streams.terminal import terminal_websocket
from hub.people.roles import Role
from hub.ports import ViewerName
from hub.web.api.commands import session_id_of
from hub.web.context import hub_of, identity_of
from hub.web.security.devices import DEVICE_ROW
from hub.web.security.scopes import Found, role_at
from hub.web.streams.terminal_socket import TerminalSocket


async def terminal(request: web.Request) -> web.StreamResponse:
    """Show a session and take what its viewer types.

    The first message is a JSON ``session.snapshot``, then come binary frames with the session's output. Everything
    that can be refused before is refused with a status; afterwards with a ``session.error``, and the socket goes on.
    """
    session_id = session_id_of(request.match_info["session_id"])
    row, identity = request[DEVICE_ROW], identity_of(request)
    ws = terminal_websocket(request)
    held = role_at(identity.grants, Found(row.organisation_id, row.group_id))
    viewer = ViewerName(identity.name, may_write=held is not None and held.may(Role.OPERATOR))
    socket = TerminalSocket(ws, row.id, session_id, hub_of(request).fleet.state)
    with request.app[LIVE].watch(identity.token.id, identity.token.expires_at, socket.end):
        async with hub_of(request).ports.of(row.id).watch(session_id, viewer) as watch:
            await ws.prepare(request)
            await socket.run(watch, request.transport)
    return ws
