"""Who came in through the hub lately, for the device's owner to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from weakref import WeakSet

from protocol.streams.assertion import Assertion

RECENT: Final = timedelta(minutes=5)
"""How long somebody counts as in after the last sign of them."""
MAX_VISITORS: Final = 500


class Connection(Protocol):
    """A connection that may still be open."""

    def is_closing(self) -> bool:
        """Whether it is over."""
        ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """One login of the hub. Times are aware UTC."""

    login_id: str
    name: str
    role: str
    since: datetime
    last_seen: datetime
    open_sockets: int
    """Requests under way right now; terminals and event streams stay under way."""


@dataclass(slots=True)
class _Entry:
    name: str
    role: str
    since: datetime
    last_seen: datetime
    connections: WeakSet[Connection] = field(default_factory=WeakSet)

    def open(self) -> int:
        return sum(not connection.is_closing() for connection in self.connections)


class Visitors:
    """Remembers logins of the hub for some minutes, and what they have open."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._entries: dict[str, _Entry] = {}

    def seen(self, said: Assertion, connection: Connection | None) -> None:
        """Somebody sent a request over ``connection``."""
        now = self._now()
        entry = self._entries.pop(said.jti, None)
        if entry is None:
            self._drop_old(now)
            entry = _Entry(said.name, said.role, now, now)
        entry.name, entry.role, entry.last_seen = said.name, said.role, now
        if connection is not None:
            entry.connections.add(connection)
        self._entries[said.jti] = entry  # at the end: the dict is in the order of the last sign

    def list(self) -> list[Visitor]:
        """Who is in, the latest first."""
        self._drop_old(self._now())
        return [
            Visitor(login_id, entry.name, entry.role, entry.since, entry.last_seen, entry.open())
            for login_id, entry in reversed(self._entries.items())
        ]

    def _drop_old(self, now: datetime) -> None:
        old = [key for key, entry in self._entries.items() if now - entry.last_seen > RECENT and not entry.open()]
        for key in old:
            del self._entries[key]
        while len(self._entries) >= MAX_VISITORS:
            del self._entries[next(iter(self._entries))]
