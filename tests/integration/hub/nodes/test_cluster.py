"""Two nodes of one hub over a real PostgreSQL and a real NATS, both of which may go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from foundation.store.database import Store
from hub.events import GroupChanged
from hub.nodes.commands.types import CommandState, Submission
from hub.nodes.nats_bus import NatsBus
from hub.nodes.relaying import AccessRelay
from hub.ports import ViewerName
from hub.store.schema import HUB_SCHEMA
from hub.store.tables.devices import devices
from hub.store.tables.nodes import nodes, presence
from protocol.close_codes import CloseCode
from protocol.commands import AgentsList, SessionEnd, SessionInput
from protocol.problems import Problem, ProblemCode
from tests.doubles.hub_ports import FakeDevice
from tests.integration.hub.nodes.rig import Node, make_durable
from tests.nats import NatsServer
from tests.postgres import Postgres
from tests.unit.hub.fleet.stores import add_devices, fill


@dataclass
class Hub:
    one: Node
    other: Node
    nats: NatsServer
    store: Store

    async def row(self, device_id: str) -> tuple[str | None, int]:
        async with self.store.read() as connection:
            found = await connection.execute(
                sa.select(presence.c.node_id, presence.c.epoch).where(presence.c.device_id == device_id)
            )
            row = found.one()
            return row.node_id, row.epoch

    async def living(self) -> list[str]:
        async with self.store.read() as connection:
            return list(await connection.scalars(sa.select(nodes.c.id)))


class Until:
    """Waits for something that another node does, which only looking tells."""

    def __init__(self) -> None:
        self.round = asyncio.Event()

    async def __call__(self, holds: object, seconds: float = 20.0) -> None:
        assert callable(holds)
        async with asyncio.timeout(seconds):
            while not holds():
                asyncio.get_running_loop().call_later(0.01, self.round.set)
                await self.round.wait()
                self.round.clear()


@pytest.fixture
def until() -> Until:
    return Until()


@pytest.fixture
async def hub(nats: NatsServer, postgresql_hub: str, until: Until) -> AsyncIterator[Hub]:
    await make_durable(postgresql_hub)
    stores = [await Store.open(postgresql_hub, HUB_SCHEMA) for _ in range(2)]
    await fill(stores[0])
    await add_devices(stores[0], ["d-1", "d-2"])
    buses = [NatsBus(nats.url, name=name, retry_after=0.05) for name in ("one", "other")]
    for bus in buses:
        assert await bus.start()
    members = [Node(store, bus, alone=False) for store, bus in zip(stores, buses, strict=True)]
    for node in members:
        await node.start()
    yield Hub(members[0], members[1], nats, stores[0])
    for node in members:
        await node.stop()
    for bus in buses:
        await bus.close()
    for store in stores:
        await store.close()


async def reachable(node: Node, device_id: str) -> None:
    """Wait until a node reaches a device, wherever it is."""
    async with asyncio.timeout(20):
        while True:
            try:
                await node.cluster.ports.of(device_id).call(AgentsList(request_id="reach"))
            except Problem as problem:
                if problem.code not in (ProblemCode.DEVICE_OFFLINE, ProblemCode.UNAVAILABLE):
                    raise
            else:
                return


async def test_a_device_is_online_everywhere_and_gone_everywhere(hub: Hub, until: Until) -> None:
    hub.one.come(FakeDevice("d-1"))
    await until(lambda: hub.other.cluster.ports.online("d-1"))
    await reachable(hub.other, "d-1")
    assert await hub.row("d-1") == (hub.one.node_id, 1)
    hub.one.go("d-1")
    await until(lambda: not hub.other.cluster.ports.online("d-1"))
    assert await hub.row("d-1") == (None, 1)
    assert await hub.one.downstream.told.get() == "connected d-1"
    assert await hub.one.downstream.told.get() == "disconnected d-1"


async def test_a_device_that_moves_is_cut_where_it_was_and_nobody_takes_it_for_offline(hub: Hub, until: Until) -> None:
    device = FakeDevice("d-1")
    hub.one.come(device)
    await until(lambda: hub.other.cluster.directory.elsewhere("d-1"))
    hub.other.come(FakeDevice("d-1"))
    assert await hub.one.cuts.get() == ("d-1", CloseCode.REPLACED)
    assert await hub.row("d-1") == (hub.other.node_id, 2)
    assert hub.one.cluster.ports.online("d-1")
    await reachable(hub.one, "d-1")
    assert hub.one.downstream.told.get_nowait() == "connected d-1"
    assert hub.one.downstream.told.empty()


async def test_a_dead_nodes_devices_are_offline_when_its_lease_is_over(hub: Hub, until: Until) -> None:
    hub.other.come(FakeDevice("d-1"))
    hub.other.come(FakeDevice("d-2"))
    await until(lambda: hub.one.cluster.directory.elsewhere("d-2"))
    await hub.other.die()
    hub.one.come(FakeDevice("d-1"))
    async with asyncio.timeout(20):
        assert await hub.one.lost.get() == (hub.other.node_id, ("d-2",))
    await until(lambda: not hub.one.cluster.ports.online("d-2"))
    assert hub.one.cluster.ports.online("d-1")
    async with asyncio.timeout(20):
        while await hub.living() != [hub.one.node_id]:
            pass
    assert await hub.row("d-2") == (None, 1)


async def test_a_node_that_signs_off_is_no_dead_node(hub: Hub, until: Until) -> None:
    hub.other.come(FakeDevice("d-1"))
    await until(lambda: hub.one.cluster.directory.elsewhere("d-1"))
    await hub.other.stop()
    await until(lambda: not hub.one.cluster.ports.online("d-1"))
    assert await hub.row("d-1") == (None, 1)
    assert hub.one.lost.empty()


async def test_a_node_that_was_taken_for_dead_writes_its_devices_again(hub: Hub, until: Until) -> None:
    hub.one.come(FakeDevice("d-1"))
    await until(lambda: hub.other.cluster.directory.elsewhere("d-1"))
    async with hub.store.begin() as connection:
        await connection.execute(sa.delete(nodes).where(nodes.c.id == hub.one.node_id))
        await connection.execute(sa.update(presence).values(node_id=None))
    place = hub.other.cluster.directory.place
    await until(lambda: (found := place("d-1")) is not None and found.epoch == 2)
    assert await hub.row("d-1") == (hub.one.node_id, 2)


async def test_nats_goes_away_and_comes_back(hub: Hub, until: Until) -> None:
    here, there = FakeDevice("d-1"), FakeDevice("d-2")
    hub.one.come(here)
    hub.other.come(there)
    await reachable(hub.one, "d-2")
    await until(lambda: hub.one.cluster.directory.elsewhere("d-2"))
    async with hub.one.cluster.ports.of("d-2").watch("s-1", ViewerName("Ann")) as watch:
        items = aiter(watch)
        await anext(items)
        await hub.nats.stop()
        rest = [item async for item in items]
    assert len(rest) == 1
    assert (await hub.one.cluster.ports.of("d-1").call(AgentsList(request_id="r"))).ok
    with pytest.raises(Problem) as raised:
        await hub.one.cluster.ports.of("d-2").call(AgentsList(request_id="r"))
    assert raised.value.code is ProblemCode.UNAVAILABLE
    # Meanwhile: a command for a device elsewhere, a device that moves, another that goes.
    typing = SessionInput(request_id="r", session_id="s-1", data=b"x")
    accepted = await hub.one.cluster.commands.submit(Submission("d-2", typing, "ada"))
    await hub.other.until("d-2", accepted.id, CommandState.ACKED)
    hub.other.come(FakeDevice("d-1"))
    async with asyncio.timeout(20):
        while await hub.row("d-1") != (hub.other.node_id, 2):
            pass
    hub.other.go("d-2")
    await hub.nats.start()
    assert await hub.one.cuts.get() == ("d-1", CloseCode.REPLACED)
    await reachable(hub.one, "d-1")
    await until(lambda: not hub.one.cluster.ports.online("d-2"))
    assert await hub.other.rechecked.get() == "d-1"


async def test_the_database_goes_away_and_comes_back(hub: Hub, postgres: Postgres, until: Until) -> None:
    answered, go_on = asyncio.Event(), asyncio.Event()
    device = FakeDevice("d-1")
    accept = device.answer

    async def slowly(command: object) -> object:
        answered.set()
        await go_on.wait()
        return await accept(command)  # type: ignore[arg-type]  # what it was given

    device.answer = slowly  # type: ignore[assignment]  # the same, for the type checker's eyes
    hub.one.come(device)
    end = SessionEnd(request_id="r", session_id="s-1")
    accepted = await hub.one.cluster.commands.submit(Submission("d-1", end, "ada"))
    await answered.wait()
    await asyncio.to_thread(postgres.stop)
    try:
        go_on.set()
        hub.other.come(FakeDevice("d-2"))
        await reachable(hub.one, "d-2")
        with pytest.raises(Problem) as raised:
            await hub.one.cluster.commands.submit(Submission("d-1", end, "ada"))
        assert raised.value.code is ProblemCode.UNAVAILABLE
    finally:
        await asyncio.to_thread(postgres.start)
    done = await hub.one.until("d-1", accepted.id, CommandState.ACKED, CommandState.UNKNOWN)
    assert done.state is CommandState.ACKED
    assert [command.type for command in device.called].count("session.end") == 1
    await until(lambda: hub.one.cluster.directory.elsewhere("d-2"))


async def test_a_command_accepted_on_one_node_goes_out_on_the_one_with_the_socket(hub: Hub) -> None:
    device = FakeDevice("d-1")
    hub.other.come(device)
    await reachable(hub.one, "d-1")
    typing = SessionInput(request_id="r", session_id="s-1", data=b"x")
    accepted = [await hub.one.cluster.commands.submit(Submission("d-1", typing, "ada")) for _ in range(3)]
    for one in accepted:
        await hub.one.until("d-1", one.id, CommandState.ACKED)
    assert [command.type for command in device.called].count("session.input") == 3


async def test_events_claims_access_and_cuts_reach_the_other_node(hub: Hub, until: Until) -> None:
    forgotten: list[int] = []
    relays = [
        AccessRelay(node.cluster.signals, lambda ids: (forgotten.extend(ids), relays[1].tell(next(iter(ids))))[0])  # type: ignore[func-returns-value]
        for node in (hub.one, hub.other)
    ]
    event = GroupChanged(organisation_id=1, group_id=1, changed=("name",))
    async with hub.other.cluster.claims.listen("hutch-x") as bell:
        hub.one._publish(event)
        relays[0].tell(42)
        await hub.one.cluster.claims.ring("hutch-y")
        await hub.one.cluster.claims.ring("hutch-x")
        assert await bell.wait(20)
    assert hub.other.events == [event]
    assert forgotten == [42]
    hub.other.come(FakeDevice("d-1"))
    assert hub.one.cluster.cutter.cut("d-1", 4404, "revoked") is False
    assert await hub.other.cuts.get() == ("d-1", 4404)
    assert hub.one.events == [event]


async def test_a_removed_device_does_not_hold_up_the_presence_of_the_others(hub: Hub, until: Until) -> None:
    async with hub.store.begin() as connection:
        await connection.execute(sa.delete(devices).where(devices.c.id == "d-1"))
    hub.one.come(FakeDevice("d-1"))
    hub.one.come(FakeDevice("d-2"))
    await until(lambda: hub.other.cluster.directory.elsewhere("d-2"))
    assert not hub.other.cluster.directory.elsewhere("d-1")
