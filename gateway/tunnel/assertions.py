"""Whether a hub's word for somebody is to be believed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from protocol.problems import Problem, ProblemCode
from protocol.streams.assertion import (
    ASSERTION_ALGORITHM,
    ASSERTION_SECONDS,
    ASSERTION_TYPE,
    CLOCK_LEEWAY,
    Assertion,
)

MAX_CHARS: Final = 4096
"""Of an assertion; ours have about 600."""


@dataclass(frozen=True, slots=True)
class PinnedHub:
    """The hub this device belongs to."""

    device_id: str
    """What the hub knows this device by."""
    key: bytes
    """Its Ed25519 public key, 32 bytes."""
    names: frozenset[str]
    """The hosts by which it is known: the one that was dialled, and the one it calls itself."""


class Assertions:
    """Checks what the hub says that this device is linked to right now. ``clock`` is Unix time in seconds."""

    def __init__(self, hub: Callable[[], PinnedHub | None], clock: Callable[[], float] = time.time) -> None:
        self._hub = hub
        self._clock = clock

    def check(self, token: str) -> Assertion:
        """What the assertion says.

        Raises Problem: NOT_LOGGED_IN for anything but an assertion of this hub for this device, CLOCK_WRONG for one
        that is whole, but too old or of the future. What is wrong is not told: who has to know reads the log.
        """
        hub = self._hub()
        if hub is None or len(token) > MAX_CHARS:
            raise _refused()
        said = _read(token, hub.key)
        if said.aud != hub.device_id or said.iss not in hub.names or said.exp - said.iat > ASSERTION_SECONDS:
            raise _refused()
        now = self._clock()
        if not said.iat - CLOCK_LEEWAY <= now <= said.exp + CLOCK_LEEWAY:
            raise Problem(
                ProblemCode.CLOCK_WRONG,
                "The clocks of the device and of its hub are too far apart. Set the one that is wrong.",
                {"seconds": round(now - said.iat)},
            )
        return said


def load() -> None:
    """Load what checking needs. Blocks, and takes memory that a device whose pages nobody asks for can do without."""
    import joserfc.jwk
    import joserfc.jws

    del joserfc


def _read(token: str, key: bytes) -> Assertion:
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import OKPKey
    from joserfc.util import urlsafe_b64encode

    public = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": urlsafe_b64encode(key).decode()})
    try:
        read = jws.deserialize_compact(token, public, algorithms=[ASSERTION_ALGORITHM])
        if read.headers().get("typ") != ASSERTION_TYPE:
            raise _refused()
        return Assertion.model_validate_json(read.payload)
    except (JoseError, ValidationError, ValueError):
        raise _refused() from None


def _refused() -> Problem:
    return Problem(ProblemCode.NOT_LOGGED_IN, "The hub does not say who asks. Open the device by way of its hub.")
