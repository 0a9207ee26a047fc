"""One connected device in memory, and what its messages change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.fleet.alerts.types import Facts
from hub.fleet.averages import Averager, Sample
from hub.fleet.types import OVER, HealthView, RollbackView, SessionView
from hub.ports import DeviceRow
from protocol.events import ActiveSession, GatewayHealth, GatewayHello, SystemInfo


@dataclass(frozen=True, slots=True)
class Measured:
    """What a health message brought: a sample that is complete, sessions that are others, and sessions that are gone.

    The sessions of the first message after a connection are no news.
    """

    sample: Sample | None
    changed: list[SessionView]
    gone: list[SessionView]


class LiveDevice:
    """What is known of a device whose socket this node holds. Bounded by what one message may carry."""

    __slots__ = (
        "allows",
        "averager",
        "duplicated_at",
        "features",
        "health",
        "hostname",
        "last_seen_at",
        "model",
        "online",
        "rollback",
        "row",
        "runaway",
        "sessions",
        "sessions_changed",
        "since",
        "system",
        "throttled_since",
        "version",
        "written_at",
    )

    def __init__(self, row: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        self.row = row
        self.online = True
        self.since = at
        self.sessions: dict[str, SessionView] = {}
        self.sessions_changed = True
        """Whether the stored sessions are other ones than these."""
        self.health: HealthView | None = None
        self.averager = Averager()
        self.throttled_since: datetime | None = None
        self.duplicated_at: datetime | None = None
        self.runaway: set[str] = set()
        self.written_at: datetime | None = None
        self.greet(row, hello, at)

    def greet(self, row: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """The device said hello: what it says of itself."""
        self.row = row
        self.last_seen_at = at
        self.version = hello.version
        self.hostname = hello.hostname
        self.model = hello.model
        self.system: SystemInfo = hello.system_info
        self.features = hello.features or ()
        self.allows: tuple[str, ...] | None = hello.allows
        back = hello.rollback
        self.rollback = RollbackView(back.version, back.reason, back.at) if back is not None else None
        self.runaway.clear()

    def measure(self, health: GatewayHealth, at: datetime) -> Measured:
        """Take a health message."""
        first = self.health is None
        self.last_seen_at = at
        self.health = HealthView.of(health, at)
        if not self.health.throttled:
            self.throttled_since = None
        elif self.throttled_since is None:
            self.throttled_since = at
        named = {session.session_id for session in health.active_sessions}
        gone = [self.sessions.pop(one) for one in self.sessions.keys() - named]
        self.runaway &= named
        self.sessions_changed = self.sessions_changed or bool(gone)
        changed = [view for session in health.active_sessions if (view := self.take(session, at)) is not None]
        return Measured(self.averager.add(self.row.id, self.health), [] if first else changed, gone)

    def take(self, session: ActiveSession, at: datetime) -> SessionView | None:
        """What a device says of one session; the session where a person would see a difference."""
        before = self.sessions.get(session.session_id)
        view = SessionView.of(session, before, at)
        if view.status in OVER:
            return self.drop(view.session_id)
        self.sessions[view.session_id] = view
        self.sessions_changed = self.sessions_changed or view != before
        return view if view.differs(before) else None

    def drop(self, session_id: str) -> SessionView | None:
        """A session is over; what was known of it."""
        self.runaway.discard(session_id)
        gone = self.sessions.pop(session_id, None)
        self.sessions_changed = self.sessions_changed or gone is not None
        return gone

    def facts(self, now: datetime) -> Facts:
        """What the rules of alerts look at."""
        return Facts(
            now=now,
            online=self.online,
            since=self.since,
            health=self.health,
            sessions=tuple(self.sessions.values()),
            throttled_since=self.throttled_since,
            duplicated_at=self.duplicated_at,
            runaway=tuple(sorted(self.runaway)),
        )
