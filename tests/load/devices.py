"""Simulated devices: one small protocol object each."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from tests.load.dialects import STAMP_BYTES, Dialect, HubDialect, answer, device_name, hello, server_frames

WINDOW: Final = 384 * 1024
"""Bytes of output that a simulated device may have unacknowledged, as a real one has a window."""


class Device(asyncio.Protocol):
    """Connects, greets, answers commands, and puts out what it is told to."""

    def __init__(self, number: int, dialect: Dialect, frame_bytes: int) -> None:
        self.name = device_name(number)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        self.commands = 0
        self._dialect = dialect
        self._is_hub = isinstance(dialect, HubDialect)
        self._filling = bytes(max(0, frame_bytes - STAMP_BYTES))
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._upgraded = False
        self._seq = 0
        self._acked = -1
        self._writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "write")
        self._transport = transport  # type: ignore[assignment]  # uvloop's are no subclasses
        self.write(self._dialect.device_greeting(self.name))

    def data_received(self, data: bytes) -> None:
        """Answer."""
        self._buffer += data
        if not self._is_hub:
            self._heard_other()
            return
        if not self._upgraded:
            self._finish_upgrade()
        for first, payload in server_frames(self._buffer):
            if first == 0x81:
                self.commands += 1
                answering = answer(payload, self._seq)
                self._acked = self._acked if answering.acked is None else answering.acked
                self.write(answering.reply)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        self.lost = True
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"{self.name} was not let in: {bytes(self._buffer[:80])!r}"))

    def pause_writing(self) -> None:
        """The server takes nothing."""
        self._writable = False

    def resume_writing(self) -> None:
        """It does again."""
        self._writable = True

    def write(self, data: bytes) -> None:
        """Send, while there is a connection."""
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    def send_health(self) -> None:
        """How it is."""
        self.write(self._dialect.health(self.name))

    def put_out(self) -> None:
        """One frame of output, with the time in it."""
        stamp = time.monotonic_ns().to_bytes(STAMP_BYTES, "big")
        self.write(self._dialect.output(self.name, self._seq, stamp + self._filling))
        self._seq += 1

    def flood(self) -> int:
        """As much output as the window and the socket take; the number of frames."""
        sent = 0
        size = len(self._filling) + STAMP_BYTES
        while self._writable and (not self._is_hub or (self._seq - 1 - self._acked) * size < WINDOW) and sent < 64:
            self.put_out()
            sent += 1
        return sent

    def close(self) -> None:
        """Be gone."""
        if self._transport is not None:
            self._transport.abort()

    def _finish_upgrade(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        if not self._buffer.startswith(b"HTTP/1.1 101"):
            self.close()
            return
        del self._buffer[: end + 4]
        self._upgraded = True
        self.write(hello(self.name) + self._dialect.health(self.name))
        self.ready.set_result(None)

    def _heard_other(self) -> None:
        for line in bytes(self._buffer).split(b"\r\n"):
            if line == b"PING":
                self.write(b"PONG\r\n")
            elif line.startswith(b"MSG cmd."):
                self.commands += 1
                self.write(b"PUB " + line.split(b" ")[3] + b" 2\r\nok\r\n")
            elif line == b"ask":
                self.commands += 1
                self.write(self._dialect.output(self.name, 0, b"ok"))
            elif line in (b"hi", b"PONG") and not self.ready.done():
                self.ready.set_result(None)
        del self._buffer[: self._buffer.rfind(b"\r\n") + 2]


class Viewer(asyncio.Protocol):
    """Watches one device: counts bytes, and how long each frame took."""

    def __init__(self, number: int, dialect: Dialect) -> None:
        self.name = device_name(number)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes = 0
        self.frames = 0
        self.latencies: list[float] | None = None
        self._dialect = dialect
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._upgraded = not isinstance(dialect, HubDialect)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are no subclasses
        assert self._transport is not None
        self._transport.write(self._dialect.viewer_greeting(self.name))

    def data_received(self, data: bytes) -> None:
        """Count."""
        self._buffer += data
        if not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 101"):
                self.close()
                return
            del self._buffer[: end + 4]
            self._upgraded = True
        if not self.ready.done():
            self.ready.set_result(None)
        now = time.monotonic_ns()
        for payload in self._dialect.payloads(self._buffer):
            self.bytes += len(payload)
            self.frames += 1
            if self.latencies is not None and len(payload) >= STAMP_BYTES:
                self.latencies.append((now - int.from_bytes(payload[:STAMP_BYTES], "big")) / 1e6)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note it."""
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(f"no view of {self.name}"))

    def close(self) -> None:
        """Be gone."""
        if self._transport is not None:
            self._transport.abort()
