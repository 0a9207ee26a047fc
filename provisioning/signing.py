"""Ed25519 (RFC 8032): the one place that imports the library for it, and only when something is signed or checked.

A device without a hub does without that library's memory.
"""

from __future__ import annotations

import secrets

SEED_BYTES = 32


def new_seed() -> bytes:
    """A private key: 32 random bytes (RFC 8032, section 5.1.5)."""
    return secrets.token_bytes(SEED_BYTES)


def public_of(seed: bytes) -> bytes:
    """The public key of a private one, 32 bytes. Raises ValueError for a seed of another length."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed: bytes, data: bytes) -> bytes:
    """The signature, 64 bytes. Raises ValueError for a seed of another length."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def verify(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether this key made this signature of these bytes; False as well for what is no key or signature at all."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
