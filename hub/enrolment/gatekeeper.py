"""Who may connect: the :class:`hub.ports.Gatekeeper` of the hub."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from foundation.accounts.limits import GuessLimits
from foundation.actors import Actor
from hub.claim_signals import ClaimSignals
from hub.enrolment.batches import Batches, Candidate
from hub.enrolment.claims import Claims
from hub.enrolment.devices import DeviceRows
from hub.enrolment.duplicates import Duplicates
from hub.enrolment.gateways import Gateways
from hub.enrolment.hosts import DialledHosts
from hub.enrolment.proofs import check_proof
from hub.enrolment.refusals import proof_wrong, revoked
from hub.enrolment.trail import Trail
from hub.enrolment.types import Device, DeviceState
from hub.enrolment.waiting_room import WaitingRoom
from hub.ports import DeviceRow, Unclaimed
from protocol.events import GatewayHello, GatewayProof
from protocol.identity import fingerprint, key_id
from protocol.notices import GatewayChallenge, GatewayUnclaimed, GatewayWelcome
from protocol.problems import Problem, ProblemCode

NONCE_BYTES = 32
LOOK_EVERY = 30.0
"""Seconds after which a waiting socket looks whether it was claimed, should the ring have been lost."""


@dataclass(frozen=True, slots=True)
class HubIdentity:
    """How devices know this hub."""

    hosts: DialledHosts
    claim_url: Callable[[], str]
    """Where a person enters a code: known once the hub is open."""
    key: bytes
    """The public key (Ed25519) with which it signs who comes through it."""


@dataclass(frozen=True, slots=True)
class Registers:
    """What there is in the store."""

    devices: DeviceRows
    claims: Claims
    batches: Batches
    gateways: Gateways


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the door of this node works with."""

    signals: ClaimSignals
    room: WaitingRoom
    duplicates: Duplicates
    limits: GuessLimits
    """For bearer tokens that do not fit."""
    trail: Trail
    live: Callable[[str], bool]
    """Whether a socket of the device is open now, so that another one would replace it. Grace does not count."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Doorkeeper:
    """Lets devices in, keeps others out, and lets those wait that nobody has claimed."""

    def __init__(self, hub: HubIdentity, registers: Registers, around: Surroundings) -> None:
        self._hub = hub
        self._devices = registers.devices
        self._claims = registers.claims
        self._batches = registers.batches
        self._gateways = registers.gateways
        self._around = around
        self._organisations: dict[int, str] = {}

    async def bearer(self, gateway_id: str, token: str, source: str) -> DeviceRow | None:
        """The device of ``Authorization: Bearer``; None when the token fits no device.

        Raises :class:`Problem` RATE_LIMITED, DEVICE_REVOKED, FORBIDDEN (another one uses the token now).
        """
        device, is_new = await self._gateways.holder(gateway_id, token)
        if device is None:
            # Counted after the look, for ten thousand gateways may come back at once from one address.
            self._around.limits.attempt(source, f"{source} {gateway_id}")
            return None
        if is_new:
            await self._came_in(device, source)
        return self._admitted(device, source)

    def bootstraps(self, gateway_id: str, source: str) -> bool:
        """Whether a gateway whose bearer is not known is let in as far as its hello."""
        return self._around.room.knock(source)

    async def greeted(self, gateway_id: str, token: str, hello: GatewayHello, source: str) -> DeviceRow | None:
        """Enrol a gateway by the ``bootstrap_token`` of its hello, with ``token`` as its bearer; None: refused."""
        if hello.bootstrap_token is None:
            return None
        device = await self._gateways.bootstrap(gateway_id, token, hello.bootstrap_token, hello.hostname)
        if device is None:
            return None
        await self._came_in(device, source)
        return self._admitted(device, source)

    def challenge(self) -> GatewayChallenge:
        """A challenge that was never given before."""
        return GatewayChallenge(
            nonce=secrets.token_bytes(NONCE_BYTES), hub=self._hub.hosts.main, time=self._around.now()
        )

    async def prove(
        self, gateway_id: str, challenge: GatewayChallenge, proof: GatewayProof, source: str
    ) -> DeviceRow | Unclaimed:
        """Check a proof: one look into the store and as many verifications for a stranger as for a device.

        Raises :class:`Problem` with a close code: PROOF_WRONG, CLOCK_WRONG, DEVICE_REVOKED, FORBIDDEN (4410).
        """
        device = await self._devices.get(gateway_id)
        key = (device.public_key if device else None) or proof.public_key
        check_proof(challenge, gateway_id, proof, key=key, hosts=self._hub.hosts.names, now=self._around.now())
        if device is None:
            return await self._stranger(gateway_id, proof, source)
        if device.public_key is None:
            raise proof_wrong("This device is known by a bearer token. Connect with that, or remove it from the hub.")
        return self._admitted(device, source)

    async def wait_claimed(self, unclaimed: Unclaimed) -> AsyncGenerator[GatewayUnclaimed | DeviceRow, None]:
        """New codes as the old ones expire, and then the row.

        Raises :class:`Problem` with a close code: RATE_LIMITED where too many wait, PROOF_WRONG, DEVICE_REVOKED.
        """
        room, signals = self._around.room, self._around.signals
        with room.place(unclaimed.source):
            async with signals.listen(unclaimed.gateway_id) as bell:
                issued = None
                while (device := await self._devices.get(unclaimed.gateway_id)) is None:
                    now = self._around.now()
                    if issued is None or issued.expires_at <= now:
                        issued = await self._claims.issue(unclaimed)
                        yield GatewayUnclaimed(
                            claim_code=issued.code,
                            claim_url=self._hub.claim_url(),
                            expires_at=issued.expires_at,
                            fingerprint=fingerprint(unclaimed.public_key),
                        )
                    left = (issued.expires_at - self._around.now()).total_seconds()
                    rung = await bell.wait(max(0.0, min(left, LOOK_EVERY)))
                    # Rung for and yet nobody's: perhaps the person let the claim go, and its code is spent.
                    if rung and not await self._claims.stands(issued):
                        issued = None
        if device.public_key != unclaimed.public_key:
            raise proof_wrong("Another key was registered for this device meanwhile. Connect again.")
        yield self._admitted(device, unclaimed.source)

    def welcome(self, device: DeviceRow) -> GatewayWelcome:
        """What a device with a key of its own is told when it is let in."""
        organisation = self._organisations.get(device.organisation_id)
        return GatewayWelcome(hub_key=self._hub.key, name=device.name, organisation=organisation)

    async def _stranger(self, gateway_id: str, proof: GatewayProof, source: str) -> DeviceRow | Unclaimed:
        if key_id(proof.public_key) != gateway_id and await self._devices.former_key(gateway_id) != proof.public_key:
            raise proof_wrong("The gateway id is not made of this key. Give the device a new identity.")
        if proof.enrolment_token is not None:
            device = await self._enrolled(gateway_id, proof, proof.enrolment_token)
            if device is not None:
                await self._came_in(device, source)
                return self._admitted(device, source)
        return Unclaimed(gateway_id, proof.public_key, source, proof.hostname, proof.version)

    async def _enrolled(self, gateway_id: str, proof: GatewayProof, token: str) -> Device | None:
        candidate = Candidate(gateway_id, proof.hostname or gateway_id, public_key=proof.public_key)
        try:
            return await self._batches.admit(token, candidate)
        except Problem as problem:
            # Somebody's since a moment ago: it waits as others do, and the first look lets it in.
            # On a full hub it waits too, until somebody has made room.
            if problem.code not in {ProblemCode.CONFLICT, ProblemCode.TOO_MANY}:
                raise
            return None

    def _admitted(self, device: Device, source: str) -> DeviceRow:
        if device.state is not DeviceState.ACTIVE:
            raise revoked()
        self._organisations[device.organisation_id] = device.organisation
        row = device.row()
        self._around.duplicates.arrived(row, source, replaces=self._around.live(device.id))
        return row

    async def _came_in(self, device: Device, source: str) -> None:
        self._around.trail.claimed(device)
        actor = Actor(device.claimed_by, source)
        await self._around.trail.record(actor, "device.enrol", device.row(), details={"gateway_id": device.id})
