"""Everything of the fleet, joined once at the start of a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from foundation.bus import EventBus
from foundation.secrets_box import SecretsBox
from foundation.store.database import Store
from hub.events import AnyHubEvent
from hub.fleet.alerts.absent import Absent
from hub.fleet.alerts.engine import AlertEngine
from hub.fleet.alerts.limits import Limits
from hub.fleet.alerts.store import AlertStore
from hub.fleet.announcer import Announcer
from hub.fleet.devices import DeviceList
from hub.fleet.history import HealthHistory
from hub.fleet.notify.claims import Claims
from hub.fleet.notify.courier import Courier
from hub.fleet.notify.sending import AppriseSender, Sender
from hub.fleet.notify.targets import Targets
from hub.fleet.pending import Pending
from hub.fleet.sessions import SessionList
from hub.fleet.state import FleetState
from hub.fleet.tags import Tags
from hub.fleet.trail import Trail
from hub.fleet.writer import FleetWriter
from protocol.problems import Problem

_LOG = structlog.get_logger("hub.fleet")
_PRUNE_SECONDS: Final = 6 * 3600.0
BUS_HISTORY: Final = 4096
MAX_DOWNLOADS: Final = 8
"""Each holds up to 20 MiB: a device sends its file without being asked for more."""


@dataclass(frozen=True, slots=True)
class Keep:
    """How long things are kept."""

    health: timedelta = timedelta(days=30)
    events: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Fleet:
    """The services of the fleet."""

    announcer: Announcer
    """Where every part of this node publishes; its bus is what readers of events subscribe to."""
    state: FleetState
    """The :class:`hub.ports.LinkEvents` of this node."""
    writer: FleetWriter
    devices: DeviceList
    sessions: SessionList
    tags: Tags
    history: HealthHistory
    trail: Trail
    alerts: AlertStore
    limits: Limits
    engine: AlertEngine
    targets: Targets
    courier: Courier
    keep: Keep
    alone: bool
    downloads: asyncio.Semaphore
    """Files on their way at the same time on this node."""

    async def start(self) -> None:
        """Learn what the store knows; before the first device is let in."""
        await self.writer.start(alone=self.alone)
        await self.engine.start()

    async def run(self) -> None:
        """The work of the background, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (
                self.writer.run(promptly=not self.alone),
                self.trail.run(),
                self.engine.run(),
                self.courier.run(),
                self._prune(),
            ):
                group.create_task(work)

    async def close(self) -> None:
        """Write what waits; once no device is connected any more."""
        try:
            await self.writer.flush(everything=True)
            await self.writer.start(alone=self.alone)
            await self.engine.work()
            await self.trail.flush()
        except Problem as problem:
            _LOG.warning("fleet.closed_unwritten", problem=str(problem))

    async def _prune(self) -> None:
        while True:
            try:
                await self.history.prune(self.keep.health)
                await self.trail.prune(self.keep.events)
                await self.alerts.prune(self.keep.events)
            except Problem as problem:
                _LOG.warning("fleet.not_pruned", problem=str(problem))
            await asyncio.sleep(_PRUNE_SECONDS)


def make_fleet(
    store: Store,
    box: SecretsBox,
    *,
    node: str,
    alone: bool = True,
    sender: Sender | None = None,
    keep: Keep | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Fleet:
    """Join the parts. ``node`` is this node's name; ``alone`` where there is no other node; ``box`` the same on all."""
    announcer = Announcer(EventBus[AnyHubEvent](BUS_HISTORY))
    pending = Pending()
    limits = Limits(store)
    alerts = AlertStore(store, clock)
    engine = AlertEngine(alerts, limits, Absent(store), announcer, clock)
    state = FleetState(announcer, pending, engine.look)
    trail = Trail(store, clock)
    announcer.on_publish(state.here)
    announcer.on_publish(trail.note)
    announcer.on_relayed(state.elsewhere)
    sender = sender or AppriseSender()
    return Fleet(
        announcer=announcer,
        state=state,
        writer=FleetWriter(store, pending, announcer, node, clock),
        devices=DeviceList(store),
        sessions=SessionList(store),
        tags=Tags(store),
        history=HealthHistory(store, clock),
        trail=trail,
        alerts=alerts,
        limits=limits,
        engine=engine,
        targets=Targets(store, box, sender, clock),
        courier=Courier(Claims(store, clock), sender, box),
        keep=keep or Keep(),
        alone=alone,
        downloads=asyncio.Semaphore(MAX_DOWNLOADS),
    )
