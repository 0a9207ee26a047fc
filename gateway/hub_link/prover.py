"""How this device shows a hub that it holds its key, and changes that key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from gateway.hub_link.services import DeviceKeyStore
from protocol.events import GatewayProof, KeyRotated
from protocol.identity import proof_bytes
from protocol.notices import GatewayChallenge
from provisioning.device_key import DeviceKeys, KeyPair, Rotation


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a proof says beside the key."""

    hub: str
    """The host that was dialled."""
    hostname: str
    version: str
    enrolment_token: SecretStr | None


def _now() -> datetime:
    return datetime.now(UTC)


class Prover:
    """Proves with the newest key first, and with the old one where the hub does not know that yet.

    Every method but :meth:`refused` blocks for a small file and raises Problem; call them in a thread.
    """

    def __init__(self, keys: DeviceKeyStore, introduction: Introduction, now: Callable[[], datetime] = _now) -> None:
        self._keys = keys
        self._said = introduction
        self._now = now
        self._old_first = False
        self._two = False
        self._shown: bytes | None = None
        self.hub_names = frozenset({introduction.hub})
        """What the hub is called: by whoever dials it, and by itself."""

    def prove(self, challenge: GatewayChallenge) -> GatewayProof:
        """The answer to a challenge: signed for the host that was dialled, whatever the hub calls itself."""
        keys = self._keys.ensure()
        pair = self._choose(keys)
        self._two = keys.next is not None
        self.hub_names = frozenset({self._said.hub, challenge.hub})
        at = self._now()
        token = self._said.enrolment_token
        self._shown = pair.public
        return GatewayProof(
            public_key=pair.public,
            time=at,
            signature=pair.sign(proof_bytes(challenge.nonce, self._said.hub, keys.device_id, at)),
            enrolment_token=None if token is None else token.get_secret_value(),
            hostname=self._said.hostname,
            version=self._said.version,
        )

    def refused(self) -> bool:
        """The hub did not take the proof: show the other key next time; False where there is no other."""
        self._old_first = not self._old_first
        return self._two

    def welcomed(self) -> KeyRotated | None:
        """The hub knows the key that was shown: forget the old one, or tell it of the new one once more."""
        keys = self._keys.ensure()
        if keys.next is None or not self._two:
            return None
        if keys.next.public == self._shown:
            self._keys.accept(keys.next.public)
            return None
        return rotated(self._keys.rotate())

    def _choose(self, keys: DeviceKeys) -> KeyPair:
        return keys.current if keys.next is None or self._old_first else keys.next


def rotated(rotation: Rotation, request_id: str | None = None) -> KeyRotated:
    """A change of keys as the wire says it."""
    return KeyRotated(
        request_id=request_id,
        public_key=rotation.public_key,
        signed_by_old=rotation.signed_by_old,
        signed_by_new=rotation.signed_by_new,
    )
