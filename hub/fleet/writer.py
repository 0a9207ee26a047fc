"""Writes the live state to the store, in batches, so that the list outlives this process and other nodes read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.events import DeviceOffline
from hub.fleet import rows
from hub.fleet.announcer import Publisher
from hub.fleet.live import LiveDevice
from hub.fleet.pending import Batch, Pending
from hub.fleet.upserts import insert_new, upsert
from hub.store.tables.devices import devices
from hub.store.tables.fleet import device_health, device_live, device_sessions
from protocol.problems import Problem

_LOG = structlog.get_logger("hub.fleet")
_AT_ONCE: Final = 2000
PAUSE: Final = 0.03
"""Seconds in which those that come at the same time gather, however promptly they are written."""
T = TypeVar("T")


class FleetWriter:
    """One task (:meth:`run`) that writes, and :meth:`freshen` for those who are about to read."""

    def __init__(
        self,
        store: Store,
        pending: Pending,
        publisher: Publisher,
        node: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._pending = pending
        self._publisher = publisher
        self._node = node
        self._clock = clock
        self._writing = asyncio.Lock()

    def __len__(self) -> int:
        """Devices and averages that are not written yet."""
        return len(self._pending)

    async def start(self, *, alone: bool) -> None:
        """After a crash: nobody is connected to this node yet, or to any where it is the only one (``alone``)."""
        await self._lost(sa.true() if alone else device_live.c.node == self._node)

    async def node_lost(self, node: str) -> None:
        """A node is gone, and with it the sockets it held; told once, however many nodes notice."""
        lost = await self._lost(device_live.c.node == node)
        for part in _parts(lost):
            named = sa.select(devices.c.id, devices.c.organisation_id, devices.c.group_id, devices.c.name)
            async with self._store.read() as connection:
                for row in await connection.execute(named.where(devices.c.id.in_(part))):
                    self._publisher.publish(
                        DeviceOffline(
                            at=self._clock(),
                            organisation_id=row.organisation_id,
                            group_id=row.group_id,
                            device_id=row.id,
                            name=row.name,
                            reason="the node of the hub that held its socket is gone",
                        )
                    )

    async def _lost(self, where: sa.ColumnElement[bool]) -> list[str]:
        gone = sa.update(device_live).where(where, device_live.c.online).returning(device_live.c.device_id)
        async with self._store.begin() as connection:
            return list(await connection.scalars(gone.values(online=False, since=self._clock())))

    async def run(self, every: float = 0.5, *, promptly: bool = False, soon: float = 5.0) -> None:
        """Write what is due, until cancelled; a database that is away is tried again, and nothing is lost.

        ``promptly``: for other nodes, whose people look at their lists, who comes and goes is written at once, and what
        sessions do ``soon`` seconds after the last time. Many at the same time still share a write.
        """
        loop = asyncio.get_running_loop()
        all_at = loop.time() + soon
        while True:
            if promptly:
                with suppress(TimeoutError):
                    async with asyncio.timeout(every):
                        await self._pending.urgent.wait()
                await asyncio.sleep(PAUSE)
            else:
                await asyncio.sleep(every)
            everything = promptly and loop.time() >= all_at
            await self.flush(everything=everything)
            if everything:
                all_at = loop.time() + soon

    async def freshen(self) -> None:
        """Write what waits, for somebody who is about to look; those who look at the same time wait for one write."""
        await self.flush(everything=True)

    async def flush(self, *, everything: bool = False) -> bool:
        """Write what is due, with ``everything`` also what would wait; False where the store cannot."""
        async with self._writing:
            now = self._clock()
            batch = self._pending.take(now, everything=everything)
            if not batch:
                return True
            try:
                await self._write(batch, now)
            except Problem as problem:
                self._pending.give_back(batch)
                _LOG.warning("fleet.not_written", devices=len(batch.devices), problem=str(problem))
                return False
            except BaseException:
                self._pending.give_back(batch)
                raise
            return True

    async def _write(self, batch: Batch, now: datetime) -> None:
        try:
            await self._write_all(batch, now)
        except IntegrityError:
            # A device was removed meanwhile; what is left of it must not hold up the others.
            await self._write_all(await self._without_removed(batch), now)

    async def _write_all(self, batch: Batch, now: datetime) -> None:
        live = sorted(batch.devices, key=lambda one: one.row.id)
        with_sessions = [one for one in live if one.sessions_changed]
        async with self._store.begin() as connection:
            told = await _told_rollbacks(connection, live)
            for part in _parts(live):
                await connection.execute(
                    upsert(connection, device_live), [rows.of_live(one, self._node) for one in part]
                )
            await self._write_gone(connection, batch.gone)
            await _write_sessions(connection, with_sessions, now)
            for samples in _parts(batch.samples):
                await connection.execute(insert_new(connection, device_health), [asdict(one) for one in samples])
        for one in with_sessions:
            one.sessions_changed = False
        for one in live:
            if one.rollback is not None and told.get(one.row.id, one.rollback.at) != one.rollback.at:
                self._publisher.publish(rows.rolled_back(one, one.rollback, now))

    async def _write_gone(self, connection: AsyncConnection, gone: list[LiveDevice]) -> None:
        """Only where the device has not come back to another node meanwhile."""
        if not gone:
            return
        mine = (device_live.c.device_id == sa.bindparam("of_device")) & (device_live.c.node == self._node)
        changes = {"online": False, "since": sa.bindparam("gone_at"), "last_seen_at": sa.bindparam("seen_at")}
        values = [{"of_device": one.row.id, "gone_at": one.since, "seen_at": one.last_seen_at} for one in gone]
        await connection.execute(sa.update(device_live).where(mine).values(changes), values)

    async def _without_removed(self, batch: Batch) -> Batch:
        ids = {one.row.id for one in batch.devices} | {one.device_id for one in batch.samples}
        known: set[str] = set()
        async with self._store.read() as connection:
            for part in _parts(sorted(ids)):
                known |= set(await connection.scalars(sa.select(devices.c.id).where(devices.c.id.in_(part))))
        return Batch(
            [one for one in batch.devices if one.row.id in known],
            batch.gone,
            [one for one in batch.samples if one.device_id in known],
        )


async def _told_rollbacks(connection: AsyncConnection, live: list[LiveDevice]) -> dict[str, datetime | None]:
    """Which rollbacks the store knows, of the devices that tell of one."""
    ids = [one.row.id for one in live if one.rollback is not None]
    told: dict[str, datetime | None] = dict.fromkeys(ids)
    for part in _parts(ids):
        found = sa.select(device_live.c.device_id, device_live.c.rollback_at).where(device_live.c.device_id.in_(part))
        told |= {row.device_id: row.rollback_at for row in await connection.execute(found)}
    return told


async def _write_sessions(connection: AsyncConnection, live: list[LiveDevice], now: datetime) -> None:
    values = [rows.of_session(one.row.id, view, now) for one in live for view in one.sessions.values()]
    for part in _parts(values):
        await connection.execute(upsert(connection, device_sessions), part)
    if live:
        of_device = device_sessions.c.device_id == sa.bindparam("of_device")
        older = sa.delete(device_sessions).where(of_device, device_sessions.c.seen_at < now)
        await connection.execute(older, [{"of_device": one.row.id} for one in live])


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
