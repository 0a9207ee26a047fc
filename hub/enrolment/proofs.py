"""Whether a device holds the key it names. Sans I/O; one Ed25519 verification (RFC 8032) takes about 0.13 ms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.enrolment.refusals import clock_wrong, proof_wrong
from protocol.events import GatewayProof, KeyRotated
from protocol.identity import proof_bytes, rotation_bytes
from protocol.notices import GatewayChallenge

SKEW = timedelta(minutes=5)


def check_proof(
    challenge: GatewayChallenge,
    gateway_id: str,
    proof: GatewayProof,
    *,
    key: bytes,
    hosts: Sequence[str],
    now: datetime,
) -> None:
    """Check a proof against ``key`` and the hosts by which devices dial this hub.

    The nonce lives with one socket, so a proof that was overheard fits no other.
    Raises :class:`Problem` PROOF_WRONG or CLOCK_WRONG.
    """
    # Verified before anything is said, so that an answer costs the same for a device that is known and one that is not.
    fits = any(
        verifies(key, proof.signature, proof_bytes(challenge.nonce, host, gateway_id, proof.time)) for host in hosts
    )
    if not fits or key != proof.public_key:
        raise proof_wrong(
            f"The proof of the key is wrong. Dial this hub as {challenge.hub}; if that is so, claim the device again."
        )
    ahead = proof.time - now
    if abs(ahead) > SKEW:
        raise clock_wrong(ahead)


def check_rotation(gateway_id: str, old: bytes, event: KeyRotated) -> None:
    """Check that the old key and the new one both signed the change. Raises :class:`Problem` PROOF_WRONG."""
    signed = rotation_bytes(gateway_id, old, event.public_key)
    by_old = verifies(old, event.signed_by_old, signed)
    if not verifies(event.public_key, event.signed_by_new, signed) or not by_old:
        raise proof_wrong("The new key is not signed by the old key and by itself. The old key stays.")


def verifies(key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether an Ed25519 signature fits. A key that is no point of the curve fits nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
