"""All devices of this node: one connection each, the newest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from hub.ports import DeviceRow, LinkEvents
from hub.routing.berth import Berth
from hub.routing.connection import Connection
from hub.routing.limits import RoutingLimits
from hub.routing.socket import LinkSocket
from hub.routing.stats import RoutingStats
from hub.routing.wheel import Wheel
from protocol.events import GatewayHello
from protocol.notices import AnyNotice

GOING_AWAY: Final = 1001


def _utcnow() -> datetime:
    return datetime.now(UTC)


class Connections:
    """The registry. ``utcnow`` gives aware UTC times; all other times are those of the wheel."""

    def __init__(
        self,
        events: LinkEvents,
        wheel: Wheel,
        limits: RoutingLimits | None = None,
        utcnow: Callable[[], datetime] = _utcnow,
    ) -> None:
        self.events = events
        self.wheel = wheel
        self.limits = limits or RoutingLimits()
        self.stats = RoutingStats()
        self.utcnow = utcnow
        self._berths: dict[str, Berth] = {}
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether nobody is let in any more."""
        return self._stopping

    def __len__(self) -> int:
        return len(self._berths)

    def make_socket(self, transport: asyncio.Transport) -> LinkSocket:
        """The socket for a transport that was upgraded."""
        return LinkSocket(transport, self.limits, self.stats, self.wheel)

    def attach(self, device: DeviceRow, socket: LinkSocket, source: str) -> Connection:
        """It is known whose socket this is; its hello is expected now."""
        connection = Connection(self, device, socket, source)
        socket.receiver = connection
        return connection

    def greeted(self, connection: Connection, hello: GatewayHello) -> Berth:
        """A connection's hello is here: it is the device's connection from now on."""
        device_id = connection.device.id
        berth = self._berths.get(device_id)
        if berth is None:
            berth = self._berths[device_id] = Berth(connection.device, self)
        berth.greeted(connection, hello)
        return berth

    def live(self, device_id: str) -> Connection | None:
        """The device's connection, or None while it has none."""
        berth = self._berths.get(device_id)
        return berth.connection if berth is not None else None

    def berth(self, device_id: str) -> Berth | None:
        """The device's berth, or None when it is offline."""
        return self._berths.get(device_id)

    def online(self, device_id: str) -> bool:
        """Whether the device is connected here, or within its grace."""
        berth = self._berths.get(device_id)
        return berth is not None and (berth.connection is not None or berth.away)

    def say(self, device_id: str, notice: AnyNotice) -> None:
        """Tell a device something; nothing happens when it is not connected here."""
        connection = self.live(device_id)
        if connection is not None:
            connection.say(notice)

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        """End the device's connection for good: no grace. False when it had none here."""
        berth = self._berths.get(device_id)
        if berth is None or not self.online(device_id):
            return False
        if berth.connection is not None:
            berth.connection.close(code, reason)
        berth.give_up()
        return True

    def forget(self, berth: Berth) -> None:
        """The device is offline."""
        if self._berths.get(berth.device.id) is berth:
            del self._berths[berth.device.id]

    async def stop(self, within: float = 5.0) -> None:
        """Say good-bye to every device, and cut those that do not answer within so many seconds."""
        self._stopping = True
        connections = [berth.connection for berth in self._berths.values() if berth.connection is not None]
        gone = [connection.socket.gone() for connection in connections]
        for connection in connections:
            connection.close(GOING_AWAY, "the hub stops")
        if gone:
            await asyncio.wait(gone, timeout=within)
        for connection in connections:
            connection.socket.abort("the hub stops")
        self.wheel.stop()
