"""A file on its way: what is there of it, and what it has to become. Outlives restarts of the daemon.

Beside ``NAME.part`` lies ``NAME.part.json`` with the address and the validator of what was begun (RFC 9110, 8.8.3).
Everything here blocks; call it from a thread.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foundation.files import make_private_folder, problems_of, read_private, write_private
from protocol.problems import Problem, ProblemCode

RESERVE = 64 * 1024**2
"""Bytes that stay free beside a bundle: the store and the sessions go on working."""
_BLOCK = 1024 * 1024
_SUFFIX = ".part"


class Origin(BaseModel):
    """Where a partial file comes from."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(max_length=4096)
    validator: str = Field(default="", max_length=1024)
    """A strong ETag, or nothing: then it can only be begun anew."""


class Partial:
    """One partial file. Not for two writers at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(path.name + _SUFFIX)
        self._target = path
        self._hash = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self.size = 0

    def open(self, url: str) -> str:
        """Take up what is there from ``url``, or begin anew. Returns the validator; empty when nothing is kept."""
        make_private_folder(self.path.parent)
        origin = self._origin()
        self._hash, self.size = hashlib.sha256(), 0
        with problems_of(self.path):
            self._file = self.path.open("a+b")
        if origin is None or origin.url != url or not origin.validator:
            self.restart()
            return ""
        self._take_up()
        return origin.validator if self.size else ""

    def begin(self, origin: Origin) -> None:
        """Remember where this comes from, before its first byte."""
        write_private(self._sidecar, origin.model_dump_json().encode())

    def restart(self) -> None:
        """Forget what is there."""
        with problems_of(self.path):
            os.truncate(self._open_file.fileno(), 0)
        self._hash = hashlib.sha256()
        self.size = 0

    def append(self, data: bytes) -> None:
        """Write the next bytes. Raises Problem DISK_FULL."""
        with problems_of(self.path):
            self._open_file.write(data)
            self._open_file.flush()
        self._hash.update(data)
        self.size += len(data)

    def check_room(self, total: int) -> None:
        """Raise Problem DISK_FULL when what is still to come has no room."""
        with problems_of(self.path):
            free = shutil.disk_usage(self.path.parent).free
        needed = total - self.size + RESERVE
        if free < needed:
            raise Problem(
                ProblemCode.DISK_FULL,
                f"The update needs {_mib(needed)} MiB, and {_mib(free)} MiB are free on the data partition. "
                "Delete what is not needed, then try again.",
                {"needed": needed, "free": free},
            )

    def matches(self, sha256: str) -> bool:
        """Whether what is there has this SHA-256 (hex)."""
        return self._hash.hexdigest() == sha256.lower()

    def finish(self) -> Path:
        """Make it the file it was to become."""
        with problems_of(self.path):
            os.fsync(self._open_file.fileno())
            self.close()
            self.path.replace(self._target)
            self._sidecar.unlink(missing_ok=True)
        return self._target

    def close(self) -> None:
        """Let go of the file; what is there of it stays."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def remove(self) -> None:
        """Remove what is there."""
        self.close()
        with problems_of(self.path):
            self.path.unlink(missing_ok=True)
            self._sidecar.unlink(missing_ok=True)

    @property
    def _open_file(self) -> IO[bytes]:
        if self._file is None:
            raise RuntimeError("the partial file is not open")
        return self._file

    @property
    def _sidecar(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    def _origin(self) -> Origin | None:
        try:
            content = read_private(self._sidecar)
            return None if content is None else Origin.model_validate_json(content)
        except (Problem, ValidationError):
            return None

    def _take_up(self) -> None:
        # Read again and not remembered: after a power cut a file may hold less than was written.
        with problems_of(self.path):
            self._open_file.seek(0)
            while block := self._open_file.read(_BLOCK):
                self._hash.update(block)
                self.size += len(block)


def is_whole(path: Path, sha256: str) -> bool:
    """Whether a file is there with this SHA-256 (hex)."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256.lower()
    except OSError:
        return False


def tidy(folder: Path, keep: Path | None = None) -> None:
    """Remove bundles and parts of them, except for ``keep`` and what is beside it: they are large."""
    for pattern in ("*.bundle", "*.bundle.part", "*.bundle.part.json"):
        for path in folder.glob(pattern):
            if keep is None or not path.name.startswith(keep.name):
                with suppress(OSError):
                    path.unlink()


def _mib(size: int) -> int:
    return -(-size // 1024**2)
