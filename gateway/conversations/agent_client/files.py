"""Files read and written for an agent (agentclientprotocol.com, File System): beneath its folder, nowhere else."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from gateway.host.errnos import problems_of
from gateway.workspaces.beneath import Parts, open_plain_file, opened_folder, parts, raise_for_link
from gateway.workspaces.replacing import replacing
from gateway.workspaces.rights import OWN, Rights
from protocol.problems import Problem, ProblemCode

MAX_FILE: Final = 10 * 1024 * 1024
"""Bytes of a file that is read or written for an agent."""


def read_text(folder: Path, path: str, line: int | None, limit: int | None, rights: Rights = OWN) -> str:
    """The text of a file, from a line (counted from 1) on, so many lines. Blocks; raises :class:`Problem`."""
    names = _names(folder, path)
    with problems_of(path), opened_folder(folder, names[:-1], rights=rights) as fd:
        opened = _opened(fd, names[-1], path, rights)
        with os.fdopen(opened, "rb") as file:
            if os.fstat(opened).st_size > MAX_FILE:
                raise _too_large()
            text = file.read(MAX_FILE).decode(errors="replace")
    if line is None and limit is None:
        return text
    first = max(0, (line or 1) - 1)
    lines = text.splitlines(keepends=True)
    return "".join(lines[first : None if limit is None else first + limit])


def write_text(folder: Path, path: str, text: str, rights: Rights = OWN) -> None:
    """Write a file whole, and the folders above it where they are missing. Blocks; raises :class:`Problem`."""
    names = _names(folder, path)
    data = text.encode(errors="replace")
    if len(data) > MAX_FILE:
        raise _too_large()
    with problems_of(path), opened_folder(folder, names[:-1], make=True, rights=rights) as fd:
        raise_for_link(fd, names[-1], path)
        with replacing(fd, names[-1], rights) as file:
            file.write(data)


def _names(folder: Path, path: str) -> Parts:
    inside = path
    if path.startswith("/"):
        normal = os.path.normpath(path)
        inside = os.path.relpath(normal, folder) if normal.startswith(f"{folder}/") else normal
    names = parts(inside)
    if not names:
        raise Problem(ProblemCode.INVALID_REQUEST, "This is the folder itself. Name a file in it.")
    return names


def _opened(fd: int, name: str, path: str, rights: Rights) -> int:
    try:
        return open_plain_file(fd, name, rights)
    except OSError:
        raise_for_link(fd, name, path)
        raise


def _too_large() -> Problem:
    return Problem(ProblemCode.TOO_LARGE, f"A file of more than {MAX_FILE} bytes goes through a tool, not this way.")
