"""Devices, sessions and health for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from hub.fleet.alerts.types import Facts
from hub.fleet.types import HealthView, SessionView
from hub.ports import DeviceRow
from protocol.events import ActiveSession, GatewayHealth, GatewayHello, SystemInfo

Value: TypeAlias = Any
"""Whatever a field takes."""
NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
GIB = 2**30
ROW = DeviceRow(id="hutch-attic", organisation_id=1, group_id=1, name="attic")


def later(seconds: float) -> datetime:
    """``seconds`` after :data:`NOW`."""
    return NOW + timedelta(seconds=seconds)


def health_view(at: datetime = NOW, **changes: Value) -> HealthView:
    """A device that is well."""
    values: dict[str, Any] = {
        "at": at,
        "cpu_percent": 10.0,
        "ram_used_bytes": GIB,
        "ram_total_bytes": 4 * GIB,
        "disk_used_bytes": 10 * GIB,
        "disk_total_bytes": 100 * GIB,
        "uptime_seconds": 60,
        "temperature_celsius": 50.0,
        "throttled": False,
    }
    return HealthView(**(values | changes))


def session_view(session_id: str = "s1", status: str = "idle", since: datetime = NOW) -> SessionView:
    """A session of a device."""
    return SessionView(session_id, f"name of {session_id}", "codex", status, "", "/w", since, since)


def facts(now: datetime = NOW, **changes: Value) -> Facts:
    """A device that is there and well."""
    values: dict[str, Any] = {"now": now, "online": True, "since": NOW, "health": health_view(now)}
    return Facts(**(values | changes))


def hello(device_id: str = ROW.id, **changes: Value) -> GatewayHello:
    """The first message of a device."""
    values: dict[str, Any] = {
        "gateway_id": device_id,
        "version": "0.2.0",
        "hostname": "attic.local",
        "system_info": SystemInfo(os="Debian 13", arch="aarch64", cpus=4, ram_total_bytes=GIB, disk_total_bytes=GIB),
    }
    return GatewayHello(**(values | changes))


def health(*sessions: ActiveSession, device_id: str = ROW.id, **changes: Value) -> GatewayHealth:
    """The second message of a device, and every one thirty seconds after it."""
    values: dict[str, Any] = {
        "gateway_id": device_id,
        "timestamp": NOW,
        "cpu_percent": 10.0,
        "ram_used_bytes": GIB,
        "ram_total_bytes": 4 * GIB,
        "disk_used_bytes": 10 * GIB,
        "disk_total_bytes": 100 * GIB,
        "uptime_seconds": 60,
        "active_sessions": sessions,
    }
    return GatewayHealth(**(values | changes))


def active(session_id: str = "s1", **changes: Value) -> ActiveSession:
    """A session as a device tells of it."""
    values: dict[str, Any] = {"session_id": session_id, "last_activity_at": NOW}
    return ActiveSession(**(values | changes))
