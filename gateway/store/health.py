"""Health of the last days, for charts: written in batches, bounded in time and number, read thinned."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Row

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from gateway.host.types import Health
from gateway.store.tables import health_samples
from protocol.problems import Problem

BATCH = 10
"""Samples that are written together: an SD card wears by the write, and losing a few at a crash is fine."""
BACKLOG = 100
"""Samples kept in memory while the disk is full; older ones are dropped."""
_COLUMNS = [column for column in health_samples.c if column.name != "id"]
_log = logging.getLogger(__name__)


class HealthHistory:
    """Samples of the device's health, at most ``max_rows`` and none older than ``keep`` before the newest."""

    def __init__(self, store: Store, keep: timedelta = timedelta(days=7), max_rows: int = 25_000) -> None:
        self._store = store
        self._keep = keep
        self._max_rows = max_rows
        self._waiting: deque[Health] = deque(maxlen=BACKLOG)
        self._writing = asyncio.Lock()

    async def add(self, sample: Health) -> None:
        """Take a sample; every tenth call writes. A store that cannot be written is logged, not raised."""
        self._waiting.append(sample)
        if len(self._waiting) >= BATCH:
            await self._try_to_flush()

    async def since(self, start: datetime, points: int = 240) -> list[Health]:
        """At most ``points`` samples since ``start``, evenly picked, oldest first; the newest is always there."""
        if points < 1:
            raise ValueError("a chart has at least one point")
        await self._try_to_flush()
        wanted = health_samples.c.at >= start
        numbered = (
            sa.select(*_COLUMNS, sa.func.row_number().over(order_by=health_samples.c.at.desc()).label("place"))
            .where(wanted)
            .subquery()
        )
        columns = [column for column in numbered.c if column.name != "place"]
        async with self._store.read() as connection:
            count = await connection.scalar(sa.select(sa.func.count()).where(wanted)) or 0
            step = max(1, -(-count // points))
            picked = sa.select(*columns).where((numbered.c.place - 1) % step == 0).order_by(numbered.c.at)
            return [_health(row) for row in await connection.execute(picked)]

    async def flush(self) -> None:
        """Write what waits, and remove what is too old or too much. Raises :class:`Problem`."""
        async with self._writing:
            batch = list(self._waiting)
            if not batch:
                return
            async with self._store.begin() as connection:
                await connection.execute(sa.insert(health_samples), [asdict(sample) for sample in batch])
                await self._prune(connection, batch[-1].at)
            while self._waiting and self._waiting[0] in batch:
                self._waiting.popleft()

    async def _try_to_flush(self) -> None:
        try:
            await self.flush()
        except Problem as problem:
            _log.warning("health samples wait in memory: %s", problem)

    async def _prune(self, connection: AsyncConnection, newest: datetime) -> None:
        await connection.execute(sa.delete(health_samples).where(health_samples.c.at < newest - self._keep))
        last = await connection.scalar(sa.select(sa.func.max(health_samples.c.id))) or 0
        await connection.execute(sa.delete(health_samples).where(health_samples.c.id <= last - self._max_rows))


def _health(row: Row[*tuple[object, ...]]) -> Health:
    return Health(**row._mapping)
