"""The health of the last weeks, for charts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from foundation.store.database import Store
from hub.fleet.averages import Sample
from hub.store.tables.devices import devices
from hub.store.tables.fleet import device_health

KEEP: Final = timedelta(days=30)
POINTS: Final = 300
_AT_ONCE: Final = 500


class HealthHistory:
    """Reads and prunes what :class:`hub.fleet.writer.FleetWriter` writes."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    async def since(self, device_id: str, start: datetime, points: int = POINTS) -> list[Sample]:
        """At most ``points`` samples since ``start``, evenly picked, oldest first; the newest is always there."""
        found = (
            sa.select(device_health)
            .where(device_health.c.device_id == device_id, device_health.c.at >= start)
            .order_by(device_health.c.at)
        )
        async with self._store.read() as connection:
            samples = [Sample(**row._mapping) for row in await connection.execute(found)]
        step = max(1, -(-len(samples) // points))
        return samples[(len(samples) - 1) % step :: step] if samples else []

    async def prune(self, keep: timedelta = KEEP) -> int:
        """Remove what is too old, device by device, because the key begins with the device."""
        removed, after, oldest = 0, "", self._clock() - keep
        of_device = device_health.c.device_id == sa.bindparam("of_device")
        old = sa.delete(device_health).where(of_device, device_health.c.at < oldest)
        while True:
            page = sa.select(devices.c.id).where(devices.c.id > after).order_by(devices.c.id).limit(_AT_ONCE)
            async with self._store.begin() as connection:
                ids = list(await connection.scalars(page))
                if not ids:
                    return removed
                removed += (await connection.execute(old, [{"of_device": one} for one in ids])).rowcount
            after = ids[-1]
