"""``/file``: folders and files of the workspace."""

from __future__ import annotations

import base64
import mimetypes
from typing import Final

from aiohttp import web

from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode import shapes
from webui.dialects.opencode.context import opencode_of
from webui.dialects.opencode.folders import beneath

MAX_CONTENT: Final = 4 * 1024 * 1024
"""Bytes of a file that go into one answer; larger ones are for downloads."""


async def list_folder(request: web.Request) -> web.Response:
    """What is in a folder."""
    workspace = opencode_of(request).workspace
    entries = await workspace.entries(beneath(request, request.query.get("path", "")))
    nodes = [
        shapes.FileNode(
            name=entry.name,
            path=entry.path,
            absolute=str(workspace.root / entry.path),
            type="directory" if entry.kind == "folder" else "file",
            ignored=False,
        )
        for entry in entries
    ]
    return web.json_response(nodes)


async def read_file(request: web.Request) -> web.Response:
    """A file's text, or its bytes in base64 where it is none."""
    path = request.query.get("path", "")
    async with await opencode_of(request).workspace.open_file(beneath(request, path)) as file:
        if file.size > MAX_CONTENT:
            raise Problem(
                ProblemCode.TOO_LARGE,
                f"The file has {file.size} bytes; this answers up to {MAX_CONTENT}. Download it on the files page.",
                {"limit": MAX_CONTENT},
            )
        content = await file.read(MAX_CONTENT)
    return web.json_response(_content(path, content))


def _content(path: str, content: bytes) -> shapes.FileContent:
    kind = mimetypes.guess_type(path)[0]
    try:
        if b"\0" in content:
            raise ValueError
        shape = shapes.FileContent(type="text", content=content.decode())
    except ValueError:
        shape = shapes.FileContent(type="binary", content=base64.b64encode(content).decode(), encoding="base64")
    if kind is not None:
        shape["mimeType"] = kind
    return shape
