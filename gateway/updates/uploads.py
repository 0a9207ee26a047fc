"""A bundle that a person brings from their own machine: sent in pieces, so that a broken connection costs one piece."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foundation.files import make_private_folder, problems_of
from protocol.problems import Problem, ProblemCode

MAX_UPLOAD: Final = 4 * 1024**3
"""Bytes of a bundle at most."""
PIECE: Final = 1024 * 1024
"""Bytes of a piece at most."""
_RESERVE: Final = 64 * 1024**2
NAME: Final = "upload.bundle"
_PART: Final = f"{NAME}.part"


@dataclass(frozen=True, slots=True)
class Upload:
    """What is there of the bundle that was begun last; both in bytes."""

    received: int
    size: int

    @property
    def complete(self) -> bool:
        """Whether it can be installed."""
        return self.received == self.size


class BundleUploads:
    """One upload at a time, in the updates folder; a new one takes the place of the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = asyncio.Lock()
        self._upload: Upload | None = None

    def last(self) -> Upload | None:
        """How far the last upload is."""
        return self._upload

    async def put(self, offset: int, size: int, data: bytes) -> Upload:
        """Take a piece that begins at ``offset`` of ``size`` bytes; offset 0 begins anew.

        Raises Problem: OUT_OF_ORDER with ``received`` for a piece that does not follow, TOO_LARGE, DISK_FULL.
        """
        async with self._lock:
            upload = Upload(0, size) if offset == 0 else self._upload
            if not 0 < size <= MAX_UPLOAD or offset + len(data) > size:
                raise Problem(ProblemCode.TOO_LARGE, f"A bundle has at most {MAX_UPLOAD} bytes.", {"limit": MAX_UPLOAD})
            if upload is None or (upload.received, upload.size) != (offset, size):
                raise Problem(
                    ProblemCode.OUT_OF_ORDER,
                    "The pieces of the bundle came out of their order. Go on where the answer says, or begin anew.",
                    {"received": upload.received if upload else 0},
                )
            self._upload = None
            await asyncio.to_thread(self._write, upload, data)
            self._upload = Upload(offset + len(data), size)
            return self._upload

    async def take(self) -> Path:
        """The bundle that was uploaded as a whole; it is the taker's from now on. Raises Problem NOT_FOUND."""
        async with self._lock:
            if self._upload is None or not self._upload.complete:
                raise Problem(ProblemCode.NOT_FOUND, "No bundle was uploaded as a whole. Upload it, then install it.")
            self._upload = None
            return await asyncio.to_thread(self._finish)

    def _write(self, upload: Upload, data: bytes) -> None:
        path = self._folder / _PART
        make_private_folder(self._folder)
        try:
            with problems_of(path):
                if upload.received == 0:
                    self._check_room(upload.size)
                with path.open("r+b" if upload.received else "wb") as file:
                    if file.seek(0, os.SEEK_END) != upload.received:
                        raise Problem(ProblemCode.TRANSFER_EXPIRED, "The upload was cleared away. Begin it anew.")
                    file.write(data)
        except Problem as problem:
            if problem.code is ProblemCode.DISK_FULL:
                path.unlink(missing_ok=True)
            raise

    def _check_room(self, size: int) -> None:
        (self._folder / _PART).unlink(missing_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free < size + _RESERVE:
            needed = -(-(size + _RESERVE) // 1024**2)
            raise Problem(
                ProblemCode.DISK_FULL,
                f"The bundle needs {needed} MiB, and {free // 1024**2} MiB are free on the data partition. "
                "Delete what is not needed, then try again.",
            )

    def _finish(self) -> Path:
        part, whole = self._folder / _PART, self._folder / NAME
        with problems_of(part):
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(whole)
        return whole
