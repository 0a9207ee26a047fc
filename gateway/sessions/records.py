"""What is remembered of a session beyond the daemon's life, and the two services sessions need from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.events.types import AnyEvent


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session in the store. Times are aware UTC. Environment values are never part of it: they may be secret."""

    id: str
    name: str
    agent: str | None
    workdir: str
    returns: bool
    created_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    cols: int
    rows: int
    generation: int
    """How often a daemon took the session over; output is numbered from ``generation << 32``."""
    boot_id: str
    """The kernel's boot id when the session's program was started."""


class SessionRecordStore(Protocol):
    """Where records are kept; :class:`gateway.store.sessions.SessionRecords` is the real one."""

    async def save(self, record: SessionRecord) -> None:
        """Insert the record or replace the one with its id."""

    async def all(self) -> list[SessionRecord]:
        """Every record, ended ones too."""

    async def get(self, session_id: str) -> SessionRecord | None:
        """One record, or None."""

    async def delete(self, session_id: str) -> None:
        """Forget a record; nothing happens where there is none."""


class EventSink(Protocol):
    """Where events go; :class:`foundation.bus.EventBus` is the real one."""

    def publish(self, event: AnyEvent) -> None:
        """Tell everybody; never blocks and never raises."""
