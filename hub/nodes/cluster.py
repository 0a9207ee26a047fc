"""A node among others: everything of this package, joined once at the start of a hub. With one node it is the same."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Self

import structlog

from foundation.store.database import Store
from hub.events import AnyHubEvent
from hub.nodes.books import Books
from hub.nodes.bus import Bus
from hub.nodes.commands.announcing import Announcing
from hub.nodes.commands.courier import LOOK_EVERY, Courier
from hub.nodes.commands.queue import StoredCommands
from hub.nodes.commands.types import Box
from hub.nodes.directory import Directory
from hub.nodes.door import Door
from hub.nodes.lease import LEASE, RENEW_EVERY, Lease, Lost
from hub.nodes.link_events import NodeLinkEvents
from hub.nodes.ports import ClusterPorts
from hub.nodes.presence import Presence
from hub.nodes.relay.relays import Relays
from hub.nodes.relaying import ClusterClaimSignals, ClusterCutter
from hub.nodes.signals import Signals
from hub.ports import Cutter, Ports
from protocol.problems import Problem

RETRY_AFTER: Final = 1.0
_LOG = structlog.get_logger("hub.nodes")


def new_node_id() -> str:
    """A name for this process, never used before: what an earlier one left behind is not ours."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Times:
    """How often things are looked at, in seconds."""

    renew: float = RENEW_EVERY
    lease: float = LEASE.total_seconds()
    look: float = LOOK_EVERY


@dataclass(frozen=True, slots=True)
class Here:
    """What this node has of its own."""

    store: Store
    bus: Bus
    box: Box
    local: Ports
    cutter: Cutter
    link_events: NodeLinkEvents
    publish: Callable[[AnyHubEvent], None]
    lost: Lost
    """Told of a dead node and the devices that are offline with it."""
    recheck: Callable[[str], None]
    """Look whether a device that is connected here may still be: news of that may have been missed."""


class Cluster:
    """This node's place in the hub. ``alone``: the store belongs to this one process."""

    def __init__(self, here: Here, signals: Signals, *, name: str, alone: bool, times: Times) -> None:
        self._here = here
        node_id = signals.node_id
        self.node_id = node_id
        self.signals = signals
        self.directory = Directory(node_id)
        self.relays = Relays(here.bus, signals)
        self._door = Door(here.bus, self.relays, here.local, self._woken)
        self._presence = Presence(here.store, node_id, self._written)
        self._books = Books(signals, self.directory, self._presence, self._door, here.cutter, came=self._woken)
        self.ports = ClusterPorts(here.local, here.bus, self.relays, self.directory)
        self.cutter = ClusterCutter(signals, here.cutter)
        self.claims = ClusterClaimSignals(signals)
        announcing = Announcing(here.store, here.publish)
        self.commands = StoredCommands(here.store, here.box, announcing, self._wake)
        self._courier = Courier(
            here.store,
            node_id,
            here.local,
            self.commands,
            announcing,
            holds=self._door.holds,
            wake_everywhere=self._wake,
            look_every=times.look,
        )
        self._lease = Lease(
            here.store,
            node_id,
            name,
            self._lost,
            rejoined=self._books.rejoined,
            looked=self.directory.looked,
            alone=alone,
            every=times.renew,
            lasts=timedelta(seconds=times.lease),
        )
        self._missed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        here.link_events.join(self._books)
        signals.on_missed(self._missed.set)

    @classmethod
    async def start(cls, here: Here, *, node_id: str, name: str, alone: bool, times: Times | None = None) -> Self:
        """Join the hub. Raises Problem where the store cannot; a bus that is away yet is no problem."""
        cluster = cls(here, Signals(here.bus, node_id), name=name, alone=alone, times=times or Times())
        await cluster._lease.start()
        await cluster.signals.start()
        await cluster.relays.start()
        await cluster._door.start()
        await cluster._books.read_anew()
        return cluster

    async def run(self) -> None:
        """What goes on beside everything else, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self._presence.run(), self._lease.run(), self._courier.run(), self._read_missed()):
                group.create_task(work)

    async def close(self) -> None:
        """Leave, after :meth:`run` has ended and the sockets are closed: the others know at once."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._courier.close()
        await self._presence.flush()
        await self._door.close()
        await self.relays.close()
        try:
            await self._courier.recover(self.node_id)
            await self._lease.release()
        except Problem as problem:
            # The others find out when the lease is over.
            _LOG.warning("the node could not sign off", problem=str(problem))
        await self.signals.close()

    def _woken(self, device_id: str) -> None:
        self._courier.woken(device_id)

    def _wake(self, device_id: str) -> None:
        if self._door.holds(device_id):
            self._courier.woken(device_id)
        else:
            task = asyncio.create_task(self._wake_there(device_id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _wake_there(self, device_id: str) -> None:
        try:
            await self._here.bus.publish(f"hutch.device.{device_id}.wake", b"")
        except Problem:
            return  # its node looks by itself now and then

    async def _written(self, epochs: Mapping[str, int], gone: Sequence[str]) -> None:
        await self._books.written(epochs, gone)

    async def _lost(self, node_id: str, devices: Sequence[str]) -> None:
        await self._courier.recover(node_id)
        await self._here.lost(node_id, devices)
        self.directory.lost(node_id)

    async def _read_missed(self) -> None:
        while True:
            await self._missed.wait()
            self._missed.clear()
            try:
                await self._books.read_anew()
            except Problem as problem:
                _LOG.warning("the other nodes' devices are not read anew yet", problem=str(problem))
                self._missed.set()
                await asyncio.sleep(RETRY_AFTER)
                continue
            for device_id in self._door.held:
                self._here.recheck(device_id)
                self._courier.woken(device_id)
