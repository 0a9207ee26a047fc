"""From what the device knows to what the wire says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.host import types as host
from gateway.sessions.types import SessionInfo, SessionStatus, Snapshot
from protocol.events import ActiveSession, GatewayHealth, GatewayHello, SessionSnapshot, SystemInfo
from protocol.limits import MAX_ITEMS

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_OVER = frozenset({SessionStatus.ENDED, SessionStatus.FAILED})


def line(text: str, limit: int) -> str:
    """A text of any origin as one line of at most ``limit`` characters."""
    return _CONTROLS.sub(" ", text)[:limit]


def alive(session: SessionInfo) -> bool:
    """Whether there is still a terminal to look at."""
    return session.status not in _OVER


def hello(gateway_id: str, version: str, info: host.SystemInfo) -> GatewayHello:
    """The first message of a connection."""
    return GatewayHello(
        gateway_id=gateway_id,
        version=line(version, 128),
        hostname=line(info.hostname, 128) or gateway_id,
        system_info=SystemInfo(
            os=line(info.os, 256),
            arch=line(info.arch, 256),
            cpus=max(1, info.cpus),
            ram_total_bytes=info.ram_total_bytes,
            disk_total_bytes=info.disk_total_bytes,
        ),
    )


def health(gateway_id: str, measured: host.Health, sessions: Iterable[SessionInfo]) -> GatewayHealth:
    """How the device is, and which sessions live on it."""
    active = [ActiveSession(session_id=s.id, last_activity_at=s.last_activity_at) for s in sessions if alive(s)]
    return GatewayHealth(
        gateway_id=gateway_id,
        timestamp=measured.at,
        cpu_percent=min(100.0, max(0.0, measured.cpu_percent)),
        ram_used_bytes=measured.ram_used_bytes,
        ram_total_bytes=measured.ram_total_bytes,
        disk_used_bytes=measured.disk_used_bytes,
        disk_total_bytes=measured.disk_total_bytes,
        uptime_seconds=measured.uptime_seconds,
        active_sessions=tuple(active[:MAX_ITEMS]),
    )


def snapshot(screen: Snapshot, request_id: str | None = None) -> SessionSnapshot:
    """A screen, asked for (with ``request_id``) or not."""
    return SessionSnapshot(
        request_id=request_id,
        session_id=screen.session_id,
        content=screen.content,
        cols=screen.cols,
        rows=screen.rows,
        cursor_x=screen.cursor_x,
        cursor_y=screen.cursor_y,
        cursor_visible=screen.cursor_visible,
        alternate_on=screen.alternate_on,
        seq=screen.seq,
        scrollback=screen.scrollback or None,
        modes=screen.modes or None,
        title=screen.title[:1024] or None,
    )
