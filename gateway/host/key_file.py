"""The authorized_keys file on disk: read and replaced whole, one process at a time. Blocking: call it in a thread."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gateway.host.errnos import problems_of
from protocol.problems import Problem, ProblemCode

MAX_FILE = 1024 * 1024
"""Bytes of an authorized_keys file that is read or written."""
LOCK_SECONDS = 5.0
"""How long another process may hold the folder before we give up."""

_TEMP = ".authorized_keys.hutch-"
Writer = Callable[[bytes], None]
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class KeyFile:
    """One authorized_keys file. Links, at its place or at its folder's, are refused: who set them is not known."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes:
        """All of the file; empty when there is none. Raises TOO_LARGE, CONFLICT for a link, PERMISSION_DENIED."""
        with self._problems():
            try:
                folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                return b""
            try:
                return self._read(folder)
            finally:
                os.close(folder)

    @contextmanager
    def edited(self) -> Iterator[Edit]:
        """Hold the file alone and change it through what this gives. The folder is made where it is missing."""
        with self._problems(), self._locked_folder() as folder:
            yield Edit(self._read(folder), lambda data: self._write(folder, data))

    @contextmanager
    def _problems(self) -> Iterator[None]:
        with problems_of(str(self._path)):
            try:
                yield
            except OSError as error:
                if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                    raise Problem(
                        ProblemCode.CONFLICT,
                        f"{self._path} or its folder is a link, which Hutch does not write through. "
                        "Put a plain file there.",
                    ) from error
                raise

    @contextmanager
    def _locked_folder(self) -> Iterator[int]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self._lock(folder)
            yield folder
        finally:
            os.close(folder)

    def _lock(self, folder: int) -> None:
        """flock(2) on the folder itself, so that no lock file is left in it; closing the folder gives it back."""
        until = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Problem(
                        ProblemCode.UNAVAILABLE, "Another program is changing the SSH keys. Try again in a moment."
                    ) from None
                time.sleep(0.02)

    def _read(self, folder: int) -> bytes:
        try:
            fd = os.open(self._path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        except FileNotFoundError:
            return b""
        with os.fdopen(fd, "rb") as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise Problem(ProblemCode.CONFLICT, f"{self._path} is not a file. Put a plain file there.")
            data = file.read(MAX_FILE + 1)
        self._check_size(data)
        return data

    def _check_size(self, data: bytes) -> None:
        if len(data) > MAX_FILE:
            raise Problem(
                ProblemCode.TOO_LARGE, f"{self._path} has more than {MAX_FILE} bytes. Remove lines from it first."
            )

    def _write(self, folder: int, data: bytes) -> None:
        self._check_size(data)
        _remove_leftovers(folder)
        temp = _TEMP + secrets.token_hex(8)
        try:
            fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fchmod(fd, 0o600)
                self._keep_owner(folder, fd)
                os.fsync(fd)
            os.replace(temp, self._path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temp, dir_fd=folder)
            raise
        _close_to_others(folder)
        os.fsync(folder)

    def _keep_owner(self, folder: int, fd: int) -> None:
        """As root we may write another user's file, and sshd only reads it while it is that user's."""
        if os.geteuid() == 0:
            owner = os.fstat(folder)
            os.fchown(fd, owner.st_uid, owner.st_gid)


class Edit:
    """A file that is held: what is in it, and the one way to replace it."""

    def __init__(self, data: bytes, write: Writer) -> None:
        self.data = data
        self._write = write

    def replace(self, data: bytes) -> None:
        """Put other contents in place of the file, in one step; does nothing when they are the same."""
        if data != self.data:
            self._write(data)
            self.data = data


def _remove_leftovers(folder: int) -> None:
    """Remove what a crash left; the lock says that nobody is writing."""
    for name in os.listdir(folder):
        if name.startswith(_TEMP):
            os.unlink(name, dir_fd=folder)


def _close_to_others(folder: int) -> None:
    """Take others' right to write to the folder: with it, sshd refuses all keys (StrictModes in sshd_config(5))."""
    mode = stat.S_IMODE(os.fstat(folder).st_mode)
    if mode & _OTHERS_MAY_WRITE:
        os.fchmod(folder, mode & ~_OTHERS_MAY_WRITE)
