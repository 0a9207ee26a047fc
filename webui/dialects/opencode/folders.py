"""The folder a request is about: the ``directory`` of its query, or the header the SDK sends with changes."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

from aiohttp import web

from protocol.problems import Problem, ProblemCode
from webui.dialects.opencode.context import opencode_of

_HEADER = "x-opencode-directory"
_LONGEST = 4096


def asked_folder(request: web.Request) -> Path | None:
    """An absolute folder inside the workspace, or None where the request names none.

    Raises:
        Problem: PATH_OUTSIDE_WORKSPACE, INVALID_REQUEST.
    """
    given = request.query.get("directory") or unquote(request.headers.get(_HEADER, ""))
    if not given:
        return None
    if len(given) > _LONGEST:
        raise Problem(ProblemCode.INVALID_REQUEST, "The directory's name is too long.")
    return opencode_of(request).workspace.resolve(given)


def folder_or_root(request: web.Request) -> Path:
    """The asked folder, or the workspace itself."""
    return asked_folder(request) or opencode_of(request).workspace.root


def beneath(request: web.Request, path: str) -> str:
    """A path below the asked folder, from the workspace root; what is absolute has to lie inside the workspace."""
    workspace = opencode_of(request).workspace
    below = workspace.resolve(path) if path.startswith("/") else folder_or_root(request) / path
    return workspace.resolve(str(below)).relative_to(workspace.root).as_posix()
