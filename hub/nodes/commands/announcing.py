"""Telling the hub's readers how a command goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from foundation.store.database import Store
from hub.events import AnyHubEvent, CommandChanged
from hub.nodes.commands.types import QueuedCommand
from hub.store.tables.devices import devices
from protocol.problems import Problem

Publish = Callable[[AnyHubEvent], None]


class Announcing:
    """Makes events of commands; they name the device as it is called now."""

    def __init__(self, store: Store, publish: Publish) -> None:
        self._store = store
        self._publish = publish

    async def tell(self, changed: Sequence[QueuedCommand]) -> None:
        """Tell. A store that is away costs the event, never the command."""
        if not changed:
            return
        try:
            rows = await self._devices({command.device_id for command in changed})
        except Problem:
            return
        for command in changed:
            if command.device_id in rows:
                organisation_id, group_id, name = rows[command.device_id]
                self._publish(
                    CommandChanged(
                        organisation_id=organisation_id,
                        group_id=group_id,
                        device_id=command.device_id,
                        name=name,
                        command_id=str(command.id),
                        command=command.type,
                        state=command.state,
                    )
                )

    async def _devices(self, ids: Iterable[str]) -> dict[str, tuple[int, int, str]]:
        query = sa.select(devices.c.id, devices.c.organisation_id, devices.c.group_id, devices.c.name)
        async with self._store.read() as connection:
            found = await connection.execute(query.where(devices.c.id.in_(sorted(ids))))
            return {row.id: (row.organisation_id, row.group_id, row.name) for row in found}
