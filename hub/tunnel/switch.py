"""The hub's end of the tunnel, for the connection of one device."""

from __future__ import annotations

from protocol.problems import Problem, ProblemCode
from protocol.streams.duplex import Duplex, Send, Streams
from protocol.streams.mux import End, StreamItem

FEATURE = "streams/1"
"""What a device's hello says when it understands streams."""


class StreamSwitch:
    """The streams of one connection; costs nothing until the first one.

    ``send`` puts one item on the link once there is room, and raises when the link is gone. The link calls
    :meth:`received` with every message and frame of a stream, and :meth:`lost` at its end.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._streams: Streams | None = None
        self._gone = False

    def open(self) -> Duplex:
        """A new stream to the device's web. Raises Problem TOO_MANY or DEVICE_OFFLINE."""
        if self._gone:
            raise Problem(ProblemCode.DEVICE_OFFLINE, "The device is not connected. Try again when it is back.")
        if self._streams is None:
            self._streams = Streams(End.HUB, self._send)
        return self._streams.open()

    def received(self, item: StreamItem) -> None:
        """The device sent something about a stream. Does not block."""
        if self._streams is not None:
            self._streams.received(item)

    async def lost(self) -> None:
        """The link is gone, and with it every stream."""
        self._gone = True
        if self._streams is not None:
            await self._streams.lost()
