"""That this node lives, and which others do: a row that each renews, and that others remove when it is overdue.

While the store is away nobody can renew. So a node takes an overdue lease for a death only when it could itself read
and write for as long as a lease lasts: the others could have renewed theirs in that time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.nodes.presence import database_time
from hub.store.tables.nodes import nodes, presence
from protocol.problems import Problem

RENEW_EVERY: Final = 10.0
LEASE: Final = timedelta(seconds=30)
_LOG = structlog.get_logger("hub.nodes")
Lost = Callable[[str, Sequence[str]], Awaitable[None]]
"""Told a dead node and the devices that were on it and are on no other. May be told the same again."""


class Attention:
    """Whether this node has watched the others without a gap for ``needed`` seconds.

    A pause of more than ``gap`` seconds between two looks is one: of this process, or of the whole machine.
    """

    def __init__(self, needed: float, gap: float, clock: Callable[[], float]) -> None:
        self._needed = needed
        self._gap = gap
        self._clock = clock
        self._since: float | None = None
        self._last = 0.0

    def lost(self) -> None:
        """It could not look."""
        self._since = None

    def whole(self) -> bool:
        """It looks now; whether it has watched long enough."""
        now = self._clock()
        if self._since is None or now - self._last > self._gap:
            self._since = now
        self._last = now
        return now - self._since >= self._needed


class Lease:
    """This node's lease. ``lost`` buries a dead node; only when it has done so, the node is forgotten.

    ``rejoined`` is told when the others had taken this node for dead, ``looked`` at each look which nodes live.
    ``clock`` gives monotonic seconds.
    """

    def __init__(
        self,
        store: Store,
        node_id: str,
        name: str,
        lost: Lost,
        *,
        rejoined: Callable[[], None],
        looked: Callable[[frozenset[str]], None],
        alone: bool,
        every: float = RENEW_EVERY,
        lasts: timedelta = LEASE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._node_id = node_id
        self._name = name
        self._lost = lost
        self._rejoined = rejoined
        self._looked = looked
        self._alone = alone
        self._every = every
        self._lasts = lasts
        self._attention = Attention(lasts.total_seconds(), lasts.total_seconds() - every, clock)

    async def start(self) -> None:
        """Take the lease. A node that is ``alone`` (no bus between nodes) buries all others: they were its forerunners.

        Raises Problem where the store cannot.
        """
        await self._renew()
        await self._bury(everybody=self._alone)

    async def run(self) -> None:
        """Renew until cancelled; a store that is away is tried again."""
        while True:
            await asyncio.sleep(self._every)
            await self.round()

    async def round(self) -> None:
        """Renew once, and bury who is dead."""
        try:
            if await self._renew():
                # We were given up: others took our devices for offline.
                self._rejoined()
            await self._bury()
        except Problem as problem:
            self._attention.lost()
            _LOG.warning("the node's lease is not renewed yet", problem=str(problem))

    async def release(self) -> None:
        """Leave in order: the devices are offline at once. Raises Problem where the store cannot."""
        async with self._store.begin() as connection:
            await _forget(connection, self._node_id)

    async def _renew(self) -> bool:
        async with self._store.begin() as connection:
            now = await database_time(connection)
            until = now + self._lasts
            renewed = await connection.execute(
                sa.update(nodes).where(nodes.c.id == self._node_id).values(lease_until=until)
            )
            if renewed.rowcount:
                return False
            row = {"id": self._node_id, "name": self._name, "started_at": now, "lease_until": until}
            await connection.execute(sa.insert(nodes).values(row))
            return True

    async def _bury(self, *, everybody: bool = False) -> None:
        async with self._store.read() as connection:
            now = await database_time(connection)
            rows = (await connection.execute(sa.select(nodes.c.id, nodes.c.lease_until))).all()
        sure = self._attention.whole()
        others = [row for row in rows if row.id != self._node_id]
        dead = [row.id for row in others if everybody or (sure and row.lease_until < now)]
        living = frozenset(row.id for row in rows) - frozenset(dead)
        if self._alone and living - {self._node_id}:
            _LOG.warning("another hub works on this database; set nats_url on both, or stop one")
        self._looked(living)
        for node_id in dead:
            _LOG.warning("a node of the hub is gone", node=node_id)
            await self._lost(node_id, await self._devices_of(node_id))
            async with self._store.begin() as connection:
                await _forget(connection, node_id)

    async def _devices_of(self, node_id: str) -> list[str]:
        query = sa.select(presence.c.device_id).where(presence.c.node_id == node_id).order_by(presence.c.device_id)
        async with self._store.read() as connection:
            return list(await connection.scalars(query))


async def _forget(connection: AsyncConnection, node_id: str) -> None:
    now = await database_time(connection)
    await connection.execute(sa.update(presence).where(presence.c.node_id == node_id).values(node_id=None, since=now))
    await connection.execute(sa.delete(nodes).where(nodes.c.id == node_id))
