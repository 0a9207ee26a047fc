"""What the driver works with: the device's parts, and the hub it talks to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.events.types import DeviceBus
from gateway.hub_link.channel import Clock
from gateway.hub_link.dispatch import Dispatcher
from gateway.hub_link.keyboard import Keyboard
from gateway.hub_link.prover import Prover
from gateway.hub_link.services import HubSampler, HubSessions, HubTunnel
from gateway.hub_link.terminals import Terminals
from gateway.hub_link.terms import Terms
from gateway.hub_link.typist import Typist
from protocol.events import AnyEvent, GatewayHello
from protocol.link import DeviceState
from protocol.notices import AnyNotice

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

Open = Callable[[], Coroutine[None, None, "ClientConnection"]]
Report = Callable[[DeviceState, str | None], None]
"""Told where the link stands, and the sentence that says why it is not online."""
Hear = Callable[[AnyNotice], Awaitable[AnyEvent | None]]
"""Told what the hub says of this device; what it gives back is sent to the hub. May raise Problem."""


@dataclass(frozen=True)
class DriverParts:
    """The device, whichever hub it is linked to."""

    sessions: HubSessions
    sampler: HubSampler
    bus: DeviceBus
    terms: Terms
    dispatcher: Dispatcher
    typist: Typist
    terminals: Terminals
    keyboard: Keyboard
    clock: Clock
    tunnel: HubTunnel | None = None
    agents_reached: Callable[[], bool] = lambda: True


@dataclass(frozen=True)
class Target:
    """One hub, and who this device is to it. ``prover`` is None where a token lets the device in."""

    device_id: str
    hello: Callable[[], GatewayHello]
    open: Open
    prover: Prover | None
    report: Report
    hear: Hear
