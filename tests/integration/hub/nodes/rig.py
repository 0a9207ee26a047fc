"""Nodes of one hub in one process: a store, a bus, devices without sockets, and everything of hub/nodes between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import sqlalchemy as sa

from foundation.secrets_box import KEY_BYTES, SecretsBox
from foundation.store.database import Store
from hub.events import AnyHubEvent, CommandChanged
from hub.nodes.bus import Bus
from hub.nodes.cluster import Cluster, Here, Times, new_node_id
from hub.nodes.commands.types import CommandState, QueuedCommand
from hub.nodes.link_events import NodeLinkEvents
from hub.nodes.relaying import EventRelay
from hub.ports import DeviceRow
from hub.store.schema import HUB_SCHEMA
from protocol.events import AnyEvent, GatewayHello, SystemInfo
from protocol.problems import Problem
from tests.doubles.hub_ports import FakeDevice, FakePorts

QUICK = Times(renew=0.1, lease=1.0, look=0.2)
AT = datetime(2026, 11, 21, tzinfo=UTC)


def hello(device_id: str) -> GatewayHello:
    system = SystemInfo(os="Linux", arch="x", cpus=1, ram_total_bytes=1, disk_total_bytes=1)
    return GatewayHello(gateway_id=device_id, version="1", hostname="pi", system_info=system)


@dataclass
class Downstream:
    """The rest of the node: what it was told."""

    told: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def connected(self, device: DeviceRow, _hello: GatewayHello, at: datetime) -> None:
        self.told.put_nowait(f"connected {device.id}")

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        self.told.put_nowait(f"disconnected {device_id}")

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        self.told.put_nowait(f"heard {device_id} {event.type}")

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        self.told.put_nowait(f"runaway {device_id}")


class Node:
    """One node. Devices :meth:`come` and :meth:`go` by the test's word."""

    def __init__(self, store: Store, bus: Bus, *, alone: bool) -> None:
        self.store = store
        self.bus = bus
        self.alone = alone
        self.devices = FakePorts()
        self.downstream = Downstream()
        self.link = NodeLinkEvents(self.downstream)
        self.cuts: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self.lost: asyncio.Queue[tuple[str, tuple[str, ...]]] = asyncio.Queue()
        self.rechecked: asyncio.Queue[str] = asyncio.Queue()
        self.events: list[AnyHubEvent] = []
        self.changed = asyncio.Event()
        self.node_id = new_node_id()
        self._cluster: Cluster | None = None
        self._running: asyncio.Task[None] | None = None
        self._relay: EventRelay | None = None

    @property
    def cluster(self) -> Cluster:
        assert self._cluster is not None
        return self._cluster

    async def start(self) -> None:
        here = Here(
            store=self.store,
            bus=self.bus,
            box=SecretsBox(bytes(KEY_BYTES)),
            local=self.devices,
            cutter=self,
            link_events=self.link,
            publish=self._publish,
            lost=self._lost,
            recheck=self.rechecked.put_nowait,
        )
        self._cluster = await Cluster.start(here, node_id=self.node_id, name="test", alone=self.alone, times=QUICK)
        self._relay = EventRelay(self._cluster.signals, self._event)
        self._running = asyncio.create_task(self._cluster.run())

    async def die(self) -> None:
        """Stop as by kill -9, as far as the store and the other nodes can tell."""
        running, self._running = self._running, None
        assert running is not None
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        cluster = self.cluster
        await cluster._courier.close()
        await cluster._door.close()
        await self.bus.close()
        await cluster.relays.close()
        await cluster.signals.close()

    async def stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            assert not running.done(), running.exception()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await self.cluster.close()

    def come(self, device: FakeDevice) -> None:
        device.connected = True
        self.devices.devices[device.device_id] = device
        self.link.connected(DeviceRow(device.device_id, 1, 1, device.device_id), hello(device.device_id), AT)

    def go(self, device_id: str) -> None:
        self.devices.devices.pop(device_id)
        self.link.disconnected(device_id, "gone", AT)

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        """The node's own Cutter."""
        if device_id not in self.devices.devices:
            return False
        self.cuts.put_nowait((device_id, code))
        self.go(device_id)
        return True

    async def until(self, device_id: str, command_id: int, *states: CommandState) -> QueuedCommand:
        """Wait until a command is in one of these states."""
        async with asyncio.timeout(20):
            while True:
                self.changed.clear()
                found = await self.cluster.commands.get(device_id, command_id)
                if found.state in states:
                    return found
                await self.changed.wait()

    async def states(self, many: int) -> list[str]:
        """The first so many states that were told of; what the store knows is told a moment later."""
        async with asyncio.timeout(20):
            while True:
                self.changed.clear()
                found = [event.state for event in self.events if isinstance(event, CommandChanged)]
                if len(found) >= many:
                    return found
                await self.changed.wait()

    def _publish(self, event: AnyHubEvent) -> None:
        self._event(event)
        if self._relay is not None:
            self._relay.tell(event)

    def _event(self, event: AnyHubEvent) -> None:
        self.events.append(event)
        self.changed.set()

    async def _lost(self, node_id: str, devices: Sequence[str]) -> None:
        self.lost.put_nowait((node_id, tuple(devices)))


async def make_durable(url: str) -> None:
    """Have a database of the tests keep what it said it would through a kill; it is quicker and forgetful otherwise."""
    store = await Store.open(url, HUB_SCHEMA)
    async with store.begin() as connection:
        name = await connection.scalar(sa.select(sa.func.current_database()))
        await connection.execute(sa.text(f'ALTER DATABASE "{name}" SET synchronous_commit TO on'))
    await store.close()


@asynccontextmanager
async def running(*nodes: Node) -> AsyncIterator[None]:
    """Start these nodes, and stop them."""
    try:
        for node in nodes:
            await node.start()
        yield
    finally:
        for node in nodes:
            await node.stop()
