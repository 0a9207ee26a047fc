"""From what the device knows to what the wire says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.host import types as host
from gateway.sessions.types import SessionInfo, SessionStatus, Snapshot
from gateway.updates import types as updates
from protocol.events import (
    ActiveSession,
    GatewayHealth,
    GatewayHello,
    Permission,
    Rollback,
    SessionSnapshot,
    SystemInfo,
)
from protocol.limits import MAX_ITEMS

FEATURES = ("policy/1",)
"""What every device of ours speaks beside the first wire."""
STREAMS = "streams/1"
"""Said where the hub may open streams."""
_TRYING = "+trying"
_ON_TRIAL = frozenset({updates.UpdatePhase.TRYING, updates.UpdatePhase.RESTARTING})
"""A daemon that was started by a restart may not know yet that it is being tried."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_OVER = frozenset({SessionStatus.ENDED, SessionStatus.FAILED})


def line(text: str, limit: int) -> str:
    """A text of any origin as one line of at most ``limit`` characters."""
    return _CONTROLS.sub(" ", text)[:limit]


def alive(session: SessionInfo) -> bool:
    """Whether there is still a terminal to look at."""
    return session.status not in _OVER


def _text(text: str, limit: int) -> str:
    """As JSON can carry it: names of files may be no UTF-8."""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


def hello(
    gateway_id: str,
    version: str,
    info: host.SystemInfo,
    allows: tuple[Permission, ...],
    rollback: updates.Rollback | None,
    *,
    streams: bool = False,
) -> GatewayHello:
    """The first message of a connection."""
    return GatewayHello(
        gateway_id=gateway_id,
        version=line(version, 128),
        hostname=hostname(info, gateway_id),
        system_info=SystemInfo(
            os=line(info.os, 256),
            arch=line(info.arch, 256),
            cpus=max(1, info.cpus),
            ram_total_bytes=info.ram_total_bytes,
            disk_total_bytes=info.disk_total_bytes,
        ),
        features=(*FEATURES, STREAMS) if streams else FEATURES,
        model=None if info.model is None else line(info.model, 256),
        allows=allows,
        rollback=None if rollback is None else _rollback(rollback),
    )


def told_version(version: str, update: updates.UpdateState) -> str:
    """The version as the hub is told it: with a mark (semver.org, 10) while it is tried and may still go.

    A rollout counts a device as done when its hello says the wanted version, letter by letter.
    """
    return f"{version}{_TRYING}" if update.phase in _ON_TRIAL else version


def hostname(info: host.SystemInfo, otherwise: str) -> str:
    """The machine's name as the wire takes it."""
    return line(info.hostname, 128) or otherwise


def _rollback(rollback: updates.Rollback) -> Rollback:
    return Rollback(version=line(rollback.version, 128) or "?", reason=rollback.reason, at=rollback.at)


def active(session: SessionInfo, *, title: bool) -> ActiveSession:
    """A live session; its ``title`` is what its program writes there, so it is for hubs that may see terminals."""
    return ActiveSession(
        session_id=session.id,
        last_activity_at=session.last_activity_at,
        name=line(session.name, 128) or None,
        agent=None if session.agent is None else line(session.agent, 128) or None,
        status=session.status.value,
        title=(_text(session.title, 256) or None) if title else None,
        workdir=_text(str(session.workdir), 4096) or None,
    )


def health(
    gateway_id: str,
    measured: host.Health,
    sessions: Iterable[SessionInfo],
    *,
    titles: bool,
    agents_away: bool = False,
) -> GatewayHealth:
    """How the device is, and which sessions live on it."""
    live = [active(session, title=titles) for session in sessions if alive(session)]
    return GatewayHealth(
        gateway_id=gateway_id,
        timestamp=measured.at,
        cpu_percent=min(100.0, max(0.0, measured.cpu_percent)),
        ram_used_bytes=measured.ram_used_bytes,
        ram_total_bytes=measured.ram_total_bytes,
        disk_used_bytes=measured.disk_used_bytes,
        disk_total_bytes=measured.disk_total_bytes,
        uptime_seconds=measured.uptime_seconds,
        active_sessions=tuple(live[:MAX_ITEMS]),
        temperature_celsius=measured.temperature_celsius,
        throttled=measured.throttled,
        agents_away=agents_away or None,
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
