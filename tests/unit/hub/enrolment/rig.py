"""A hub's enrolment with a real store, devices with real keys, and clocks that stand still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from foundation.accounts.limits import GuessLimits
from foundation.store.audit import AuditLog
from foundation.store.database import Store
from hub.enrolment.batches import Batches
from hub.enrolment.claims import Claimant, Claims
from hub.enrolment.devices import DeviceRows
from hub.enrolment.duplicates import Duplicates
from hub.enrolment.gatekeeper import Door, HubIdentity, Registers, Surroundings
from hub.enrolment.gateways import Gateways
from hub.enrolment.leaving import Leaving
from hub.enrolment.signals import LocalClaimSignals
from hub.enrolment.trail import Trail
from hub.enrolment.waiting_room import Room, WaitingRoom
from hub.events import AnyHubEvent
from hub.ports import DeviceRow, Unclaimed
from hub.store.tables.people import audit, groups, organisations
from protocol.events import GatewayProof, KeyRotated
from protocol.identity import key_id, proof_bytes, rotation_bytes
from protocol.notices import GatewayChallenge, GatewayUnclaimed

START = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
HOST = "hub.example"
OTHER_HOST = "10.0.0.5:8443"
HOME = "192.0.2.10"
AWAY = "198.51.100.7"
HUB_KEY = b"k" * 32


class Clock:
    """Time of day and monotonic seconds that go on when told to."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1_000)

    def monotonic(self) -> float:
        return self.seconds


class Machine:
    """A device: its keys, and what it signs."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        self.id = key_id(self.public)

    @property
    def public(self) -> bytes:
        return public_of(self.private)

    def proof(
        self, challenge: GatewayChallenge, at: datetime, *, host: str = HOST, token: str | None = None
    ) -> GatewayProof:
        signed = proof_bytes(challenge.nonce, host, self.id, at)
        return GatewayProof(
            public_key=self.public,
            time=at,
            signature=self.private.sign(signed),
            enrolment_token=token,
            hostname="pi",
            version="1.2.3",
        )

    def rotation(self, new: Ed25519PrivateKey) -> KeyRotated:
        signed = rotation_bytes(self.id, self.public, public_of(new))
        return KeyRotated(
            public_key=public_of(new), signed_by_old=self.private.sign(signed), signed_by_new=new.sign(signed)
        )


def public_of(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


class Sockets:
    """Which devices are connected, and which were cut."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.cuts: list[tuple[str, int, str]] = []

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        self.cuts.append((device_id, code, reason))
        was_live = device_id in self.live
        self.live.discard(device_id)
        return was_live


@dataclass
class Enrolment:
    """Every part, as the composition root joins them."""

    store: Store
    clock: Clock
    audit: AuditLog
    devices: DeviceRows
    claims: Claims
    batches: Batches
    gateways: Gateways
    signals: LocalClaimSignals
    room: WaitingRoom
    door: Door
    leaving: Leaving
    trail: Trail
    sockets: Sockets
    group: int
    other_group: int
    """Of another organisation."""
    events: list[AnyHubEvent] = field(default_factory=list)
    duplicates: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    async def prove(self, machine: Machine, source: str = HOME, token: str | None = None) -> DeviceRow | Unclaimed:
        challenge = self.door.challenge()
        return await self.door.prove(
            machine.id, challenge, machine.proof(challenge, self.clock.now(), token=token), source
        )

    async def stranger(self, machine: Machine, source: str = HOME) -> Unclaimed:
        found = await self.prove(machine, source)
        assert isinstance(found, Unclaimed)
        return found

    async def claimed(self, machine: Machine, name: str = "shed") -> DeviceRow:
        """A device that somebody has claimed."""
        issued = await self.claims.issue(await self.stranger(machine))
        claim = await self.claims.enter(ANNA, issued.code)
        device = await self.claims.confirm(ANNA, claim.id, claim.fingerprint, self.group, name)
        return device.row()


ANNA = Claimant(1, "anna", "203.0.113.1")
BERT = Claimant(2, "bert", "203.0.113.2")


@asynccontextmanager
async def enrolment(store: Store, room: Room | None = None) -> AsyncIterator[Enrolment]:
    """A hub over this store, with two organisations of one group each."""
    group, other = await _groups(store)
    yield await _joined(store, Clock(), room, group, other)


async def _joined(store: Store, clock: Clock, room: Room | None, group: int, other: int) -> Enrolment:
    events: list[AnyHubEvent] = []
    told: list[tuple[str, tuple[str, ...]]] = []
    sockets = Sockets()
    log = AuditLog(store, audit, clock.now)
    trail = Trail(log, events.append)
    signals = LocalClaimSignals()
    devices = DeviceRows(store)
    claims = Claims(store, signals, GuessLimits(clock.monotonic), b"pepper", clock.now)
    batches = Batches(store, clock.now)
    gateways = Gateways(store, devices, batches, clock.now)
    waiting = WaitingRoom(room, clock.monotonic)
    alarms = Duplicates(lambda device, sources: told.append((device.id, sources)), clock=clock.monotonic)
    is_live: Callable[[str], bool] = sockets.live.__contains__
    door = Door(
        HubIdentity((HOST, OTHER_HOST), f"https://{HOST}/claim", HUB_KEY),
        Registers(devices, claims, batches, gateways),
        Surroundings(signals, waiting, alarms, GuessLimits(clock.monotonic), trail, is_live, clock.now),
    )
    return Enrolment(
        store,
        clock,
        log,
        devices,
        claims,
        batches,
        gateways,
        signals,
        waiting,
        door,
        Leaving(devices, sockets, trail),
        trail,
        sockets,
        group,
        other,
        events,
        told,
    )


async def _groups(store: Store) -> tuple[int, int]:
    made: list[int] = []
    async with store.begin() as connection:
        for name in ("home", "work"):
            organisation = sa.insert(organisations).values(name=name, created_at=START).returning(organisations.c.id)
            values = {"organisation_id": await connection.scalar(organisation), "name": "pis", "created_at": START}
            made.append(await connection.scalar(sa.insert(groups).values(values).returning(groups.c.id)) or 0)
    return made[0], made[1]


def shown(item: GatewayUnclaimed | DeviceRow) -> str:
    """The code on the device's page."""
    assert isinstance(item, GatewayUnclaimed)
    return item.claim_code
