"""The link endpoint's news on their way to the rest of this node, past the books of who is where."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from hub.ports import DeviceRow, LinkEvents
from protocol.events import AnyEvent, GatewayHello
from protocol.problems import Problem


class Sockets(Protocol):
    """Keeps the books."""

    def came(self, device_id: str) -> None:
        """The device's socket is here."""
        ...

    def went(self, device_id: str) -> bool:
        """It is here no more; whether the device is gone from the whole hub, and not only moved."""
        ...


class NodeLinkEvents:
    """:class:`hub.ports.LinkEvents`: tells ``downstream`` everything but that a device left which only moved."""

    def __init__(self, downstream: LinkEvents) -> None:
        self._downstream = downstream
        self._sockets: Sockets | None = None

    def join(self, sockets: Sockets) -> None:
        """Keep these books from now on; to be called before the first device is let in."""
        self._sockets = sockets

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """See :class:`hub.ports.LinkEvents`."""
        if self._sockets is not None:
            self._sockets.came(device.id)
        self._downstream.connected(device, hello, at)

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        """See :class:`hub.ports.LinkEvents`."""
        if self._sockets is None or self._sockets.went(device_id):
            self._downstream.disconnected(device_id, reason, at)

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        """See :class:`hub.ports.LinkEvents`."""
        self._downstream.heard(device_id, event, at)

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        """See :class:`hub.ports.LinkEvents`."""
        self._downstream.runaway(device_id, session_id, problem, at)
