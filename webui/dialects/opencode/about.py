"""What the OpenCode API tells of the server itself: health, folders, providers, agents and commands."""

from __future__ import annotations

from aiohttp import web

from gateway.conversations.types import ConversationQuery
from webui.dialects.opencode.context import OpenCode, opencode_of
from webui.dialects.opencode.folders import folder_or_root
from webui.dialects.opencode.names import milliseconds
from webui.dialects.opencode.translate import DEFAULT_MODEL, PROJECT


async def health(request: web.Request) -> web.Response:
    """That the server answers, and its version."""
    return web.json_response({"healthy": True, "version": opencode_of(request).version})


async def paths(request: web.Request) -> web.Response:
    """The folders of this device."""
    opencode, folder = opencode_of(request), str(folder_or_root(request))
    home = str(opencode.programs.home)
    return web.json_response(
        {"home": home, "state": str(opencode.workspace.root), "config": home, "worktree": folder, "directory": folder}
    )


async def config(request: web.Request) -> web.Response:
    """The model of a new session."""
    opencode = opencode_of(request)
    return web.json_response({"model": f"{opencode.default_cli}/{DEFAULT_MODEL}", "share": "disabled"})


async def projects(request: web.Request) -> web.Response:
    """The workspace, as the one project."""
    return web.json_response([_project(opencode_of(request))])


async def project(request: web.Request) -> web.Response:
    """The workspace."""
    return web.json_response(_project(opencode_of(request)))


async def providers(request: web.Request) -> web.Response:
    """The agent CLIs; each chooses its model itself unless a session names one."""
    opencode = opencode_of(request)
    return web.json_response(
        {
            "providers": [_provider(name, title) for name, title in opencode.clis.items()],
            "default": dict.fromkeys(opencode.clis, DEFAULT_MODEL),
        }
    )


async def agents(request: web.Request) -> web.Response:
    """The agent CLIs, by which a session may ask for one."""
    return web.json_response(
        [
            {
                "name": name,
                "description": title,
                "mode": "primary",
                "builtIn": True,
                "native": True,
                "permission": {"edit": "ask", "bash": {"*": "ask"}},
                "tools": {},
                "options": {},
                "model": {"providerID": name, "modelID": DEFAULT_MODEL},
            }
            for name, title in opencode_of(request).clis.items()
        ]
    )


async def commands(request: web.Request) -> web.Response:
    """The slash commands that agents of the latest sessions offer."""
    page = await opencode_of(request).conversations.list(ConversationQuery(limit=20))
    known = {command.name: command for one in page.items for command in one.commands}
    return web.json_response(
        [
            {"name": one.name, "description": one.description, "template": f"/{one.name} $ARGUMENTS", "hints": []}
            for one in known.values()
        ]
    )


def _project(opencode: OpenCode) -> dict[str, object]:
    return {
        "id": PROJECT,
        "worktree": str(opencode.workspace.root),
        "time": {"created": milliseconds(opencode.started_at)},
        "sandboxes": [],
    }


def _provider(name: str, title: str) -> dict[str, object]:
    free = {"read": 0, "write": 0}
    media = {"text": True, "audio": False, "image": True, "video": False, "pdf": False}
    return {
        "id": name,
        "name": title,
        "source": "config",
        "env": [],
        "options": {},
        "models": {
            DEFAULT_MODEL: {
                "id": DEFAULT_MODEL,
                "providerID": name,
                "api": {"id": DEFAULT_MODEL, "url": "", "npm": ""},
                "name": f"{title}'s own choice",
                "capabilities": {
                    "temperature": False,
                    "reasoning": True,
                    "attachment": True,
                    "toolcall": True,
                    "input": media,
                    "output": {**media, "image": False},
                },
                "cost": {"input": 0, "output": 0, "cache": free},
                "limit": {"context": 0, "output": 0},
                "status": "active",
                "options": {},
                "headers": {},
            }
        },
    }
