"""The routing core without sockets, and with a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hub.ports import DeviceRow, WatchItem
from hub.routing.connection import Connection
from hub.routing.connections import Connections
from hub.routing.limits import RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.socket import LinkSocket
from hub.routing.terminals.viewer import Viewer
from hub.routing.wheel import Wheel
from protocol.codec import FromHub, encode, parse_from_hub
from protocol.commands import SessionSnapshotRequest
from protocol.events import Ack, ActiveSession, AnyEvent, GatewayHello, SessionSnapshot
from protocol.frames import BinaryFrame, FrameKind
from protocol.problems import Problem
from tests.load.dialects import client_frame, server_frames
from tests.unit.protocol.link.driver import HEALTH, HELLO

T = TypeVar("T")
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TEXT, BINARY, CLOSE, PING, PONG = 0x81, 0x82, 0x88, 0x89, 0x8A


class FakeAlarm:
    """One call of the fake clock."""

    def __init__(self, when: float, call: Callable[[], None]) -> None:
        self.when = when
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeTime:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.alarms: list[FakeAlarm] = []

    def now(self) -> float:
        return self.time

    def call_at(self, when: float, call: Callable[[], None]) -> FakeAlarm:
        alarm = FakeAlarm(when, call)
        self.alarms.append(alarm)
        return alarm

    def utcnow(self) -> datetime:
        return START + timedelta(seconds=self.time - 1000.0)

    def pass_by(self, seconds: float) -> None:
        """Let time pass, with every alarm at its time."""
        end = self.time + seconds
        while True:
            due = [alarm for alarm in self.alarms if not alarm.cancelled and alarm.when <= end]
            if not due:
                break
            alarm = min(due, key=lambda one: one.when)
            self.alarms.remove(alarm)
            self.time = max(self.time, alarm.when)
            alarm.call()
        self.time = end


class FakeTransport(asyncio.Transport):
    """Keeps what is written; takes nothing off it until told to."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.unsent = 0
        self.reading = True
        self.closed = False
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return self.unsent


class Heard:
    """What the rest of the hub was told."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.events: list[AnyEvent] = []
        self.reasons: list[tuple[str, datetime]] = []
        self.problems: list[Problem] = []

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        self.log.append(("connected", device.id))

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        self.log.append(("disconnected", device_id))
        self.reasons.append((reason, at))

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        self.log.append((event.type, device_id))
        self.events.append(event)

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        self.log.append(("runaway", session_id))
        self.problems.append(problem)


class Peer:
    """A device at the other end of a fake transport. ``screen``: what it answers to session.snapshot by itself."""

    def __init__(self, rig: Rig, device_id: str) -> None:
        self.transport = FakeTransport()
        self.socket = LinkSocket(self.transport, rig.connections.limits, rig.connections.stats, rig.wheel)
        self.device_id = device_id
        self.row = DeviceRow(device_id, 1, 1, f"name of {device_id}")
        self.connection: Connection = rig.connections.attach(self.row, self.socket, "192.0.2.1")
        self.seq = 0

    def says(self, *events: AnyEvent) -> None:
        for event in events:
            self.socket.data_received(client_frame(TEXT, encode(event).encode()))

    def ping(self) -> None:
        self.socket.data_received(client_frame(PING, b"1"))

    def hello(self) -> Peer:
        self.says(HELLO.model_copy(update={"gateway_id": self.device_id}))
        return self

    def health(self, *sessions: str) -> None:
        active = tuple(ActiveSession(session_id=name, last_activity_at=START) for name in sessions)
        self.says(HEALTH.model_copy(update={"gateway_id": self.device_id, "active_sessions": active}))

    def output(self, payload: bytes, seq: int | None = None, session_id: str = "s1") -> None:
        self.seq = (self.seq if seq is None else seq) + 1
        frame = BinaryFrame(FrameKind.OUTPUT, session_id, self.seq - 1, payload)
        self.socket.data_received(client_frame(BINARY, frame.encode()))

    def frames(self) -> list[tuple[int, bytes]]:
        """What the hub sent since the last look."""
        return list(server_frames(self.transport.written))

    def heard(self) -> list[FromHub]:
        """The messages the hub sent since the last look."""
        return [parse_from_hub(data) for first, data in self.frames() if first == TEXT]

    def closed_with(self) -> tuple[int, str]:
        """Code and reason of the close frame that the hub sent last."""
        payload = [data for first, data in self.frames() if first == CLOSE][-1]
        return int.from_bytes(payload[:2], "big"), payload[2:].decode()

    def lose(self) -> None:
        self.transport.closed = True
        self.socket.connection_lost(None)

    def show(self, seq: int | None, content: str = "$ ", session_id: str = "s1") -> int:
        """Answer every request for a screen that came; how many there were."""
        requests = [message for message in self.heard() if isinstance(message, SessionSnapshotRequest)]
        for request in requests:
            name = request.request_id
            self.says(SessionSnapshot(request_id=name, session_id=session_id, content=content, seq=seq))
            self.says(Ack(request_id=name, ok=True))
        return len(requests)


class Rig:
    """One node."""

    def __init__(self, limits: RoutingLimits | None = None) -> None:
        self.time = FakeTime()
        self.wheel = Wheel(self.time.now, self.time.call_at)
        self.heard = Heard()
        self.connections = Connections(self.heard, self.wheel, limits, self.time.utcnow)
        self.ports = LocalPorts(self.connections)

    def peer(self, device_id: str = "gw") -> Peer:
        return Peer(self, device_id)

    def online(self, device_id: str = "gw") -> bool:
        return self.ports.online(device_id)


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


def items(viewer: Viewer) -> list[WatchItem]:
    """Everything that a viewer can take without waiting."""
    taken: list[WatchItem] = []
    while (item := viewer.take()) is not None:
        taken.append(item)
    return taken


def of(kind: type[T], found: list[WatchItem]) -> list[T]:
    """The items of one kind."""
    return [item for item in found if isinstance(item, kind)]
