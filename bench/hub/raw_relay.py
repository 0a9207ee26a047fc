"""The floor: a relay in asyncio that does nothing but find the viewer of a frame and write it out."""

from __future__ import annotations

import asyncio
from collections import deque

from tests.load.dialects import RawDialect, device_name

_DIALECT = RawDialect()


class RawRelay:
    """Devices and viewers by name."""

    def __init__(self) -> None:
        self.devices: dict[str, RawSocket] = {}
        self.viewers: dict[str, RawSocket] = {}

    async def start(self) -> int:
        """Listen; the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: RawSocket(self), "127.0.0.1", 0, backlog=4096)
        return int(server.sockets[0].getsockname()[1])

    def count(self) -> int:
        """How many devices are connected."""
        return len(self.devices)

    def stats(self) -> dict[str, int]:
        """No counters here."""
        return {}

    async def call(self, number: int) -> None:
        """Ask a device, and wait for its answer."""
        await self.devices[device_name(number)].ask()


class RawSocket(asyncio.Protocol):
    """One device or viewer."""

    def __init__(self, relay: RawRelay) -> None:
        self._relay = relay
        self._buffer = bytearray()
        self._name = ""
        self._is_device = False
        self._transport: asyncio.Transport | None = None
        self._asked: deque[asyncio.Future[None]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client."""
        self._transport = transport  # type: ignore[assignment]  # uvloop's are no subclasses

    def data_received(self, data: bytes) -> None:
        """Find the viewer, write."""
        self._buffer += data
        if not self._name:
            self._greet()
        if not self._is_device:
            return
        viewer = self._relay.viewers.get(self._name)
        for payload in _DIALECT.payloads(self._buffer):
            if payload == b"ok":
                self._asked.popleft().set_result(None)
            elif viewer is not None:
                viewer.write(_DIALECT.output("", 0, payload))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is written to it any more."""
        self._transport = None

    def pause_writing(self) -> None:
        """A viewer is slow: its device is not read, or memory would fill up."""
        device = self._relay.devices.get(self._name)
        if device is not None and device._transport is not None:
            device._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        device = self._relay.devices.get(self._name)
        if device is not None and device._transport is not None and not device._transport.is_closing():
            device._transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None:
            self._transport.write(data)

    def ask(self) -> asyncio.Future[None]:
        """A question that a device answers with ``ok``."""
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self.write(b"ask\r\n")
        return asked

    def _greet(self) -> None:
        end = self._buffer.find(b"\n")
        if end < 0:
            return
        kind, _, self._name = bytes(self._buffer[:end]).decode().partition(" ")
        del self._buffer[: end + 1]
        self._is_device = kind == "D"
        (self._relay.devices if self._is_device else self._relay.viewers)[self._name] = self
        self.write(b"hi\r\n" if self._is_device else b"\0\0\0\0")
