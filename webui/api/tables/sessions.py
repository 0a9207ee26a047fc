"""Sessions and their terminals."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import screenshots, sessions
from webui.api.models import sessions as session_models
from webui.api.tables.sizes import MIB, SMALL
from webui.streams import terminal

SESSION_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/sessions",
        sessions.list_sessions,
        Role.VIEWER,
        "List sessions",
        answer=session_models.SessionsAnswer,
    ),
    Route(
        "POST",
        "/api/sessions",
        sessions.create_session,
        Role.OPERATOR,
        "Begin a session",
        "session.create",
        body=session_models.NewSession,
        answer=session_models.SessionAnswer,
        status=201,
        max_body=2 * MIB,
    ),
    Route(
        "GET",
        "/api/sessions/{session_id}",
        sessions.show_session,
        Role.VIEWER,
        "Show a session",
        answer=session_models.SessionAnswer,
    ),
    Route(
        "PATCH",
        "/api/sessions/{session_id}",
        sessions.change_session,
        Role.OPERATOR,
        "Change a session",
        "session.change",
        body=session_models.SessionChange,
        answer=session_models.SessionAnswer,
        max_body=SMALL,
    ),
    Route(
        "DELETE",
        "/api/sessions/{session_id}",
        sessions.end_session,
        Role.OPERATOR,
        "End or forget a session",
        "session.end",
        query=session_models.EndQuery,
        answer=session_models.EndAnswer,
    ),
    Route(
        "GET",
        "/api/sessions/{session_id}/snapshot",
        sessions.snapshot,
        Role.VIEWER,
        "The screen of a session",
        query=session_models.SnapshotQuery,
        answer=session_models.SnapshotAnswer,
    ),
    Route(
        "GET",
        "/api/sessions/{session_id}/screenshot",
        screenshots.screenshot,
        Role.VIEWER,
        "A picture of the screen of a session",
        raw_answer=("image/png",),
    ),
    Route(
        "POST",
        "/api/sessions/{session_id}/input",
        sessions.type_into,
        Role.OPERATOR,
        "Type into a session",
        "session.input",
        body=session_models.Input,
        status=204,
        max_body=3 * MIB // 2,
    ),
    Route(
        "POST",
        "/api/sessions/{session_id}/resize",
        sessions.resize,
        Role.OPERATOR,
        "Resize a session",
        "session.resize",
        body=session_models.Size,
        status=204,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/sessions/{session_id}/control",
        sessions.take_control,
        Role.OPERATOR,
        "Take the keyboard of a session",
        "session.control",
        answer=session_models.ControlAnswer,
        max_body=SMALL,
    ),
    Route(
        "GET",
        "/api/sessions/{session_id}/terminal",
        terminal.terminal,
        Role.VIEWER,
        "Watch and use a session",
        query=session_models.TerminalQuery,
        kind="websocket",
    ),
]
