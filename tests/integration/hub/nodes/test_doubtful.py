"""A claim of a waiting command whose commit came through, and its answer did not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from foundation.store.database import Store
from foundation.store.light import AsyncConnection
from hub.nodes.commands.types import CommandState
from hub.nodes.local_bus import LocalBus
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.nodes import commands
from protocol.commands import SessionInput
from protocol.problems import Problem, ProblemCode
from tests.doubles.hub_ports import FakeDevice
from tests.integration.hub.nodes.rig import Node, running
from tests.integration.hub.nodes.test_commands import ENDED, typing, url, wish
from tests.unit.hub.fleet.stores import add_devices, fill

__all__ = ["url"]


class Doubtful(Store):
    """A store whose connection breaks after it took a claim, and before it could say so."""

    breaks = True

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        async with super().begin() as connection:
            yield connection
        if self.breaks:
            async with self.read() as connection:
                claimed = await connection.scalar(sa.select(commands.c.id).where(commands.c.state == "sent"))
            if claimed is not None:
                self.breaks = False
                raise Problem(ProblemCode.UNAVAILABLE, "The database does not answer.")


async def test_a_claim_that_the_store_took_without_saying_so_is_carried_out_once(url: str) -> None:
    store, doubtful = await Store.open(url, HUB_SCHEMA), await Doubtful.open(url, HUB_SCHEMA)
    await fill(store)
    await add_devices(store, ["d-1"])
    bus = LocalBus()
    node = Node(store, bus, alone=True)
    async with running(node):
        node.cluster._courier._store = doubtful
        device = FakeDevice("d-1")
        node.come(device)
        first = await node.cluster.commands.submit(wish(typing(b"1")))
        second = await node.cluster.commands.submit(wish(typing(b"2")))
        for one in (first, second):
            assert (await node.until("d-1", one.id, *ENDED)).state is CommandState.ACKED
        told = [command.data for command in device.called if isinstance(command, SessionInput)]
        assert (told, doubtful.breaks) == ([b"1", b"2"], False)
        assert (await node.cluster.commands.get("d-1", first.id)).attempts == 1
    await bus.close()
    await doubtful.close()
    await store.close()
