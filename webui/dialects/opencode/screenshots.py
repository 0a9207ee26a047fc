"""``/hutch/screenshot``: not of the OpenCode API; the command ``vibeos-screenshot`` asks for it."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, Field

from foundation.web.parsing import parse_query
from gateway.sessions.types import SessionInfo, SessionStatus
from protocol.problems import Problem, ProblemCode
from webui.api.screenshots import picture_of
from webui.dialects.opencode.context import opencode_of


class ScreenshotQuery(BaseModel):
    """Of which terminal, by its name; without one, or where none has it, of the one that was busy last."""

    session: str | None = Field(default=None, max_length=64)


async def screenshot(request: web.Request) -> web.Response:
    """A picture of a terminal's screen."""
    query, sessions = parse_query(request, ScreenshotQuery), opencode_of(request).sessions
    return await picture_of(sessions, _chosen(sessions.list(), query.session).id)


def _chosen(sessions: list[SessionInfo], name: str | None) -> SessionInfo:
    live = [one for one in sessions if one.status not in (SessionStatus.ENDED, SessionStatus.FAILED)]
    if not live:
        raise Problem(ProblemCode.NOT_FOUND, "No session is open to take a picture of. Start one first.")
    return max(live, key=lambda one: (one.name == name, one.last_activity_at))
