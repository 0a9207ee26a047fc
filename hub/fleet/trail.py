"""What happened: events in the store, in batches, bounded in time and number."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from foundation.store.gathering import remove_in_pieces
from hub.events import AnyHubEvent
from hub.store.tables.fleet import device_events
from hub.store.tables.people import groups
from protocol.problems import Problem

_LOG = structlog.get_logger("hub.trail")
MAX_WAITING: Final = 50_000
MAX_ROWS: Final = 2_000_000
MAX_PAGE: Final = 500
_AT_ONCE: Final = 1000
LEFT_OUT: Final = frozenset({"session.changed", "rollout.changed", "command.changed", "group.changed"})
"""What is told as it happens but not kept: agents change their minds every minute."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that happened. Ids grow with time."""

    id: int
    at: datetime
    organisation_id: int
    group_id: int | None
    device_id: str | None
    type: str
    data: dict[str, Any]


class Trail:
    """A listener of the announcer, and the reader of what it wrote."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[dict[str, object]] = deque(maxlen=MAX_WAITING)

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, event: AnyHubEvent) -> None:
        """Take an event that happened on this node. Never blocks."""
        if event.type not in LEFT_OUT:
            self._waiting.append(_row(event))

    async def run(self, every: float = 1.0) -> None:
        """Write what waits, until cancelled."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.flush()
            except Problem as problem:
                _LOG.warning("trail.not_written", waiting=len(self._waiting), problem=str(problem))

    async def flush(self) -> None:
        """Write what waits. Raises :class:`Problem`; nothing is lost then."""
        while self._waiting:
            rows = [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]
            try:
                await self._write(rows)
            except BaseException:
                self._waiting.extendleft(reversed(rows))
                raise

    async def read(
        self, where: sa.ColumnElement[bool], *, device_id: str | None, before: int | None, limit: int
    ) -> list[Happened]:
        """What happened, newest first, with an id below ``before``; ``where`` is what the reader may see."""
        found = sa.select(device_events).where(where).order_by(device_events.c.id.desc()).limit(min(limit, MAX_PAGE))
        if device_id is not None:
            found = found.where(device_events.c.device_id == device_id)
        if before is not None:
            found = found.where(device_events.c.id < before)
        async with self._store.read() as connection:
            return [Happened(**row._mapping) for row in await connection.execute(found)]

    async def prune(self, keep: timedelta) -> int:
        """Remove what is too old or too much; the answer is how many went."""
        old = await remove_in_pieces(self._store, device_events, device_events.c.at < self._clock() - keep)
        async with self._store.read() as connection:
            last = await connection.scalar(sa.select(sa.func.max(device_events.c.id))) or 0
        return old + await remove_in_pieces(self._store, device_events, device_events.c.id <= last - MAX_ROWS)

    async def _write(self, rows: list[dict[str, object]]) -> None:
        try:
            async with self._store.begin() as connection:
                await connection.execute(sa.insert(device_events), rows)
        except IntegrityError:
            # A group was removed meanwhile, or a whole organisation.
            async with self._store.begin() as connection:
                known = {
                    (row.id, row.organisation_id)
                    for row in await connection.execute(sa.select(groups.c.id, groups.c.organisation_id))
                }
                kept = [row for row in rows if (row["group_id"], row["organisation_id"]) in known]
                if kept:
                    await connection.execute(sa.insert(device_events), kept)


def _row(event: AnyHubEvent) -> dict[str, object]:
    data = event.model_dump(mode="json", exclude={"at", "type", "organisation_id", "group_id", "device_id"})
    return {
        "at": event.at,
        "organisation_id": event.organisation_id,
        "group_id": event.group_id,
        "device_id": getattr(event, "device_id", None),
        "type": event.type,
        "data": data,
    }
