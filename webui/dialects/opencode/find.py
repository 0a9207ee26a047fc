"""``/find``: files by name, and lines by what is in them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from foundation.web.parsing import parse_query
from webui.dialects.opencode.context import opencode_of
from webui.dialects.opencode.folders import folder_or_root
from webui.dialects.opencode.grep import Grep

MAX_LOOKED_AT: Final = 200_000
"""Names a search looks at; a larger workspace is searched as far as that."""
SKIPPED: Final = frozenset({".git", "node_modules", ".venv", "__pycache__"})
"""Folders that hold what nobody looks for."""


class FilesQuery(BaseModel):
    """Which names. Letters of ``query`` count in any case; a part of the path is enough."""

    query: str = Field(max_length=512)
    directory: str | None = None
    workspace: str | None = None
    dirs: Literal["true", "false"] = "true"
    type: Literal["file", "directory"] | None = None
    limit: int = Field(default=100, ge=1, le=1000)


class TextQuery(BaseModel):
    """Which lines: an extended regular expression (POSIX)."""

    pattern: str = Field(min_length=1, max_length=512)
    directory: str | None = None
    workspace: str | None = None


async def find_files(request: web.Request) -> web.Response:
    """Paths from the asked folder, the shortest first."""
    query, folder = parse_query(request, FilesQuery), folder_or_root(request)
    return web.json_response(await asyncio.to_thread(_find, folder, query))


async def find_text(request: web.Request) -> web.Response:
    """Lines of text files below the asked folder."""
    query, folder = parse_query(request, TextQuery), folder_or_root(request)
    return web.json_response(await Grep(opencode_of(request).programs).search(folder, query.pattern))


def _find(folder: Path, query: FilesQuery) -> list[str]:
    words = query.query.lower()
    wants_files = query.type != "directory"
    wants_folders = query.type == "directory" or (query.type is None and query.dirs == "true")
    found = [
        path
        for path, is_folder in _names(folder)
        if words in path.lower() and (wants_folders if is_folder else wants_files)
    ]
    found.sort(key=lambda path: (words not in path.rsplit("/", 1)[-1].lower(), len(path), path))
    return found[: query.limit]


def _names(folder: Path) -> Iterator[tuple[str, bool]]:
    """Paths below a folder, and whether each is a folder; links are named and never followed."""
    looked_at = 0
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        above = Path(here).relative_to(folder)
        for name in (*folders, *files):
            looked_at += 1
            if looked_at > MAX_LOOKED_AT:
                return
            yield (above / name).as_posix(), name in folders
