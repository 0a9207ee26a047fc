"""A shell on a PTY of our own, read through the event loop: the floor without any network."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios

from bench.terminal import COLS, ROWS, Terminal

READ_SIZE = 64 * 1024
QUEUE = 16
"""Chunks read ahead at most; then the PTY waits."""


class RawPty(Terminal):
    """`sh` on a PTY. Reading pauses while the receiver is behind, so memory stays bounded."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLS, 0, 0))
        self._process = subprocess.Popen(
            ["/bin/sh"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm"},
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._chunks.put_nowait(data)
        if not data or self._chunks.qsize() >= QUEUE:
            self._loop.remove_reader(self._master)

    async def send(self, data: bytes) -> None:
        """Type these bytes; they are few."""
        os.write(self._master, data)

    async def receive(self) -> bytes:
        """The next output; empty at the end."""
        data = await self._chunks.get()
        if data and self._chunks.qsize() == QUEUE - 1:
            self._loop.add_reader(self._master, self._readable)
        return data

    async def close(self) -> None:
        """Hang up and end the shell."""
        self._loop.remove_reader(self._master)
        os.close(self._master)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
