"""Files that are open for reading: what is read is the file that was opened, whatever happens to its name."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from gateway.host.errnos import problems_of

MAX_READ = 4 * 1024 * 1024
"""Bytes one read brings at most."""


class OpenFile:
    """A regular file, open for reading. Close it, or use it as an async context manager."""

    def __init__(self, fd: int, path: str) -> None:
        state = os.fstat(fd)
        self._fd: int | None = fd
        self._at = 0
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self.size = state.st_size
        """Bytes, when it was opened."""
        self.modified_at = datetime.fromtimestamp(state.st_mtime, UTC)
        self.mark = _mark(state)
        """Changes when the file's content does (size and time of change)."""

    async def read(self, size: int, offset: int | None = None) -> bytes:
        """Up to ``size`` bytes (4 MiB at most) from ``offset``, or from where the last read ended; empty at the end."""
        at = self._at if offset is None else offset
        with problems_of(f"'{self.path}'"):
            data = await asyncio.to_thread(os.pread, self.fileno(), min(size, MAX_READ), at)
        self._at = at + len(data)
        return data

    async def changed(self) -> bool:
        """Whether somebody wrote to the file since it was opened."""
        with problems_of(f"'{self.path}'"):
            return _mark(await asyncio.to_thread(os.fstat, self.fileno())) != self.mark

    def fileno(self) -> int:
        """The file descriptor; ValueError once it is closed."""
        if self._fd is None:
            raise ValueError(f"'{self.path}' is closed")
        return self._fd

    def close(self) -> None:
        """Let go of the file; more than once does no harm."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _mark(state: os.stat_result) -> tuple[int, int, int]:
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns
