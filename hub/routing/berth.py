"""Where a device's connection docks: what stays while the device is away for a moment."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from hub.ports import DeviceRow
from hub.routing.roll_call import RollCall
from hub.routing.wheel import Due
from protocol.close_codes import CloseCode
from protocol.events import (
    AnyEvent,
    GatewayHealth,
    GatewayHello,
    SessionEnded,
    SessionError,
    SessionSnapshot,
    SessionStarted,
)
from protocol.frames import FrameKind, frame_head
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from hub.routing.connection import Connection
    from hub.routing.connections import Connections
    from hub.routing.terminals.room import Room


def head_of(session_id: str) -> bytes:
    """What every output frame of a session begins with."""
    return frame_head(FrameKind.OUTPUT, session_id)


class Berth(Due):
    """One device on this node, connected or within its grace."""

    __slots__ = ("_grace_until", "_left_at", "_reason", "_registry", "_roll", "connection", "device", "rooms")

    def __init__(self, device: DeviceRow, registry: Connections) -> None:
        super().__init__()
        self.device = device
        self.connection: Connection | None = None
        self.rooms: dict[bytes, Room] = {}
        """The sessions that somebody watches, by the head of their frames."""
        self._registry = registry
        self._roll = RollCall()
        self._grace_until: float | None = None
        self._left_at: datetime | None = None
        self._reason = ""

    @property
    def away(self) -> bool:
        """Whether the device was here and may be back within its grace."""
        return self._grace_until is not None

    def greeted(self, connection: Connection, hello: GatewayHello) -> None:
        """A connection's hello is here: it is the device's connection from now on."""
        registry, before = self._registry, self.connection
        self.connection, self.device = connection, connection.device
        connection.berth, connection.rooms = self, self.rooms
        self._grace_until = None
        if before is not None:
            registry.stats.replaced += 1
            before.close(CloseCode.REPLACED, "the device has a newer connection")
        else:
            registry.stats.connections += 1
        registry.stats.connects += 1
        self._roll.connected(registry.wheel.now())
        registry.events.connected(self.device, hello, registry.utcnow())
        for room in [*self.rooms.values()]:
            room.connected(connection)

    def left(self, connection: Connection, code: int, reason: str) -> None:
        """A connection is gone; the device may be back in a moment."""
        if self.connection is not connection:
            return  # it was replaced
        self.connection = None
        self._registry.stats.connections -= 1
        self._left_at, self._reason = self._registry.utcnow(), f"{reason} ({code})"
        self._grace_until = self._registry.wheel.now() + self._registry.limits.grace
        self._registry.wheel.schedule(self, self._grace_until)
        for room in [*self.rooms.values()]:
            room.disconnected()

    def due(self, now: float) -> None:
        """The grace may be over."""
        if self._grace_until is None:
            return
        if now < self._grace_until:
            self._registry.wheel.schedule(self, self._grace_until)
        else:
            self.give_up()

    def give_up(self) -> None:
        """The device is offline."""
        self._grace_until = None
        self._registry.forget(self)
        at = self._left_at or self._registry.utcnow()
        self._registry.events.disconnected(self.device.id, self._reason, at)
        for room in [*self.rooms.values()]:
            room.offline(OFFLINE)

    def heard(self, connection: Connection, event: AnyEvent) -> None:
        """The device said something that answers no request."""
        if connection is not self.connection:
            return
        now = connection.socket.heard_at
        match event:
            case SessionSnapshot():
                self._snapshot(event)
                return  # a screen is for those who watch it
            case GatewayHealth(active_sessions=sessions):
                self._call_roll([session.session_id for session in sessions], now)
            case SessionStarted(session_id=session_id):
                self._roll.here(session_id, now)
            case SessionEnded():
                self._roll.gone(event.session_id)
                self._end(event)
            case SessionError(session_id=session_id, error=error):
                room = self.rooms.get(head_of(session_id))
                if room is not None:
                    room.tell(Problem(ProblemCode.SESSION_FAILED, error))
            case _:
                pass
        self._registry.events.heard(self.device.id, event, self._registry.utcnow())

    def _snapshot(self, screen: SessionSnapshot) -> None:
        room = self.rooms.get(head_of(screen.session_id))
        # With a request_id it is the late answer to a request that was given up: nobody knows where it belongs.
        if room is not None and screen.request_id is None:
            room.show_all(screen)

    def _call_roll(self, named: list[str], now: float) -> None:
        for session_id in self._roll.health(named, now):
            ended = SessionEnded(session_id=session_id)
            self._end(ended)
            self._registry.events.heard(self.device.id, ended, self._registry.utcnow())

    def _end(self, ended: SessionEnded) -> None:
        room = self.rooms.get(head_of(ended.session_id))
        if room is not None:
            room.ended(ended.exit_code)


OFFLINE: Final = Problem(
    ProblemCode.DEVICE_OFFLINE, "The device is not connected any more. Open the terminal again when it is back."
)
"""The last thing a viewer reads of a device that went offline."""
