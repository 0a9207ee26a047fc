"""What the link endpoint tells, handed on to every part of the hub that wants to know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hub.ports import DeviceRow
from protocol.events import AnyEvent, GatewayHello
from protocol.problems import Problem

Connected = Callable[[DeviceRow, GatewayHello, datetime], None]
Disconnected = Callable[[str, str, datetime], None]
Heard = Callable[[str, AnyEvent, datetime], None]
Runaway = Callable[[str, str, Problem, datetime], None]


class Fanout:
    """Implements :class:`hub.ports.LinkEvents`; listeners are added at the start, and told in that order."""

    def __init__(self) -> None:
        self.on_connected: list[Connected] = []
        self.on_disconnected: list[Disconnected] = []
        self.on_heard: list[Heard] = []
        self.on_runaway: list[Runaway] = []
        self.on_recheck: list[Callable[[str], None]] = []

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """A device said hello."""
        for tell in self.on_connected:
            tell(device, hello, at)

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        """A device is offline."""
        for tell in self.on_disconnected:
            tell(device_id, reason, at)

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        """A device said something that answers no request."""
        for tell in self.on_heard:
            tell(device_id, event, at)

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        """The output of a session was cut off."""
        for tell in self.on_runaway:
            tell(device_id, session_id, problem, at)

    def recheck(self, device_id: str) -> None:
        """News that a device of this node may no longer be connected could have been missed."""
        for look in self.on_recheck:
            look(device_id)
