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

_Mark = tuple[int, int, int]
"""Changes when the content of a file does: its size and the times of its changes."""


class OpenFile:
    """A regular file, open for reading. Close it, or use it as an async context manager."""

    def __init__(self, fd: int, path: str) -> None:
        state = os.fstat(fd)
        self._fd: int | None = fd
        self._closed = False
        self._at = 0
        self.path = path
        self.name = path.rsplit("/", 1)[-1]
        self.size = state.st_size
        """Bytes, when it was opened."""
        self.modified_at = datetime.fromtimestamp(state.st_mtime, UTC)
        self.changed = False
        """Whether a read found that somebody wrote to the file since it was opened."""
        self._mark = _mark(state)
        self._reads = 0

    async def read(self, size: int, offset: int | None = None) -> bytes:
        """Up to ``size`` bytes (4 MiB at most) from ``offset``, or from where the last read ended; empty at the end."""
        at = self._at if offset is None else offset
        reading = asyncio.ensure_future(asyncio.to_thread(_read, self.fileno(), min(size, MAX_READ), at))
        self._reads += 1
        reading.add_done_callback(self._read_ended)
        with problems_of(f"'{self.path}'"):
            data, mark = await asyncio.shield(reading)
        self._at = at + len(data)
        self.changed = self.changed or mark != self._mark
        return data

    def fileno(self) -> int:
        """The file descriptor; ValueError once it is closed."""
        if self._closed or self._fd is None:
            raise ValueError(f"'{self.path}' is closed")
        return self._fd

    def close(self) -> None:
        """Let go of the file; more than once does no harm, and neither does a read that is under way."""
        self._closed = True
        self._close_when_idle()

    def _read_ended(self, reading: asyncio.Future[tuple[bytes, _Mark]]) -> None:
        self._reads -= 1
        if not reading.cancelled():
            reading.exception()
        self._close_when_idle()

    def _close_when_idle(self) -> None:
        # Closed under a thread that reads, the number could be given to another file, whose bytes would be read.
        if self._closed and self._reads == 0 and self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read(fd: int, size: int, at: int) -> tuple[bytes, _Mark]:
    return os.pread(fd, size, at), _mark(os.fstat(fd))


def _mark(state: os.stat_result) -> _Mark:
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns
