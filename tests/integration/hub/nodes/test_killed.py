"""A node is killed: three processes, real sockets, a real PostgreSQL and a real NATS."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from foundation.store.database import Store
from hub.store.schema import HUB_SCHEMA
from protocol.commands import SessionInput, SessionResize
from tests.integration.hub.nodes.processes import Device, NodeProcess
from tests.integration.hub.nodes.rig import make_durable
from tests.nats import NatsServer
from tests.postgres import Postgres
from tests.unit.hub.fleet.stores import add_devices, fill

DEVICES = [f"d-{number}" for number in range(30)]


@dataclass
class Hub:
    nodes: list[NodeProcess]
    http: aiohttp.ClientSession
    devices: dict[str, Device] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def dial(self, device_id: str, only: NodeProcess | None = None) -> Device:
        """A device connects: to any node, or to this one while it lives."""

        def choose() -> list[NodeProcess]:
            return [only] if only in self.nodes else self.nodes

        device = self.devices[device_id] = Device(device_id, choose)
        self.tasks.append(asyncio.create_task(device.run()))
        return device

    async def kill(self, node: NodeProcess) -> None:
        self.nodes.remove(node)
        await node.kill()

    async def states(self, node: NodeProcess, device_id: str) -> list[str]:
        """The states of a device's commands, oldest first."""
        found = json.loads(await node.get(self.http, f"commands/{device_id}"))
        return [found[number] for number in sorted(found, key=int)] if "error" not in found else []

    async def settled(self, node: NodeProcess, device_id: str) -> list[str]:
        """The same, once none is on its way or waits."""
        async with asyncio.timeout(40):
            while True:
                states = await self.states(node, device_id)
                if states and not {"pending", "sent"} & set(states):
                    return states

    async def reach(self, node: NodeProcess, device_id: str) -> None:
        async with asyncio.timeout(30):
            while True:
                status, _ = await node.post(self.http, f"call/{device_id}", REACH)
                if status == 200:
                    return


REACH = SessionResize(request_id="reach", session_id="s-1", cols=80, rows=24)


@pytest.fixture
async def hub(nats: NatsServer, postgresql_hub: str, tmp_path: Path) -> AsyncIterator[Hub]:
    await make_durable(postgresql_hub)
    store = await Store.open(postgresql_hub, HUB_SCHEMA)
    await fill(store)
    await add_devices(store, DEVICES)
    await store.close()
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        nodes = await asyncio.gather(
            *(NodeProcess.start(postgresql_hub, nats.url, tmp_path / f"node-{number}.log") for number in range(3))
        )
        hub = Hub(list(nodes), http)
        yield hub
        for task in hub.tasks:
            task.cancel()
        await asyncio.gather(*hub.tasks, return_exceptions=True)
        for node in hub.nodes:
            await node.kill()


def typing(text: bytes) -> SessionInput:
    return SessionInput(request_id="r", session_id="s-1", data=text)


async def test_a_node_killed_in_mid_command_loses_nothing_and_tells_nothing_twice(hub: Hub) -> None:
    holder, other = hub.nodes[0], hub.nodes[1]
    device = hub.dial("d-1", only=holder)
    device.silent_on = lambda command: isinstance(command, SessionInput) and command.data == b"2"
    await device.came.wait()
    for number in range(5):
        status, _ = await other.post(hub.http, "submit/d-1", typing(b"%d" % number))
        assert status == 200
    resize = SessionResize(request_id="r", session_id="s-1", cols=100, rows=30)
    await other.post(hub.http, "submit/d-1", resize)
    await device.until(lambda: b"2" in device.typed())
    await hub.kill(holder)
    states = await hub.settled(other, "d-1")
    assert states == ["acked", "acked", "unknown", "acked", "acked", "acked"]
    assert device.typed() == [b"0", b"1", b"2", b"3", b"4"]
    assert device.connections == 2


async def test_a_repeatable_command_of_a_killed_node_is_told_again(hub: Hub) -> None:
    holder, other = hub.nodes[0], hub.nodes[1]
    device = hub.dial("d-1", only=holder)
    await device.came.wait()
    await hub.reach(other, "d-1")
    device.silent_on = lambda command: isinstance(command, SessionResize)
    device.told.clear()
    resize = SessionResize(request_id="r", session_id="s-1", cols=9, rows=9)
    await other.post(hub.http, "submit/d-1", resize)
    await device.until(lambda: bool(device.told))
    device.silent_on = lambda _command: False
    await hub.kill(holder)
    assert await hub.settled(other, "d-1") == ["acked"]
    told = [command for command in device.told if isinstance(command, SessionResize)]
    assert [(command.cols, command.rows) for command in told] == [(9, 9), (9, 9)]


async def test_the_devices_of_a_killed_node_are_reached_over_the_others(hub: Hub) -> None:
    devices = [hub.dial(device_id) for device_id in DEVICES]
    await asyncio.gather(*(device.came.wait() for device in devices))
    victim = max(hub.nodes, key=lambda node: sum(device.at == node.port for device in devices))
    moved = [device for device in devices if device.at == victim.port]
    assert moved
    await hub.kill(victim)
    for node in hub.nodes:
        await asyncio.gather(*(hub.reach(node, device_id) for device_id in DEVICES))
    assert {device.at for device in devices} <= {node.port for node in hub.nodes}


async def test_a_terminal_is_watched_and_typed_into_from_another_node(hub: Hub) -> None:
    device = hub.dial("d-1", only=hub.nodes[0])
    await device.came.wait()
    await hub.reach(hub.nodes[2], "d-1")
    seen = await hub.nodes[2].get(hub.http, "watch/d-1?bytes=131072")
    assert seen == b"".join(bytes([seq]) * 8192 for seq in range(16))


async def test_database_and_nats_go_away_and_every_accepted_command_is_carried_out_once(
    hub: Hub, nats: NatsServer, postgres: Postgres
) -> None:
    device = hub.dial("d-1", only=hub.nodes[0])
    await device.came.wait()
    await hub.reach(hub.nodes[1], "d-1")
    accepted: list[bytes] = []

    async def submit(text: bytes) -> None:
        status, answer = await hub.nodes[1].post(hub.http, "submit/d-1", typing(text))
        if status == 200:
            accepted.append(text)
        else:
            assert "unavailable" in json.dumps(answer)

    for number in range(30):
        if number == 5:
            await nats.stop()
        if number == 10:
            await asyncio.to_thread(postgres.stop)
        if number == 15:
            await asyncio.to_thread(postgres.start)
        if number == 20:
            await nats.start()
        await submit(b"%d" % number)
    states = await hub.settled(hub.nodes[1], "d-1")
    assert set(states) == {"acked"}
    typed = device.typed()
    assert sorted(typed) == sorted(set(typed))
    assert set(accepted) <= set(typed)
    assert typed == sorted(typed, key=int)
    assert len(accepted) >= 25
