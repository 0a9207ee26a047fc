"""Bytes typed into a pane: written to tmux's end of the pipe, which puts them into the terminal as they are.

tmux buffers without a bound what a program does not read, so the daemon does not hand over more than
:data:`UNCHECKED` bytes before it has seen that the terminal's own queue has room again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable

from protocol.problems import Problem, ProblemCode

MAX_INPUT = 4 * 1024 * 1024
"""Bytes that may wait for a program that does not read."""

UNCHECKED = 64 * 1024
CHUNK = 16 * 1024
POLL = 0.005
AWAY = 0.5
"""Seconds between two looks while nobody can be asked."""
QUEUE_FULL = 3 * 1024
"""Unread bytes in the terminal (of 4096, Linux n_tty) from which on it counts as full."""


class InputQueue:
    """The queue of one pane. ``unread`` says how many bytes its terminal holds unread; it blocks."""

    def __init__(self, pipe: socket.socket, unread: Callable[[], int]) -> None:
        self._pipe = pipe
        self._unread = unread
        self._queue: deque[memoryview] = deque()
        self._queued = 0
        self._unchecked = 0
        self._task: asyncio.Task[None] | None = None
        self._open = True

    def write(self, data: bytes) -> None:
        """Type bytes; they arrive in order.

        Raises:
            Problem: ``UNAVAILABLE`` when the program has not read what was typed before.
        """
        if not self._open:
            raise Problem(ProblemCode.UNAVAILABLE, "The terminal is being taken over again; type once more.")
        if len(data) > MAX_INPUT:
            raise Problem(
                ProblemCode.TOO_LARGE, "At most 4 MiB can be typed at once; upload a file.", {"limit": MAX_INPUT}
            )
        if self._queued + len(data) > MAX_INPUT:
            raise Problem(
                ProblemCode.UNAVAILABLE,
                "The program does not read its input; wait until it does, or press Ctrl-C and try again.",
                {"waiting_bytes": self._queued},
            )
        if self._task is None and self._unchecked + len(data) <= UNCHECKED:
            sent = self._send(memoryview(data))
            self._unchecked += sent
            data = data[sent:]
        if data:
            self._queue.append(memoryview(data))
            self._queued += len(data)
            if self._task is None:
                self._task = asyncio.create_task(self._drain(), name="terminal-input")

    async def close(self) -> None:
        """Drop what waits; the socket is not closed."""
        self._open = False
        task = self._task
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _drain(self) -> None:
        try:
            while self._queue:
                if self._unchecked >= UNCHECKED:
                    await self._room()
                sent = self._send(self._queue[0][:CHUNK])
                self._queued -= sent
                self._unchecked += sent
                if sent == len(self._queue[0]):
                    self._queue.popleft()
                else:
                    self._queue[0] = self._queue[0][sent:]
                if sent == 0:
                    await asyncio.sleep(POLL)
        except Problem:
            self._queue.clear()  # the pipe is gone; whoever types next is told
            self._queued = 0
        finally:
            self._task = None

    async def _room(self) -> None:
        # The kernel does not tell when a terminal is read, so it is looked at.
        while True:
            try:
                if await asyncio.to_thread(self._unread) < QUEUE_FULL:
                    break
                await asyncio.sleep(POLL)
            except Problem:  # the agents' account cannot be reached; what waits can wait
                await asyncio.sleep(AWAY)
        self._unchecked = 0

    def _send(self, data: memoryview) -> int:
        try:
            # The other side shares the file description and could make it block.
            return self._pipe.send(data, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise Problem(ProblemCode.UNAVAILABLE, "The terminal is gone; open the session again.") from error
