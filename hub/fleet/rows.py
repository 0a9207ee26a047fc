"""From live devices to rows of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from hub.events import DeviceRolledBack
from hub.fleet.live import LiveDevice
from hub.fleet.types import RollbackView, SessionView


def of_live(live: LiveDevice, node: str) -> Mapping[str, object]:
    """The row of device_live."""
    health, back = live.health, live.rollback
    statuses = [view.status for view in live.sessions.values()]
    return {
        "device_id": live.row.id,
        "online": live.online,
        "node": node,
        "since": live.since,
        "last_seen_at": live.last_seen_at,
        "version": live.version,
        "hostname": live.hostname,
        "model": live.model,
        "os": live.system.os,
        "arch": live.system.arch,
        "cpus": live.system.cpus,
        "features": list(live.features),
        "allows": None if live.allows is None else list(live.allows),
        "rollback_version": back.version if back else None,
        "rollback_reason": back.reason if back else None,
        "rollback_at": back.at if back else None,
        "health_at": health.at if health else None,
        "cpu_percent": health.cpu_percent if health else None,
        "ram_used_bytes": health.ram_used_bytes if health else None,
        "ram_total_bytes": health.ram_total_bytes if health else None,
        "disk_used_bytes": health.disk_used_bytes if health else None,
        "disk_total_bytes": health.disk_total_bytes if health else None,
        "uptime_seconds": health.uptime_seconds if health else None,
        "temperature_celsius": health.temperature_celsius if health else None,
        "throttled": health.throttled if health else None,
        "sessions": len(statuses),
        "waiting": statuses.count("waiting"),
        "working": statuses.count("working"),
    }


def of_session(device_id: str, view: SessionView, now: datetime) -> dict[str, object]:
    """A row of device_sessions, seen at ``now``."""
    return {
        "device_id": device_id,
        "session_id": view.session_id,
        "name": view.name,
        "agent": view.agent,
        "status": view.status,
        "title": view.title,
        "workdir": view.workdir,
        "last_activity_at": view.last_activity_at,
        "since": view.since,
        "seen_at": now,
    }


def rolled_back(live: LiveDevice, back: RollbackView, now: datetime) -> DeviceRolledBack:
    """The event of a rollback that was not told yet."""
    row = live.row
    return DeviceRolledBack(
        at=now,
        organisation_id=row.organisation_id,
        group_id=row.group_id,
        device_id=row.id,
        name=row.name,
        version=back.version,
        reason=back.reason[:512],
    )
