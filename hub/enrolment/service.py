"""Everything of enrolment, joined once at the start of a hub."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from foundation.accounts.limits import GuessLimits
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from hub.claim_signals import ClaimSignals, LocalClaimSignals
from hub.enrolment.batches import Batches
from hub.enrolment.claims import Claims
from hub.enrolment.devices import DeviceRows
from hub.enrolment.duplicates import Duplicates, FlappingRules, OnDuplicate
from hub.enrolment.gatekeeper import Doorkeeper, HubIdentity, Registers, Surroundings
from hub.enrolment.gateways import Gateways
from hub.enrolment.ground import MAX_DEVICES, Ground, utc_now
from hub.enrolment.leaving import Latecomers, Leaving
from hub.enrolment.rotation import KeyRotation, Tell
from hub.enrolment.trail import Publish, Trail
from hub.enrolment.waiting_room import Room, WaitingRoom
from hub.ports import Cutter, DeviceRow, Ports

_PEPPER = b"hutch claim code pepper\n"


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day, aware UTC, and seconds that only go forward."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = monotonic


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be set."""

    room: Room = field(default_factory=Room)
    flapping: FlappingRules = field(default_factory=FlappingRules)
    max_devices: int = MAX_DEVICES


@dataclass(frozen=True, slots=True)
class Links:
    """What enrolment asks of the part that holds the sockets."""

    ports: Ports
    cutter: Cutter
    """Reaches every node."""
    live: Callable[[str], bool]
    """Whether a socket of the device is open on this node; one that is gone, if only since a moment, is not."""
    tell: Tell


@dataclass(frozen=True, slots=True)
class Enrolment:
    """The services of enrolment."""

    devices: DeviceRows
    claims: Claims
    batches: Batches
    gateways: Gateways
    gatekeeper: Doorkeeper
    """The :class:`hub.ports.Gatekeeper`."""
    rotation: KeyRotation
    leaving: Leaving
    latecomers: Latecomers
    """To be told of every device that is connected."""
    trail: Trail
    duplicates: Duplicates

    async def close(self) -> None:
        """Stop what is under way."""
        await self.latecomers.close()
        await self.rotation.close()
        await self.devices.close()


def make_enrolment(
    store: Store,
    audit: AuditLog,
    publish: Publish,
    hub: HubIdentity,
    links: Links,
    *,
    secret: bytes,
    signals: ClaimSignals | None = None,
    on_duplicate: OnDuplicate | None = None,
    limits: Limits | None = None,
    clocks: Clocks | None = None,
) -> Enrolment:
    """Join the parts.

    ``secret`` is the hub's own (its private key's 32 bytes), the same on every node and not in the database: the
    digests of claim codes are keyed with what is derived from it. ``on_duplicate`` is told beside the event
    ``device.duplicated``, for an alert.
    """
    limits, clocks = limits or Limits(), clocks or Clocks()
    signals = signals or LocalClaimSignals()
    trail = Trail(audit, publish)

    def duplicated(device: DeviceRow, sources: tuple[str, ...]) -> None:
        trail.duplicated(device, sources[-1])
        if on_duplicate is not None:
            on_duplicate(device, sources)

    pepper = hmac.new(secret, _PEPPER, hashlib.sha256).digest()
    devices = DeviceRows(store)
    ground = Ground(store, clocks.now, limits.max_devices)
    batches = Batches(ground)
    registers = Registers(
        devices,
        Claims(ground, signals, GuessLimits(clocks.monotonic), pepper),
        batches,
        Gateways(ground, devices, batches),
    )
    duplicates = Duplicates(duplicated, limits.flapping, clocks.monotonic)
    around = Surroundings(
        signals,
        WaitingRoom(limits.room, clocks.monotonic),
        duplicates,
        GuessLimits(clocks.monotonic),
        trail,
        links.live,
        clocks.now,
    )
    return Enrolment(
        devices,
        registers.claims,
        batches,
        registers.gateways,
        Doorkeeper(hub, registers, around),
        KeyRotation(devices, links.ports, links.tell, trail),
        Leaving(devices, links.cutter, trail),
        Latecomers(devices, links.cutter),
        trail,
        duplicates,
    )
