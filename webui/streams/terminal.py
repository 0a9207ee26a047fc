"""``/api/sessions/{session_id}/terminal``: the WebSocket a terminal in a browser hangs on."""

from __future__ import annotations

from aiohttp import web

from foundation.web.parsing import parse_query
from foundation.web.streams.live import LIVE
from foundation.web.streams.terminal import terminal_websocket
from gateway.accounts.types import Role
from webui.api.models.sessions import TerminalQuery
from webui.context import device_of, identity_of
from webui.meters import METERS
from webui.streams.control_watch import CONTROL_WATCH
from webui.streams.terminal_socket import TerminalSocket


async def terminal(request: web.Request) -> web.StreamResponse:
    """Show a session and take what its viewer types.

    The first message is a JSON ``session.snapshot``, then come binary frames with the session's output. Everything
    that can be refused before is refused with a status; afterwards with a ``session.error``, and the socket goes on.
    """
    query = parse_query(request, TerminalQuery)
    device = device_of(request)
    identity = identity_of(request)
    session_id = request.match_info["session_id"]
    ws = terminal_websocket(request)
    name = identity.person.name
    control = device.sessions.control(session_id)
    socket = TerminalSocket(ws, session_id, device.sessions, control, request.app[METERS])
    with (
        request.app[LIVE].watch(identity.token.id, identity.token.expires_at, socket.end),
        request.app[CONTROL_WATCH].watch(session_id, socket.control_changed),
    ):
        async with device.sessions.attach(session_id, name=name, scrollback=query.scrollback) as viewer:
            await ws.prepare(request)
            await socket.run(viewer, name, writes=identity.person.role.may(Role.OPERATOR), transport=request.transport)
    return ws
