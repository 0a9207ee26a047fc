"""Pictures of sessions."""

from __future__ import annotations

import asyncio

from aiohttp import web

from gateway.pictures.png import draw
from gateway.sessions.manager import Sessions
from webui.context import device_of


async def screenshot(request: web.Request) -> web.Response:
    """A picture of the screen as it stands."""
    return await picture_of(device_of(request).sessions, request.match_info["session_id"])


async def picture_of(sessions: Sessions, session_id: str) -> web.Response:
    """The screen of a session as a PNG answer. Raises :class:`Problem` NOT_FOUND, SESSION_ENDED, UNAVAILABLE."""
    snapshot = await sessions.snapshot(session_id)
    return web.Response(body=await asyncio.to_thread(draw, snapshot), content_type="image/png")
