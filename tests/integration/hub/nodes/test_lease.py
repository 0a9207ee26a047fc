"""When a node takes another for dead: never for a silence in which nobody could speak."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.nodes.lease import Attention, Lease
from hub.nodes.presence import database_time
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.nodes import nodes
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.fleet.stores import fill

LASTS = 30.0
EVERY = 10.0


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Leaving(Store):
    """A store that may be away."""

    away = False

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        if self.away:
            raise Problem(ProblemCode.UNAVAILABLE, "The database does not answer.")
        async with super().begin() as connection:
            yield connection


class Scene:
    """One lease, the store it looks at, and the nodes it has buried."""

    def __init__(self, store: Leaving) -> None:
        self.store = store
        self.clock = Clock()
        self.buried: list[str] = []
        self.lease = Lease(
            store,
            "me",
            "test",
            self.lost,
            rejoined=lambda: None,
            looked=lambda _living: None,
            alone=False,
            every=EVERY,
            lasts=timedelta(seconds=LASTS),
            clock=self.clock,
        )

    async def lost(self, node_id: str, _devices: Sequence[str]) -> None:
        self.buried.append(node_id)

    async def overdue(self, node_id: str) -> None:
        """A node that renewed for the last time a while ago."""
        async with self.store.begin() as connection:
            now = await database_time(connection)
            row = {"id": node_id, "name": "n", "started_at": now, "lease_until": now - timedelta(seconds=60)}
            await connection.execute(sa.insert(nodes).values(row))

    async def rounds(self, many: int) -> None:
        for _ in range(many):
            self.clock.seconds += EVERY
            await self.lease.round()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    store = await Leaving.open(f"sqlite:///{tmp_path / 'hub.db'}", HUB_SCHEMA)
    await fill(store)
    yield Scene(store)
    await store.close()


async def test_who_is_silent_while_others_can_speak_is_dead(scene: Scene) -> None:
    await scene.lease.start()
    await scene.rounds(3)
    await scene.overdue("other")
    await scene.rounds(1)
    assert scene.buried == ["other"]


async def test_a_node_that_starts_waits_for_the_others_to_show_themselves(scene: Scene) -> None:
    await scene.overdue("other")
    await scene.lease.start()
    await scene.rounds(2)
    assert scene.buried == []
    await scene.rounds(1)
    assert scene.buried == ["other"]


async def test_the_time_without_a_store_does_not_count(scene: Scene) -> None:
    await scene.lease.start()
    await scene.rounds(3)
    scene.store.away = True
    await scene.rounds(6)
    scene.store.away = False
    await scene.overdue("other")
    await scene.rounds(3)
    assert scene.buried == []
    await scene.rounds(1)
    assert scene.buried == ["other"]


def test_a_pause_of_the_whole_machine_does_not_count() -> None:
    clock = Clock()
    attention = Attention(LASTS, LASTS - EVERY, clock)
    seen: list[bool] = []
    for pause in (0.0, 10.0, 10.0, 10.0, 25.0, 20.0, 9.0, 1.0):
        clock.seconds += pause
        seen.append(attention.whole())
    assert seen == [False, False, False, True, False, False, False, True]
