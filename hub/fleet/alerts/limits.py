"""The thresholds of each group: a row where a person set them, and what is usual everywhere else."""

from __future__ import annotations

import sqlalchemy as sa
from pydantic import ValidationError

from foundation.store.database import Store
from hub.fleet.alerts.types import Thresholds
from hub.fleet.upserts import upsert
from hub.store.tables.fleet import alert_settings

USUAL = Thresholds()


class Limits:
    """All of them in memory, because they are asked for with every health message."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of: dict[int, Thresholds] = {}

    def of(self, group_id: int | None) -> Thresholds:
        """The thresholds of a group."""
        return self._of.get(group_id, USUAL) if group_id is not None else USUAL

    def shortest_absence(self) -> float:
        """The least number of minutes after which any group wants to know of a device that is away."""
        return min(one.offline_minutes for one in (USUAL, *self._of.values()))

    async def load(self) -> None:
        """Read them; what a later version wrote and this one cannot read counts as usual."""
        read: dict[int, Thresholds] = {}
        async with self._store.read() as connection:
            for row in await connection.execute(sa.select(alert_settings)):
                try:
                    read[row.group_id] = Thresholds.model_validate(row.thresholds)
                except ValidationError:
                    continue
        self._of = read

    async def set(self, group_id: int, thresholds: Thresholds) -> None:
        """Set a group's thresholds for the whole hub; other nodes read them when they are told (group.changed)."""
        values = {"group_id": group_id, "thresholds": thresholds.model_dump(mode="json")}
        async with self._store.begin() as connection:
            await connection.execute(upsert(connection, alert_settings).values(values))
        self._of[group_id] = thresholds
