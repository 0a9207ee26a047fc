"""Files read and written for an agent (agentclientprotocol.com, File System): beneath its folder, nowhere else."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.host.errnos import problems_of
from gateway.workspaces.beneath import Parts, open_plain_file, opened_folder, parts, raise_for_link
from protocol.problems import Problem, ProblemCode

MAX_FILE: Final = 10 * 1024 * 1024
"""Bytes of a file that is read or written for an agent."""


def read_text(folder: Path, path: str, line: int | None, limit: int | None) -> str:
    """The text of a file, from a line (counted from 1) on, so many lines. Blocks; raises :class:`Problem`."""
    names = _names(folder, path)
    with problems_of(path), opened_folder(folder, names[:-1]) as fd:
        opened = _opened(fd, names[-1], path)
        with os.fdopen(opened, "rb") as file:
            if os.fstat(opened).st_size > MAX_FILE:
                raise _too_large()
            text = file.read(MAX_FILE).decode(errors="replace")
    if line is None and limit is None:
        return text
    first = max(0, (line or 1) - 1)
    lines = text.splitlines(keepends=True)
    return "".join(lines[first : None if limit is None else first + limit])


def write_text(folder: Path, path: str, text: str) -> None:
    """Write a file whole, and the folders above it where they are missing. Blocks; raises :class:`Problem`."""
    names = _names(folder, path)
    data = text.encode(errors="replace")
    if len(data) > MAX_FILE:
        raise _too_large()
    with problems_of(path), opened_folder(folder, names[:-1], make=True) as fd:
        mode = _mode_of(fd, names[-1], path)
        temporary = f".hutch-{secrets.token_hex(8)}"
        try:
            out = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=fd)
            with os.fdopen(out, "wb") as file:
                file.write(data)
            os.rename(temporary, names[-1], src_dir_fd=fd, dst_dir_fd=fd)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=fd)
            raise


def _names(folder: Path, path: str) -> Parts:
    inside = path
    if path.startswith("/"):
        normal = os.path.normpath(path)
        inside = os.path.relpath(normal, folder) if normal.startswith(f"{folder}/") else normal
    names = parts(inside)
    if not names:
        raise Problem(ProblemCode.INVALID_REQUEST, "This is the folder itself. Name a file in it.")
    return names


def _opened(fd: int, name: str, path: str) -> int:
    try:
        return open_plain_file(fd, name)
    except OSError:
        raise_for_link(fd, name, path)
        raise


def _mode_of(fd: int, name: str, path: str) -> int:
    """That of the file that is replaced, so that scripts stay executable. Raises for a link."""
    raise_for_link(fd, name, path)
    with suppress(FileNotFoundError):
        found = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
        if stat.S_ISREG(found):
            return stat.S_IMODE(found) & 0o777
    return 0o666


def _too_large() -> Problem:
    return Problem(ProblemCode.TOO_LARGE, f"A file of more than {MAX_FILE} bytes goes through a tool, not this way.")
