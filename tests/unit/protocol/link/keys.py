"""A device with a key and a hub that knows keys, in memory: what the tests of proofs share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.close_codes import CloseCode
from protocol.events import GatewayHello, GatewayProof
from protocol.identity import fingerprint, key_id, proof_bytes
from protocol.link import HubAction, HubLink
from protocol.notices import GatewayChallenge, GatewayUnclaimed, GatewayWelcome
from tests.unit.protocol.link.driver import HELLO

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOST = "hub.example"
PATIENCE = timedelta(minutes=5)
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = SECRET.public_key().public_bytes_raw()
DEVICE_ID = key_id(PUBLIC)
KEYED_HELLO = GatewayHello.model_validate({**HELLO.model_dump(), "gateway_id": DEVICE_ID})
WELCOME = GatewayWelcome(hub_key=bytes(32), name="kitchen")


def proof_for(challenge: GatewayChallenge, *, host: str = HOST, off: timedelta = timedelta()) -> GatewayProof:
    """What the device answers, with a clock that is ``off``."""
    at = challenge.time + off
    signature = SECRET.sign(proof_bytes(challenge.nonce, host, DEVICE_ID, at))
    return GatewayProof(public_key=PUBLIC, time=at, signature=signature)


@dataclass
class Keeper:
    """The hub's memory: which keys it knows, which nonces were used."""

    claimed: bool = False
    nonces: int = 0
    used: set[bytes] = field(default_factory=set)

    def challenge(self) -> GatewayChallenge:
        """A new one."""
        self.nonces += 1
        return GatewayChallenge(nonce=self.nonces.to_bytes(32, "big"), hub=HOST, time=NOON)

    def code(self) -> GatewayUnclaimed:
        """A claim code."""
        return GatewayUnclaimed(
            claim_code="7KQ2-9XWM-T",
            claim_url=f"https://{HOST}/claim",
            expires_at=NOON + timedelta(minutes=10),
            fingerprint=fingerprint(PUBLIC),
        )

    def judge(self, link: HubLink, challenge: GatewayChallenge, proof: GatewayProof, now: float) -> list[HubAction]:
        """What the hub says to a proof."""
        if abs(proof.time - challenge.time) > PATIENCE:
            return link.refuse(CloseCode.CLOCK_WRONG, f"the clock is {proof.time - challenge.time} off", now)
        signed = proof_bytes(challenge.nonce, HOST, DEVICE_ID, proof.time)
        try:
            Ed25519PublicKey.from_public_bytes(proof.public_key).verify(proof.signature, signed)
        except InvalidSignature:
            return link.refuse(CloseCode.PROOF_WRONG, "the proof is wrong", now)
        if challenge.nonce in self.used or key_id(proof.public_key) != DEVICE_ID:
            return link.refuse(CloseCode.PROOF_WRONG, "the proof is wrong", now)
        self.used.add(challenge.nonce)
        return link.welcome(WELCOME, now) if self.claimed else link.unclaimed(self.code(), now)
