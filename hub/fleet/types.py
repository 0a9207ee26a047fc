"""What a hub knows of a device. Sizes in bytes, shares in percent, times aware UTC; None where nobody said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from protocol.events import ActiveSession, GatewayHealth

RUNNING: Final = "running"
"""The status of a session whose device does not say what it is doing."""
OVER: Final = frozenset({"ended", "failed"})


@dataclass(frozen=True, slots=True)
class HealthView:
    """One measurement of a device, or the average of several."""

    at: datetime
    cpu_percent: float
    ram_used_bytes: int
    ram_total_bytes: int
    disk_used_bytes: int
    disk_total_bytes: int
    uptime_seconds: int
    temperature_celsius: float | None
    throttled: bool | None
    agents_away: bool | None = None
    """Said by the last message alone: it is not stored."""

    @classmethod
    def of(cls, health: GatewayHealth, at: datetime) -> HealthView:
        """What a health message says. ``at`` is the hub's time: a device's clock may be off."""
        return cls(
            at=at,
            cpu_percent=health.cpu_percent,
            ram_used_bytes=health.ram_used_bytes,
            ram_total_bytes=health.ram_total_bytes,
            disk_used_bytes=health.disk_used_bytes,
            disk_total_bytes=health.disk_total_bytes,
            uptime_seconds=health.uptime_seconds,
            temperature_celsius=health.temperature_celsius,
            throttled=health.throttled,
            agents_away=health.agents_away,
        )

    @property
    def ram_percent(self) -> float:
        """How full the memory is."""
        return share(self.ram_used_bytes, self.ram_total_bytes)

    @property
    def disk_percent(self) -> float:
        """How full the disk is."""
        return share(self.disk_used_bytes, self.disk_total_bytes)


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session of a device. ``since`` is when the hub first saw it with this status."""

    session_id: str
    name: str
    agent: str | None
    status: str
    title: str
    workdir: str | None
    last_activity_at: datetime
    since: datetime

    @classmethod
    def of(cls, session: ActiveSession, before: SessionView | None, at: datetime) -> SessionView:
        """What a device says of a session; what it leaves out stays as it was."""
        status = session.status or (before.status if before else RUNNING)
        return cls(
            session_id=session.session_id,
            name=session.name or (before.name if before else session.session_id),
            agent=session.agent if session.agent is not None else (before.agent if before else None),
            status=status,
            title=session.title if session.title is not None else (before.title if before else ""),
            workdir=session.workdir if session.workdir is not None else (before.workdir if before else None),
            last_activity_at=session.last_activity_at,
            since=before.since if before is not None and before.status == status else at,
        )

    def differs(self, before: SessionView | None) -> bool:
        """Whether a person would see a difference; activity alone is none."""
        if before is None:
            return True
        return (self.name, self.agent, self.status, self.title) != (
            before.name,
            before.agent,
            before.status,
            before.title,
        )


@dataclass(frozen=True, slots=True)
class RollbackView:
    """An update that a device took back by itself."""

    version: str
    reason: str
    at: datetime


def share(used: int, total: int) -> float:
    """``used`` of ``total`` in percent, 0 to 100; 0 where there is nothing to share."""
    return min(100.0, max(0.0, 100.0 * used / total)) if total > 0 else 0.0
