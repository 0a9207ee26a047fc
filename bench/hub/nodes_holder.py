"""The node that holds the sockets, as a process of its own: ``python -m bench.hub.nodes_holder NATS_URL``."""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import sys
from datetime import datetime
from typing import Final

import uvloop
from pydantic import BaseModel

from bench.hub.server import HubUnderTest, calls
from hub.nodes.bus import Message
from hub.nodes.door import Door as NodeDoor
from hub.nodes.nats_bus import NatsBus
from hub.nodes.relay.relays import Relays
from hub.nodes.signals import Signals
from hub.ports import DeviceRow
from hub.routing.admission import Admission
from hub.routing.connections import Connections
from hub.routing.door import Door
from hub.routing.limits import Rate, RoutingLimits
from hub.routing.local import LocalPorts
from hub.routing.wheel import Wheel
from protocol.events import AnyEvent, GatewayHello
from protocol.problems import Problem
from tests.doubles.hub_doors import Everybody

ECHO: Final = "bench.echo"
LOCAL: Final = "bench.local"
_MANY: Final = Rate(2**40, 2**30, 30.0)


class Local(BaseModel):
    """How round trips within this node are to be measured."""

    seconds: float
    in_flight: int
    devices: int


class Holds:
    """Opens and closes the door for devices as they come and go."""

    door: NodeDoor | None = None

    def connected(self, device: DeviceRow, hello: GatewayHello, at: datetime) -> None:
        """It is here."""
        if self.door is not None:
            self.door.hold(device.id)

    def disconnected(self, device_id: str, reason: str, at: datetime) -> None:
        """It is gone."""
        if self.door is not None:
            self.door.release(device_id)

    def heard(self, device_id: str, event: AnyEvent, at: datetime) -> None:
        """Nobody listens."""

    def runaway(self, device_id: str, session_id: str, problem: Problem, at: datetime) -> None:
        """Nobody listens."""


class Holder(HubUnderTest):
    """The routing core, and the door to it from other nodes."""

    def __init__(self, holds: Holds) -> None:
        limits = RoutingLimits(session=_MANY, device=_MANY, pending_per_source=20_000, pending=20_000)
        wheel = Wheel.of_loop()
        self._connections = Connections(holds, wheel, limits)
        self._ports = LocalPorts(self._connections)
        self._door = Door(self._connections, Everybody(), Admission(limits, wheel.now), lambda request: "bench")

    @property
    def ports(self) -> LocalPorts:
        """The devices of this node."""
        return self._ports


async def main(url: str) -> None:
    """Serve until killed."""
    bus = NatsBus(url, name="holder")
    await bus.start()
    signals = Signals(bus, secrets.token_hex(8))
    relays = Relays(bus, signals)
    holds = Holds()
    holder = Holder(holds)
    holds.door = NodeDoor(bus, relays, holder.ports, woken=lambda _device_id: None)
    await signals.start()
    await relays.start()
    await holds.door.start()

    async def echo(message: Message) -> bytes:
        return message.data

    async def local(message: Message) -> bytes:
        job = Local.model_validate_json(message.data)
        return json.dumps(await calls(holder, job.seconds, job.in_flight, job.devices)).encode()

    await bus.subscribe(ECHO, echo)
    await bus.subscribe(LOCAL, local)
    port = await holder.start()
    gc.collect()
    gc.freeze()
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
