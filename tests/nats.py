"""A real nats-server on a loopback port of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

PROGRAM = "/usr/sbin/nats-server"


class NatsServer:
    """Starts, stops and starts again on the same port. ``url`` is where it is, or will be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"nats://127.0.0.1:{self._port}"

    async def start(self) -> Self:
        """Start it, and wait until it answers."""
        await asyncio.to_thread(self._spawn)
        async with asyncio.timeout(20):
            while not await self._answers():
                assert self._process is not None
                assert self._process.poll() is None, "nats-server ended at once"
        return self

    async def stop(self) -> None:
        """Kill it, as a machine that loses its power does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            await asyncio.to_thread(process.wait)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It hangs while inside: connections are taken and kept, and nothing is answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        # Its threads may run on for a moment, long enough for a message.
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _spawn(self) -> None:
        log = self._folder / "nats.log"
        command = [PROGRAM, "-a", "127.0.0.1", "-p", str(self._port), "-l", str(log)]
        self._process = subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            # Its port is all it tells of its start; nothing else can be waited for.
            await asyncio.sleep(0.02)
            return False
        greeting = await reader.readline()
        writer.close()
        return greeting.startswith(b"INFO ")


def _free_port() -> int:
    """A port that stays free while the server is stopped: none that the system gives to outgoing connections."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
