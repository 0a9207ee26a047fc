"""Every route of the OpenCode API that Hutch answers. docs/opencode.md lists them; a test compares."""

from __future__ import annotations

from typing import Final, Literal

from foundation.web.routing import Handler, Route
from gateway.accounts.types import Role
from webui.dialects.opencode import about, files, find, messages, screenshots, sessions, stream
from webui.dialects.opencode.requests import (
    MAX_PROMPT,
    CommandInput,
    NewSession,
    PermissionReply,
    Prompt,
    SessionChange,
)


def _read(path: str, handler: Handler, summary: str, kind: Literal["api", "stream"] = "api") -> Route[Role]:
    return Route("GET", path, handler, Role.VIEWER, summary, kind=kind)


ROUTES: Final[list[Route[Role]]] = [
    Route("GET", "/global/health", about.health, None, "Whether the server answers"),
    _read("/global/event", stream.global_events, "Events of all folders", "stream"),
    _read("/event", stream.events, "Events", "stream"),
    _read("/path", about.paths, "Folders of this device"),
    _read("/project", about.projects, "Projects"),
    _read("/project/current", about.project, "The project"),
    _read("/config", about.config, "Configuration"),
    _read("/config/providers", about.providers, "Agent CLIs, as providers of models"),
    _read("/agent", about.agents, "Agent CLIs, as agents"),
    _read("/command", about.commands, "Slash commands"),
    _read("/session", sessions.list_sessions, "List sessions"),
    Route(
        "POST",
        "/session",
        sessions.create_session,
        Role.OPERATOR,
        "Make a session",
        "conversation.create",
        body=NewSession,
    ),
    _read("/session/status", sessions.list_statuses, "What the sessions are doing"),
    _read("/session/{session_id}", sessions.show_session, "One session"),
    Route(
        "PATCH",
        "/session/{session_id}",
        sessions.change_session,
        Role.OPERATOR,
        "Change a session",
        "conversation.change",
        body=SessionChange,
    ),
    Route(
        "DELETE",
        "/session/{session_id}",
        sessions.remove_session,
        Role.OPERATOR,
        "Remove a session",
        "conversation.remove",
    ),
    _read("/session/{session_id}/children", sessions.list_children, "Sessions made from one"),
    _read("/session/{session_id}/todo", sessions.list_todos, "The agent's plan"),
    _read("/session/{session_id}/diff", sessions.list_diffs, "What the agent changed"),
    _read("/session/{session_id}/message", messages.list_messages, "Messages"),
    Route(
        "POST",
        "/session/{session_id}/message",
        messages.prompt,
        Role.OPERATOR,
        "Send a message and wait for the answer",
        "conversation.send",
        body=Prompt,
        max_body=MAX_PROMPT,
    ),
    _read("/session/{session_id}/message/{message_id}", messages.show_message, "One message"),
    Route(
        "POST",
        "/session/{session_id}/prompt_async",
        messages.prompt_async,
        Role.OPERATOR,
        "Send a message",
        "conversation.send",
        body=Prompt,
        status=204,
        max_body=MAX_PROMPT,
    ),
    Route(
        "POST",
        "/session/{session_id}/command",
        messages.command,
        Role.OPERATOR,
        "Send a slash command and wait for the answer",
        "conversation.send",
        body=CommandInput,
        max_body=MAX_PROMPT,
    ),
    Route(
        "POST",
        "/session/{session_id}/abort",
        messages.abort,
        Role.OPERATOR,
        "Stop the running turn",
        "conversation.cancel",
    ),
    _read("/permission", messages.list_permissions, "Questions that wait for a person"),
    Route(
        "POST",
        "/permission/{request_id}/reply",
        messages.reply_permission,
        Role.OPERATOR,
        "Answer a question",
        "permission.answer",
        body=PermissionReply,
    ),
    Route(
        "POST",
        "/session/{session_id}/permissions/{request_id}",
        messages.reply_permission,
        Role.OPERATOR,
        "Answer a question, on the older path",
        "permission.answer",
        body=PermissionReply,
    ),
    _read("/file", files.list_folder, "What is in a folder"),
    _read("/file/content", files.read_file, "What is in a file"),
    _read("/find", find.find_text, "Lines that match"),
    _read("/find/file", find.find_files, "Files by name"),
    _read("/hutch/screenshot", screenshots.screenshot, "A picture of a terminal's screen"),
]
