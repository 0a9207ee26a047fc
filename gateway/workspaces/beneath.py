"""Walking below a folder without ever leaving it.

A path is taken apart into names and walked one directory file descriptor at a time, each opened relative to the one
before with ``O_NOFOLLOW`` (openat(2)). A link anywhere on the way is refused instead of followed, so nothing an agent
swaps in while we walk leads outside.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.workspaces.rights import OWN, Rights
from protocol.problems import Problem, ProblemCode

MAX_NAME = 255
"""Bytes of one name (NAME_MAX of Linux)."""
MAX_PATH = 4096
"""Bytes of a whole path (PATH_MAX of Linux)."""
MAX_DEPTH = 64
"""Folders inside each other."""

Parts = tuple[str, ...]
"""A checked path: its names from the root downwards; empty for the root itself."""

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def parts(path: str) -> Parts:
    """Check a path relative to the root and take it apart; ``""`` and ``.`` are the root.

    Raises PATH_OUTSIDE_WORKSPACE for absolute paths and ``..``, INVALID_REQUEST for names no file can or should have.
    """
    encoded = _encoded(path)
    if len(encoded) > MAX_PATH:
        raise Problem(ProblemCode.INVALID_REQUEST, f"The path is longer than {MAX_PATH} bytes. Use a shorter one.")
    if path.startswith("/"):
        raise _outside(path)
    names = tuple(name for name in path.split("/") if name not in {"", "."})
    if len(names) > MAX_DEPTH:
        raise Problem(
            ProblemCode.INVALID_REQUEST, f"The path is more than {MAX_DEPTH} folders deep. Use a shorter one."
        )
    for name in names:
        _check_name(name, path)
    return names


def _encoded(path: str) -> bytes:
    try:
        return path.encode()
    except UnicodeEncodeError:
        raise Problem(ProblemCode.INVALID_REQUEST, "The path is not valid Unicode. Send it as UTF-8.") from None


def _check_name(name: str, path: str) -> None:
    if name == "..":
        raise _outside(path)
    if len(name.encode()) > MAX_NAME:
        raise Problem(ProblemCode.INVALID_REQUEST, f"A name in the path is longer than {MAX_NAME} bytes. Shorten it.")
    if not is_plain(name):
        raise Problem(ProblemCode.INVALID_REQUEST, "The path has control characters in it. Choose a name without them.")


def is_plain(name: str) -> bool:
    """Whether a name is text without control characters, so that it can be shown and sent."""
    return not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) < 0xE000 for c in name)


def _outside(path: str) -> Problem:
    return Problem(
        ProblemCode.PATH_OUTSIDE_WORKSPACE,
        "The path leads out of the workspace. Use one that is relative to it and without '..'.",
        {"path": path[:200]},
    )


@contextmanager
def opened_root(root: Path, rights: Rights = OWN) -> Iterator[int]:
    """A file descriptor of the root folder; the root's own path is configuration and may be a link.

    Raises PERMISSION_DENIED where it has to belong to agents and does not.
    """
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rights.check_root(fd, root)
        yield fd
    finally:
        os.close(fd)


@contextmanager
def opened_folder(root: Path, names: Parts, *, make: bool = False, rights: Rights = OWN) -> Iterator[int]:
    """A file descriptor of a folder below the root; with ``make`` missing folders are made on the way.

    Raises OSError as openat(2) does, and PATH_OUTSIDE_WORKSPACE for a link on the way.
    """
    with opened_root(root, rights) as start:
        fd = os.dup(start)
        try:
            for depth, name in enumerate(names):
                below = _step(fd, name, "/".join(names[: depth + 1]), rights if make else None)
                os.close(fd)
                fd = below
            yield fd
        finally:
            os.close(fd)


def _step(fd: int, name: str, shown: str, rights: Rights | None) -> int:
    """Open a folder in a folder, made with these rights where it is missing."""
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=fd)
    except FileNotFoundError:
        if rights is None:
            raise
        with suppress(FileExistsError):
            rights.chores.make_folder_in(fd, name)
        return _step(fd, name, shown, None)
    except NotADirectoryError:
        raise_for_link(fd, name, shown)
        raise


def raise_for_link(fd: int, name: str, shown: str) -> None:
    """Raise PATH_OUTSIDE_WORKSPACE when the name is a link; return when it is anything else or gone."""
    try:
        mode = os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise Problem(
            ProblemCode.PATH_OUTSIDE_WORKSPACE,
            f"'{shown}' is a link, and links are not followed. Use the path it stands for, if it is here.",
            {"path": shown},
        )


def open_plain_file(fd: int, name: str, rights: Rights = OWN) -> int:
    """Open a regular file for reading; a link raises OSError(ELOOP), anything that is not a file OSError(EINVAL)."""
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    try:
        state = os.fstat(opened)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EISDIR if stat.S_ISDIR(state.st_mode) else errno.EINVAL, "not a regular file")
        rights.check_file(state)
    except OSError:
        os.close(opened)
        raise
    return opened
