"""The codes with which a hub closes the socket of a device that it will not have (RFC 6455: 4000 to 4999 are ours)."""

from __future__ import annotations

from enum import IntEnum


class CloseCode(IntEnum):
    """Why the hub closed the socket; the reason beside it is a sentence."""

    PROOF_WRONG = 4401
    """The signature does not fit, or was seen before."""
    CLOCK_WRONG = 4403
    """The device's clock is off by more than five minutes."""
    REVOKED = 4404
    """A person took the device off the hub."""
    REPLACED = 4409
    """The same device has a newer connection."""
    DUPLICATE_KEY = 4410
    """Two devices use one key."""
    TOO_MANY = 4429
    """Too many attempts; wait."""
