"""What link tests share: made-up devices and time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from protocol.codec import parse_command
from protocol.events import GatewayHealth, GatewayHello, SessionSnapshot, SystemInfo
from protocol.link import Deliver, DeviceAction, DeviceLink, DeviceState, HubAction, SendText
from tests.unit.protocol import examples

T = TypeVar("T")
HELLO = GatewayHello(
    gateway_id="gw",
    version="0.1.0",
    hostname="hutch",
    system_info=SystemInfo(os="Linux", arch="aarch64", cpus=4, ram_total_bytes=1, disk_total_bytes=1),
)
HEALTH = GatewayHealth(
    gateway_id="gw",
    timestamp=datetime(2026, 11, 21, tzinfo=UTC),
    cpu_percent=1,
    ram_used_bytes=1,
    ram_total_bytes=1,
    disk_used_bytes=1,
    disk_total_bytes=1,
    uptime_seconds=1,
    active_sessions=(),
)


def snapshot(session_id: str, seq: int | None = 0) -> SessionSnapshot:
    return SessionSnapshot(session_id=session_id, content="$ ", seq=seq)


def new_device() -> DeviceLink:
    return DeviceLink(HELLO, random=lambda: 0.0)


def live_device(now: float = 0.0, sessions: Sequence[str] = ()) -> DeviceLink:
    """A device whose greeting is complete."""
    link = new_device()
    link.start(now)
    link.connected(now)
    link.greet(HEALTH, [snapshot(name) for name in sessions], now)
    return link


def state_of(link: DeviceLink) -> DeviceState:
    """The state as it is now; a type checker would take the property for unchanging."""
    return link.state


def sent(actions: Sequence[DeviceAction | HubAction]) -> list[examples.Json]:
    """The messages that the actions send."""
    return [json.loads(action.text) for action in actions if isinstance(action, SendText)]


def kinds(wires: Sequence[examples.Json]) -> list[object]:
    """Their types."""
    return [wire["type"] for wire in wires]


def only(kind: type[T], actions: Sequence[object]) -> T:
    """The one action there is, of this type."""
    (action,) = actions
    assert isinstance(action, kind)
    return action


def deliver(link: DeviceLink, kind: str, request_id: str = "r1", now: float = 0.0) -> Deliver:
    """Let a command arrive."""
    wire = json.dumps(examples.command(kind, request_id))
    delivered = only(Deliver, link.received_text(wire, now))
    assert delivered.command == parse_command(wire)
    return delivered
