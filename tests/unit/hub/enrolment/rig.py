"""A hub's enrolment with a real store, devices with real keys, and clocks that stand still."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from foundation.store.audit import AuditLog
from foundation.store.database import Store
from hub.claim_signals import LocalClaimSignals
from hub.enrolment.claims import Claimant
from hub.enrolment.gatekeeper import Doorkeeper, HubIdentity
from hub.enrolment.hosts import DialledHosts
from hub.enrolment.service import Clocks, Limits, Links, make_enrolment
from hub.events import AnyHubEvent
from hub.ports import DevicePort, DeviceRow, Stream, Unclaimed, ViewerName, Watch
from hub.store.tables.people import audit, groups, organisations
from protocol.commands import AnyCommand
from protocol.events import GatewayProof, KeyRotated
from protocol.identity import key_id, proof_bytes, rotation_bytes
from protocol.link.actions import Answered
from protocol.notices import GatewayChallenge, GatewayKeyAccepted, GatewayUnclaimed

START = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
HOST = "hub.example"
OTHER_HOST = "10.0.0.5:8443"
HOME = "192.0.2.10"
AWAY = "198.51.100.7"
HUB_KEY = b"k" * 32
MAX_DEVICES = 8


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
    """The sockets of this node: which devices are live, which were cut, what they were asked and told."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.cuts: list[tuple[str, int, str]] = []
        self.answer: Callable[[AnyCommand], Answered] = lambda command: Answered(command, False, "not now", ())
        self.told: list[tuple[str, GatewayKeyAccepted]] = []

    def cut(self, device_id: str, code: int, reason: str) -> bool:
        self.cuts.append((device_id, code, reason))
        was_live = device_id in self.live
        self.live.discard(device_id)
        return was_live

    def tell(self, device_id: str, notice: GatewayKeyAccepted) -> None:
        self.told.append((device_id, notice))

    def of(self, device_id: str) -> DevicePort:
        return _Port(self, device_id)

    def online(self, device_id: str) -> bool:
        return device_id in self.live


class _Port:
    def __init__(self, sockets: Sockets, device_id: str) -> None:
        self._sockets = sockets
        self._device_id = device_id

    @property
    def device_id(self) -> str:
        return self._device_id

    async def call(self, command: AnyCommand, *, within: float = 10) -> Answered:
        return self._sockets.answer(command)

    def watch(self, session_id: str, viewer: ViewerName) -> AbstractAsyncContextManager[Watch]:
        raise NotImplementedError

    async def open_stream(self) -> Stream:
        raise NotImplementedError


class Rig:
    """A hub with everything of enrolment, and two organisations of one group each."""

    def __init__(self, store: Store, group: int, other_group: int) -> None:
        self.store = store
        self.group = group
        self.other_group = other_group
        self.clock = Clock()
        self.events: list[AnyHubEvent] = []
        self.duplicates: list[tuple[str, tuple[str, ...]]] = []
        self.sockets = Sockets()
        self.audit = AuditLog(store, audit, self.clock.now)
        self.signals = LocalClaimSignals()
        self.enrolment = make_enrolment(
            store,
            self.audit,
            self.events.append,
            HubIdentity(
                DialledHosts([f"https://{HOST}", f"http://{OTHER_HOST}"], "hub"),
                lambda: f"https://{HOST}/claim",
                HUB_KEY,
            ),
            Links(self.sockets, self.sockets, self.sockets.live.__contains__, self.sockets.tell),
            secret=b"s" * 32,
            signals=self.signals,
            on_duplicate=lambda device, sources: self.duplicates.append((device.id, sources)),
            limits=Limits(max_devices=MAX_DEVICES),
            clocks=Clocks(self.clock.now, self.clock.monotonic),
        )
        self.devices = self.enrolment.devices
        self.claims = self.enrolment.claims
        self.batches = self.enrolment.batches
        self.gateways = self.enrolment.gateways
        self.door: Doorkeeper = self.enrolment.gatekeeper
        self.leaving = self.enrolment.leaving

    async def prove(self, machine: Machine, source: str = HOME, token: str | None = None) -> DeviceRow | Unclaimed:
        challenge = self.door.challenge()
        proof = machine.proof(challenge, self.clock.now(), token=token)
        return await self.door.prove(machine.id, challenge, proof, source)

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


async def make_rig(store: Store) -> Rig:
    """A hub over an empty store."""
    made: list[int] = []
    async with store.begin() as connection:
        for name in ("home", "work"):
            organisation = sa.insert(organisations).values(name=name, created_at=START).returning(organisations.c.id)
            values = {"organisation_id": await connection.scalar(organisation), "name": "pis", "created_at": START}
            made.append(await connection.scalar(sa.insert(groups).values(values).returning(groups.c.id)) or 0)
    return Rig(store, *made)


ANNA = Claimant(1, "anna", "203.0.113.1")
BERT = Claimant(2, "bert", "203.0.113.2")


def shown(item: GatewayUnclaimed | DeviceRow) -> str:
    """The code on the device's page."""
    assert isinstance(item, GatewayUnclaimed)
    return item.claim_code
