"""The hub's end of the tunnel, for the connection of one device."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from protocol.events import GatewayHello
from protocol.frames import BinaryFrame
from protocol.problems import Problem, ProblemCode
from protocol.streams.duplex import Duplex, Streams
from protocol.streams.messages import AnyStreamMessage
from protocol.streams.mux import End, StreamItem

FEATURE: Final = "streams/1"
"""What a device's hello says when it understands streams."""


class Handler(Protocol):
    """What a connection tells of its streams."""

    def deliver(self, item: AnyStreamMessage | BinaryFrame) -> None:
        """A message or frame of a stream arrived."""
        ...

    def writable(self) -> None:
        """The connection is not congested any more."""
        ...

    def lost(self) -> None:
        """The connection is gone, and every stream with it."""
        ...


class Carrier(Protocol):
    """The connection of one device (:class:`hub.routing.connection.Connection`)."""

    streams: Handler | None
    hello: GatewayHello | None

    @property
    def congested(self) -> bool:
        """Whether the device reads more slowly than it is written to."""
        ...

    def send_stream(self, item: AnyStreamMessage | BinaryFrame) -> None:
        """Send a message or frame of a stream."""
        ...


class StreamSwitch:
    """The streams of one connection. What goes out waits here while the device reads slowly."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._uncongested = asyncio.Event()
        self._streams = Streams(End.HUB, self._send)

    def open(self) -> Duplex:
        """A new stream to the device's web. Raises Problem TOO_MANY or DEVICE_OFFLINE."""
        return self._streams.open()

    def deliver(self, item: AnyStreamMessage | BinaryFrame) -> None:
        """The device sent something about a stream."""
        self._streams.received(item)

    def writable(self) -> None:
        """The device reads again."""
        self._uncongested.set()

    def lost(self) -> None:
        """The connection is gone, and with it every stream."""
        self._streams.cut_off()

    async def _send(self, item: StreamItem) -> None:
        while self._carrier.congested:
            self._uncongested.clear()
            await self._uncongested.wait()
        self._carrier.send_stream(item)


class StreamOpener:
    """Opens streams over connections; a connection costs nothing until its first one."""

    async def open(self, connection: Carrier) -> Duplex:
        """A stream to the web of the device behind ``connection``.

        Raises Problem: TOO_MANY, DEVICE_OFFLINE, or UNAVAILABLE for a device that does not know streams.
        """
        features = connection.hello.features if connection.hello is not None else None
        if FEATURE not in (features or ()):
            message = (
                "This device shows no pages through a hub. Update Hutch on it, or use its sessions and files here."
            )
            raise Problem(ProblemCode.UNAVAILABLE, message)
        handler = connection.streams
        if not isinstance(handler, StreamSwitch):
            handler = connection.streams = StreamSwitch(connection)
        return handler.open()
