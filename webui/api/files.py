"""Files of the workspace: look, make folders, move, remove."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from webui.api.models.files import (
    EntriesAnswer,
    EntryAnswer,
    FolderQuery,
    Move,
    NewFolder,
    PathQuery,
    WorkspacesAnswer,
)
from webui.context import device_of


async def list_files(request: web.Request) -> web.Response:
    """What is in a folder."""
    query = parse_query(request, FolderQuery)
    entries = await device_of(request).workspace.entries(query.path)
    return answer(EntriesAnswer(path=query.path, entries=[EntryAnswer.of(entry) for entry in entries]))


async def list_workspaces(request: web.Request) -> web.Response:
    """The folders at the top of the workspace."""
    return answer(WorkspacesAnswer(folders=await device_of(request).workspace.folders()))


async def make_folder(request: web.Request) -> web.Response:
    """Make a folder, and the ones above it where they are missing."""
    body = await parse_body(request, NewFolder)
    note(request).target = body.path
    await device_of(request).workspace.make_folder(body.path)
    return nothing()


async def move_file(request: web.Request) -> web.Response:
    """Give a file or folder another name or place; nothing is ever replaced."""
    body = await parse_body(request, Move)
    note(request).target = body.source
    note(request).details["to"] = body.to
    await device_of(request).workspace.move(body.source, body.to)
    return nothing()


async def remove_file(request: web.Request) -> web.Response:
    """Remove a file, or a folder with everything in it."""
    query = parse_query(request, PathQuery)
    note(request).target = query.path
    await device_of(request).workspace.remove(query.path)
    return nothing()
