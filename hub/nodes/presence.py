"""Which device's socket is here, in the store: written on connect and disconnect, in batches, and never else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from foundation.store.tables import UtcDateTime
from hub.fleet.upserts import insert_for
from hub.nodes.directory import Place
from hub.store.tables.devices import devices
from hub.store.tables.nodes import nodes, presence
from protocol.problems import Problem

AT_ONCE: Final = 500
RETRY_AFTER: Final = 1.0
_LOG = structlog.get_logger("hub.nodes")
Written = Callable[[Mapping[str, int], Sequence[str]], Awaitable[None]]
"""Told the epochs of devices that are here and the ids of those that went, once the store has them."""


async def database_time(connection: AsyncConnection) -> datetime:
    """The database's own clock, which is the same for all nodes; aware UTC."""
    now: datetime = (await connection.execute(sa.select(sa.func.current_timestamp(type_=UtcDateTime())))).scalar_one()
    return now


class Presence:
    """Takes changes without blocking; one task writes them, again and again until the store has taken them."""

    def __init__(self, store: Store, node_id: str, written: Written) -> None:
        self._store = store
        self._node_id = node_id
        self._written = written
        self._changes: dict[str, bool] = {}
        self._epochs: dict[str, int] = {}
        self._wake = asyncio.Event()

    def connected(self, device_id: str) -> None:
        """Its socket is here."""
        self._change(device_id, here=True)

    def disconnected(self, device_id: str) -> None:
        """It is here no more."""
        self._epochs.pop(device_id, None)
        self._change(device_id, here=False)

    def epoch(self, device_id: str) -> int | None:
        """The number of the connection that is here; None while the store has not given it one."""
        return None if device_id in self._changes else self._epochs.get(device_id)

    async def run(self) -> None:
        """Write, until cancelled."""
        while True:
            await self._wake.wait()
            if not await self.flush():
                await asyncio.sleep(RETRY_AFTER)

    async def flush(self) -> bool:
        """Write what waits; False where the store could not."""
        self._wake.clear()
        changes, self._changes = self._changes, {}
        here = sorted(device_id for device_id, is_here in changes.items() if is_here)
        gone = sorted(device_id for device_id, is_here in changes.items() if not is_here)
        try:
            epochs = await self._write(here, gone)
        except BaseException as error:
            # What changed meanwhile is newer.
            self._changes = changes | self._changes
            self._wake.set()
            if not isinstance(error, Problem):
                raise
            _LOG.warning("presence is not written yet", devices=len(self._changes), problem=str(error))
            return False
        self._epochs.update(epochs)
        await self._written(epochs, gone)
        return True

    async def places(self) -> list[tuple[str, Place]]:
        """Every device of another living node."""
        query = (
            sa.select(presence.c.device_id, presence.c.node_id, presence.c.epoch)
            .join(nodes, nodes.c.id == presence.c.node_id)
            .where(presence.c.node_id != self._node_id)
        )
        async with self._store.read() as connection:
            found = await connection.execute(query.where(nodes.c.lease_until >= await database_time(connection)))
            return [(row.device_id, Place(row.node_id, row.epoch)) for row in found]

    def _change(self, device_id: str, *, here: bool) -> None:
        self._changes[device_id] = here
        self._wake.set()

    async def _write(self, here: list[str], gone: list[str]) -> dict[str, int]:
        try:
            return await self._write_all(here, gone)
        except IntegrityError:
            # A device was removed meanwhile; that must not hold up the others.
            return await self._write_all(await self._existing(here), gone)

    async def _write_all(self, here: list[str], gone: list[str]) -> dict[str, int]:
        epochs: dict[str, int] = {}
        async with self._store.begin() as connection:
            now = await database_time(connection)
            for part in _parts(here):
                epochs.update(await self._take(connection, part, now))
            for part in _parts(gone):
                await connection.execute(
                    sa.update(presence)
                    .where(presence.c.device_id.in_(part), presence.c.node_id == self._node_id)
                    .values(node_id=None, since=now)
                )
        return epochs

    async def _take(self, connection: AsyncConnection, part: list[str], now: datetime) -> dict[str, int]:
        rows = [{"device_id": one, "node_id": self._node_id, "epoch": 1, "since": now} for one in part]
        insert = insert_for(connection, presence).values(rows)
        statement = insert.on_conflict_do_update(
            index_elements=["device_id"],
            set_={"node_id": self._node_id, "epoch": presence.c.epoch + 1, "since": now},
        ).returning(presence.c.device_id, presence.c.epoch)
        return {row.device_id: row.epoch for row in await connection.execute(statement)}

    async def _existing(self, here: list[str]) -> list[str]:
        found: list[str] = []
        async with self._store.read() as connection:
            for part in _parts(here):
                found += (await connection.scalars(sa.select(devices.c.id).where(devices.c.id.in_(part)))).all()
        return sorted(found)


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
