"""Small files that hold secrets: written in one step, readable by their owner only.

A reader sees the old content or the new, never a half of it, also after a power cut: the new content is synced to a
temporary file in the same folder and renamed over the old one. Everything here blocks; call it from a thread.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from protocol.problems import Problem, ProblemCode

FILE_MODE = 0o600
FOLDER_MODE = 0o700
MAX_PRIVATE_FILE = 64 * 1024
"""Bytes read from a private file at most; ours are far smaller, and a bigger one is not ours."""


@contextmanager
def problems_of(path: Path) -> Iterator[None]:
    """Turn what the system says about a file into a problem that names the file and says what to do."""
    try:
        yield
    except OSError as error:
        raise problem_of(error, path) from error


def problem_of(error: OSError, path: Path) -> Problem:
    """The problem behind a failed file operation on ``path``."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return Problem(ProblemCode.DISK_FULL, f"The disk is full, {path} could not be written. Free some space.")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Problem(
            ProblemCode.PERMISSION_DENIED,
            f"{path} may not be used by this user. Give the folder to the user Hutch runs as.",
        )
    return Problem(
        ProblemCode.UNAVAILABLE, f"{path} cannot be used: {error.strerror}. Look at the path and its folder."
    )


def make_private_folder(path: Path) -> None:
    """Make a folder (and those above it) that only its owner may enter; one that exists keeps its mode."""
    with problems_of(path):
        # Path.mkdir(parents=True) would give the folders above the mode everybody else's have.
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step, over an older one if there is one. Raises :class:`Problem`."""
    make_private_folder(path.parent)
    with problems_of(path), _written_beside(path, content) as temporary:
        temporary.replace(path)
        _sync_folder(path.parent)


def create_private(path: Path, content: bytes) -> bool:
    """As :func:`write_private`, but False, and nothing changed, where the file exists already."""
    make_private_folder(path.parent)
    with problems_of(path), _written_beside(path, content) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        _sync_folder(path.parent)
        return True


def read_private(path: Path) -> bytes | None:
    """A private file's content, None where there is no such file. Raises :class:`Problem`."""
    with problems_of(path):
        try:
            with path.open("rb") as file:
                content = file.read(MAX_PRIVATE_FILE + 1)
        except FileNotFoundError:
            return None
    if len(content) > MAX_PRIVATE_FILE:
        raise Problem(ProblemCode.UNAVAILABLE, f"{path} is too big to be Hutch's own. Move it away and start again.")
    return content


def remove_private(path: Path) -> None:
    """Remove a file; one that is gone already is fine. Raises :class:`Problem`."""
    with problems_of(path):
        path.unlink(missing_ok=True)


@contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
