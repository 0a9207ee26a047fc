"""Devices that are away for long, whichever node they were connected to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from foundation.store.database import Store
from hub.fleet.alerts.types import Place
from hub.store.tables.devices import devices
from hub.store.tables.fleet import alerts, device_live

MAX_FOUND: Final = 20_000


class Absent:
    """Finds them, without those whose absence is an open alert already."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, now: datetime, minutes: float) -> list[tuple[Place, datetime]]:
        """Devices offline for at least so many minutes, and since when: those that may need an alert."""
        known = sa.exists().where(
            alerts.c.about == devices.c.id, alerts.c.rule == "offline", alerts.c.cleared_at.is_(None)
        )
        found = (
            sa.select(devices.c.id, devices.c.name, devices.c.organisation_id, devices.c.group_id, device_live.c.since)
            .join(device_live, device_live.c.device_id == devices.c.id)
            .where(
                device_live.c.online.is_(False),
                device_live.c.since <= now - timedelta(minutes=minutes),
                devices.c.state == "active",
                ~known,
            )
            .order_by(device_live.c.since.desc())
            .limit(MAX_FOUND)
        )
        async with self._store.read() as connection:
            return [
                (Place(row.id, row.name, row.organisation_id, row.group_id, row.id), row.since)
                for row in await connection.execute(found)
            ]
